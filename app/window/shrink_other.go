//go:build !linux

package window

func shrink() {}
