package access

import "strings"

// An Address is an email address. Typed is what the person wrote and what people see.
// Canonical is the same for every spelling of the address; records, indexes and limits use
// it, and emails go to it. Only address.Parse makes an Address, so Canonical is plain ASCII
// with one @ and contains nothing that a mail header or an SMTP command would interpret.
type Address struct {
	Typed     string `json:"typed"`
	Canonical string `json:"canonical"`
}

// String is the address as it was typed.
func (a Address) String() string { return a.Typed }

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a == Address{} }

// Domain is the part after the @ of the canonical form. It is empty if there is no address.
func (a Address) Domain() string {
	return a.Canonical[strings.LastIndexByte(a.Canonical, '@')+1:]
}
