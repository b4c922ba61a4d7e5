//go:build (desktop || dev) && !bindings

package app

const opensWindow = true
