package machines

import (
	"slices"
	"testing"

	"doorward/backend/access"
)

// The operator of a machine removes that very one. They are told that it is done, although the
// others close their connections to it.
func TestAMachineIsRemovedByItsOwnOperator(t *testing.T) {
	a := first(t)
	b, c := a.joined("b"), a.joined("c")
	a.votes("a", "b", "c")
	for _, s := range []*site{c, b} {
		must(t, Cluster{}.Remove(t.Context(), s.o.Data, s.o.Name))
		a.eventuallyLacks(s.o.Name)
	}
}

func (s *site) eventuallyLacks(name string) {
	s.t.Helper()
	eventually(s.t, name+" is gone", func() bool {
		all, err := Cluster{}.Machines(s.t.Context(), s.o.Data)
		must(s.t, err)
		return !slices.ContainsFunc(all, func(m access.MachineState) bool { return m.Name == name })
	})
}
