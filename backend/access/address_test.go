package access_test

import (
	"encoding/json"
	"testing"

	"doorward/backend/access"
)

func TestAddress(t *testing.T) {
	tests := []struct {
		name   string
		in     access.Address
		text   string
		domain string
		zero   bool
	}{
		{"none", access.Address{}, "", "", true},
		{"plain", access.Address{
			Typed:     "Ada@Example.com",
			Canonical: "ada@example.com",
		}, "Ada@Example.com", "example.com", false},
		{"the canonical domain, not the typed one", access.Address{
			Typed:     "ada@Bücher.example",
			Canonical: "ada@xn--bcher-kva.example",
		}, "ada@Bücher.example", "xn--bcher-kva.example", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.in.String(); got != tt.text {
				t.Errorf("String = %q, want %q", got, tt.text)
			}
			if got := tt.in.Domain(); got != tt.domain {
				t.Errorf("Domain = %q, want %q", got, tt.domain)
			}
			if got := tt.in.IsZero(); got != tt.zero {
				t.Errorf("IsZero = %v, want %v", got, tt.zero)
			}
		})
	}
}

func TestAddressJSON(t *testing.T) {
	in := access.Address{Typed: "Ada@Example.com", Canonical: "ada@example.com"}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"typed":"Ada@Example.com","canonical":"ada@example.com"}`; string(b) != want {
		t.Errorf("marshalled %s, want %s", b, want)
	}
	var out access.Address
	if err := json.Unmarshal(b, &out); err != nil || out != in {
		t.Errorf("read back %+v (%v), want %+v", out, err, in)
	}
}
