package service

import (
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/kv/faulty"
)

// Somebody is signed in at a node that loses the lead, is suspended through the one
// that leads then, and comes back to the first: not while it does not lead, and not
// once it leads again, may what it remembers let them in.
func TestNothingRememberedOutlivesTheLead(t *testing.T) {
	var behind *badger.Store
	var engine *faulty.Store
	o := openOffice(t, func(o *office) {
		o.engine = func(c kv.Config) (kv.Store, error) {
			b, err := badger.Open(badger.Options{Config: c})
			if err != nil {
				return nil, err
			}
			behind = b
			engine = faulty.New(b, faulty.Options{})
			return engine, nil
		}
	})
	secret := o.enterAs("fay@example.org")
	p, err := o.Gate.Principal(t.Context(), secret)
	must(t, err)
	engine.Lead(false)
	if _, err := o.Gate.Principal(t.Context(), secret); !access.Unavailable.Is(err) {
		t.Errorf("without the lead, Principal = %v", err)
	}
	suspendBehind(t, behind, p)
	engine.Lead(true)
	if _, err := o.Gate.Principal(t.Context(), secret); err == nil {
		t.Error("whoever was ended elsewhere is let in by what this node remembers")
	}
}

// suspendBehind takes the session away beside the store, as another node would.
func suspendBehind(t *testing.T, b *badger.Store, p *Principal) {
	t.Helper()
	h := p.session.Hash
	must(t, b.Update(t.Context(), kv.NewOp(), func(tx kv.Tx) error {
		return tx.Delete(append([]byte("s/"), h[:]...))
	}))
}

// Three machines start one after the other before there is an Admin. The second does
// not void the link that the operator has from the first.
func TestSetupLinkOnlyOnceAnHour(t *testing.T) {
	tests := []struct {
		name  string
		after time.Duration
		fresh bool
	}{
		{"at once", 0, false},
		{"within the hour", time.Hour - time.Microsecond, false},
		{"after an hour", time.Hour, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := emptyOffice(t)
			first, err := o.Setup.OpenAtLead(t.Context())
			must(t, err)
			if first == "" {
				t.Fatal("the first machine made no link")
			}
			o.clock.forward(tt.after)
			second, err := o.Setup.OpenAtLead(t.Context())
			must(t, err)
			if (second != "") != tt.fresh {
				t.Errorf("the second machine made %q", second)
			}
			good := o.Setup.IsOpen(t.Context(), setupSecret(first)) == nil
			if good == tt.fresh {
				t.Errorf("the first link is good: %v", good)
			}
			if link, err := o.Setup.Open(t.Context()); link == "" || err != nil {
				t.Errorf("an operator's own start makes %q, %v", link, err)
			}
		})
	}
}

func setupSecret(link string) access.Secret {
	return access.Secret(link[len(link)-access.SecretLength:])
}
