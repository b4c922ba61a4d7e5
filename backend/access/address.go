package access

import "strings"

// An Address is where somebody's emails go. People see Typed, as they wrote
// it; records, indexes and limits use Canonical, in which every spelling of an
// address is the same one. Only address.Parse makes one, so Canonical is plain
// ASCII with one @ and nothing that a mail header or an SMTP command would read
// as its own; emails go to Canonical.
type Address struct {
	Typed     string `json:"typed"`
	Canonical string `json:"canonical"`
}

// String is the address as it was typed.
func (a Address) String() string { return a.Typed }

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a == Address{} }

// Domain is what stands after the @ of the canonical form, empty where there
// is no address.
func (a Address) Domain() string {
	return a.Canonical[strings.LastIndexByte(a.Canonical, '@')+1:]
}
