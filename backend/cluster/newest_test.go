package cluster

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// A machine was away while another joined, and does not know it. When that one connects it is
// refused; but now this machine hears that there is a member that it does not know, and the
// others tell it who.
func TestAMachineHearsOfThoseItDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	heard := make(chan struct{}, 100)
	a := w.machine("a")
	var old []Member
	away := w.machine("away", func(o *Options) {
		old = w.registry.list()
		o.Members = func() []Member { return old }
		o.Unknown = func() { heard <- struct{}{} }
	})
	old = w.registry.list()
	b := w.machine("b")
	if _, err := b.DialForward(t.Context(), away.identity.Node()); err == nil {
		t.Fatal("a machine that is not on the list is taken")
	}
	<-heard
	n, err := away.Ask(t.Context(), a.identity.Node())
	if err != nil || n.At != 7 || !slices.Equal(n.Members, w.registry.list()) {
		t.Fatalf("it is told %+v, %v", n, err)
	}
	old = n.Members
	carries2(t, b, away)
}

// Whoever is not a member is told nothing, and strangers are no reason to ask the others.
func TestStrangersHearNoNews(t *testing.T) {
	w := newWorld(t)
	var heard atomic.Int64
	a := w.machine("a", func(o *Options) { o.Unknown = func() { heard.Add(1) } })
	other := newWorld(t)
	s := other.machine("s")
	other.registry.add(a.member())
	if n, err := s.Ask(t.Context(), a.identity.Node()); err == nil {
		t.Errorf("a machine of another cluster is told %v", n)
	}
	gone := w.machine("gone")
	w.registry.remove(gone.identity.Node())
	if n, err := gone.Ask(t.Context(), a.identity.Node()); err == nil {
		t.Errorf("a machine that was removed is told %v", n)
	}
	// the removed one has a certificate of this cluster, the other one has not
	eventually(t, "it is to ask the others", func() bool { return heard.Load() > 0 })
	must(t, a.Close())
	if n := heard.Load(); n != 1 {
		t.Errorf("it is to ask the others %d times", n)
	}
}

// A newer version tells more than this one knows. What this one knows it reads, and bounds.
func TestNewsOfANewerVersionAreRead(t *testing.T) {
	const text = `{"at": 7, "since": 6, "members": [{"id": "a", "color": "red"}], "status": {"version": "v9", "schema": 12,
		"mood": "fine"}}`
	n, err := readNews([]byte(text))
	if err != nil || n.At != 7 || len(n.Members) != 1 || n.Members[0].ID != "a" || n.Status.Schema != 12 {
		t.Errorf("it reads %+v, %v", n, err)
	}
	for _, bad := range []string{
		text + text, text[1:], strings.Replace(text, "v9", "v\u001b9", 1),
		`{"members": [{}` + strings.Repeat(",{}", MaxMembers) + `]}`,
	} {
		if n, err := readNews([]byte(bad)); err == nil {
			t.Errorf("it reads %.60q as %+v", bad, n)
		}
	}
}
