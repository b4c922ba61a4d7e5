//go:build !linux

package mapped

// All are this process's mappings of files; none on this system.
func All() []Mapping { return nil }

// PageOut does nothing on this system.
func (Mapping) PageOut() {}

// Drop does nothing on this system.
func (Mapping) Drop() {}
