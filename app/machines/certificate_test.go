package machines

import (
	"testing"
	"time"

	"doorward/backend/cluster"
)

// The certificate is renewed from the machine's own copy, when it is time and not before; and
// the machine goes on with it.
func TestACertificateIsRenewed(t *testing.T) {
	a := first(t)
	b := a.joined("b")
	a.votes("a", "b")
	for _, s := range []*site{a, b} {
		was := s.m.identity.Certificate()
		must(t, s.m.renew(time.Now()))
		due := was.NotAfter.Add(-cluster.RenewBefore)
		must(t, s.m.renew(due.Add(-time.Second)))
		if s.m.identity.Certificate() != was {
			t.Errorf("%s has another certificate already", s.o.Name)
		}
		must(t, s.m.renew(due))
		next := s.m.identity.Certificate()
		if next.SerialNumber.Cmp(was.SerialNumber) == 0 {
			t.Errorf("%s has the same certificate", s.o.Name)
		}
		must(t, s.m.renew(next.NotAfter.Add(time.Hour))) // it was off for longer
		if s.m.identity.Certificate().SerialNumber.Cmp(next.SerialNumber) == 0 {
			t.Errorf("%s goes on with one that has expired", s.o.Name)
		}
	}
}
