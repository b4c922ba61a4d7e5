//go:build !linux && (desktop || bindings || dev)

package desktop

func outliveBus() {}
