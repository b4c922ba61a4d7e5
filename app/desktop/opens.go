//go:build (desktop || dev) && !bindings

package desktop

const opensWindow = true
