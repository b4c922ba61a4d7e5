package gate

import (
	"fmt"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store"
)

// A world is the state that the steps share: the stored version of a member, and
// what the gate has cached of it.
type world struct {
	known   cache
	secret  access.SecretHash
	version int
	dropped int // the newest version whose commit was answered
}

// A step is one action that happens at one moment.
type step func(w *world)

// reader asks the gate, reads the store on a cache miss, and caches what it read.
func reader() []step {
	var p *Principal
	var read uint64
	known := false
	return []step{
		func(w *world) { p, read = w.known.get(w.secret); known = p != nil },
		func(w *world) {
			if !known {
				p = &Principal{
					Actor:  access.Actor{Member: "bob"},
					Member: access.Member{ID: "bob", PermissionRevision: w.version},
				}
			}
		},
		func(w *world) {
			if !known {
				w.known.put(w.secret, p, read)
			}
		},
	}
}

// commits changes the member in the store and then drops it from the cache, in
// the store's order: before it answers.
func commits(change store.Change, n int) (steps []step) {
	for range n {
		steps = append(steps,
			func(w *world) { w.version++ },
			func(w *world) { w.known.drop([]store.Change{change}); w.dropped = w.version },
		)
	}
	return steps
}

// orders calls fn with every interleaving of the actors' steps; each actor's own
// order is kept.
func orders(actors [][]step, at []int, taken []int, fn func(order []int)) {
	done := true
	for i := range actors {
		if at[i] == len(actors[i]) {
			continue
		}
		done = false
		at[i]++
		orders(actors, at, append(taken, i), fn)
		at[i]--
	}
	if done {
		fn(taken)
	}
}

// A member is suspended while one of their requests is running: it has read the
// principal before the commit and caches it after. In every interleaving of two
// readers and two commits, what is cached once a commit was answered is not older
// than that commit.
func TestTheGateInEveryOrder(t *testing.T) {
	secret := access.Secret("bob's session").Hash()
	for name, change := range map[string]store.Change{
		"a member":  {Topic: store.MemberChanged, ID: "bob"},
		"a session": {Topic: store.SessionChanged, ID: string(secret[:])},
		"a role":    {Topic: store.RolesChanged},
		"a token":   {Topic: store.TokenChanged},
		"missed":    {Topic: store.ChangesMissed},
	} {
		t.Run(name, func(t *testing.T) {
			tried := 0
			shape := [][]step{reader(), reader(), commits(change, 2)}
			orders(shape, make([]int, len(shape)), nil, func(order []int) {
				tried++
				w := &world{secret: secret}
				w.known.init()
				actors, at := [][]step{reader(), reader(), commits(change, 2)}, make([]int, len(shape))
				for n, i := range order {
					actors[i][at[i]](w)
					at[i]++
					if p, _ := w.known.get(secret); p != nil && p.Member.PermissionRevision < w.dropped {
						t.Fatalf("in the order %v, after step %d: the gate knows version %d, answered was %d",
							order, n+1, p.Member.PermissionRevision, w.dropped)
					}
				}
			})
			if want := 4200; tried != want { // 10! / (3! 3! 4!)
				t.Errorf("%d orders were tried, want %d", tried, want)
			}
		})
	}
}

// A commit drops the member it changes, with all their sessions, and leaves
// everybody else cached.
func TestWhatTheGateDrops(t *testing.T) {
	hash := func(name string) access.SecretHash { return access.Secret(name).Hash() }
	phone, laptop, other := hash("phone"), hash("laptop"), hash("other")
	for name, tt := range map[string]struct {
		change                store.Change
		phone, laptop, other  bool // still cached afterwards
		keepsWhatIsBeforehand bool // a principal that was read before the commit is cached after it
	}{
		"the member":     {store.Change{Topic: store.MemberChanged, ID: "bob"}, false, false, true, false},
		"another member": {store.Change{Topic: store.MemberChanged, ID: "ann"}, true, true, true, false},
		"a session":      {store.Change{Topic: store.SessionChanged, ID: string(phone[:])}, false, true, true, false},
		"roles":          {store.Change{Topic: store.RolesChanged}, false, false, false, false},
		"a token":        {store.Change{Topic: store.TokenChanged}, false, false, false, false},
		"changes missed": {store.Change{Topic: store.ChangesMissed}, false, false, false, false},
		"an email":       {store.Change{Topic: store.MessageChanged}, true, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			var c cache
			c.init()
			bob, fay := &Principal{Actor: access.Actor{Member: "bob"}}, &Principal{Actor: access.Actor{Member: "fay"}}
			c.put(phone, bob, 0)
			c.put(laptop, bob, 0)
			c.put(other, fay, 0)
			c.drop([]store.Change{tt.change})
			for h, want := range map[access.SecretHash]bool{phone: tt.phone, laptop: tt.laptop, other: tt.other} {
				if p, _ := c.get(h); (p != nil) != want {
					t.Errorf("known %v, want %v", p != nil, want)
				}
			}
			c.put(hash("late"), bob, 0)
			if p, _ := c.get(hash("late")); (p != nil) != tt.keepsWhatIsBeforehand {
				t.Errorf("what was read beforehand is kept: %v", p != nil)
			}
		})
	}
}

// Strangers cannot fill the cache: up to its bound it keeps everything, and one
// entry more empties it.
func TestTheGateIsBounded(t *testing.T) {
	var c cache
	c.init()
	for i := range maxPrincipals + 1 {
		c.put(access.Secret(fmt.Sprint(i)).Hash(), &Principal{Actor: access.Actor{Member: "bob"}}, 0)
		if want := i + 1; i < maxPrincipals && len(c.known) != want {
			t.Fatalf("%d are known, want %d", len(c.known), want)
		}
	}
	if len(c.known) != 1 || len(c.byMember["bob"]) != 1 {
		t.Errorf("%d are known beyond the bound, want 1", len(c.known))
	}
}
