package service_test

import (
	"testing"
	"time"

	"doorward/backend/access"
)

// Three machines start one after the other before there is an Admin. The second
// must not void the setup link that the first printed for the operator.
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
			fx := newEmptyFixture(t)
			first, err := fx.Setup.OpenAtLead(t.Context())
			must(t, err)
			if first == "" {
				t.Fatal("the first machine made no link")
			}
			fx.clock.forward(tt.after)
			second, err := fx.Setup.OpenAtLead(t.Context())
			must(t, err)
			if (second != "") != tt.fresh {
				t.Errorf("the second machine made %q", second)
			}
			good := fx.Setup.IsOpen(t.Context(), setupSecret(first)) == nil
			if good == tt.fresh {
				t.Errorf("the first link is good: %v", good)
			}
			if link, err := fx.Setup.Open(t.Context()); link == "" || err != nil {
				t.Errorf("an operator's own start makes %q, %v", link, err)
			}
		})
	}
}

func setupSecret(link string) access.Secret {
	return access.Secret(link[len(link)-access.SecretLength:])
}
