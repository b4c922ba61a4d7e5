package store

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/build/need"
)

// orderly stores members whose order differs with what is compared, with two of each kind
// who are alike.
func (b *box) orderly() {
	for _, one := range []struct {
		to, name string
		roles    []access.RoleName
		signIn   time.Duration // before now; zero: never
		state    access.State
	}{
		{"zoe@example.com", "Ann", []access.RoleName{access.Fleet}, time.Hour, access.Active},
		{"ann@example.com", "Zoë", []access.RoleName{access.AILoop}, 0, access.Active},
		{"ada@example.com", "ann b", []access.RoleName{access.Fleet, access.AILoop}, 3 * time.Hour, access.Suspended},
		{"mo@example.com", "", []access.RoleName{access.Fleet}, 2 * time.Hour, access.Active},
		{"b@example.com", "Zoe", []access.RoleName{access.Fleet}, time.Hour, access.Active},
		{"c@example.com", "Éva", []access.RoleName{access.AILoop}, 0, access.Pending},
		{"bb@example.com", "Zoeb", []access.RoleName{access.Fleet}, 4 * time.Hour, access.Active},
	} {
		m := b.person(one.to, one.name, one.roles...)
		m.State = one.state
		if one.signIn > 0 {
			m.LastSignIn = noon.Add(24*time.Hour - one.signIn)
		}
		b.put(m)
		b.forward(time.Minute)
	}
}

// names returns the first part of each address that a query finds.
func (b *box) names(q Query) string {
	var all []string
	for _, to := range b.found(q) {
		name, _, _ := strings.Cut(to, "@")
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// Every order, in both directions and on pages of every length, with every filter. Of
// those who are alike either may be first, but the same one always is.
func TestOrders(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		b.orderly()
		first, second := "ann", "b" // Zoë and Zoe: the same name
		alike := map[string]access.MemberID{}
		b.view(func(tx *Tx) error {
			for _, name := range []string{"ann", "b", "zoe", "c"} {
				m, err := tx.Members.ByAddress(name + "@example.com")
				must(t, err)
				alike[name] = m.ID
			}
			return nil
		})
		inOrder := func(one, other string) string {
			if alike[one] > alike[other] {
				one, other = other, one
			}
			return one + " " + other
		}
		same := inOrder(first, second)
		for _, tt := range []struct {
			q    Query
			want string
		}{
			{Query{Sort: access.ByName}, "zoe ada c mo " + same + " bb"},
			{Query{Sort: access.ByNameReversed}, "bb " + same + " mo c ada zoe"},
			{Query{Sort: access.ByEmail}, "ada ann b bb c mo zoe"},
			{Query{Sort: access.ByEmailReversed}, "zoe mo c bb b ann ada"},
			{Query{Sort: access.OldestFirst}, "zoe ann ada mo b c bb"},
			{Query{Sort: access.NewestFirst}, "bb c b mo ada ann zoe"},
			{Query{}, "bb c b mo ada ann zoe"},
			{Query{Sort: access.LeastRecent}, inOrder("ann", "c") + " bb ada mo " + inOrder("zoe", "b")},
			{Query{Sort: access.MostRecent}, inOrder("zoe", "b") + " mo ada bb " + inOrder("ann", "c")},
			{Query{Sort: access.ByEmail, State: access.Active}, "ann b bb mo zoe"},
			{Query{Sort: access.ByEmailReversed, Role: access.Fleet}, "zoe mo bb b ada"},
			{Query{Sort: access.ByEmail, Role: access.AILoop}, "ada ann c"},
			{Query{Sort: access.ByEmail, Role: access.Fleet, State: access.Active}, "b bb mo zoe"},
			{Query{Sort: access.ByName, Status: access.StatusInvited}, "c"},
			{Query{Sort: access.ByName, Status: access.StatusExpired}, ""},
			{Query{Sort: access.ByName, Status: access.StatusSuspended, Role: access.AILoop}, "ada"},
		} {
			for limit := 1; limit <= 8; limit++ {
				tt.q.Limit, tt.q.Cursor = limit, ""
				if got := b.names(tt.q); got != tt.want {
					t.Errorf("%+v: %s, want %s", tt.q, got, tt.want)
				}
			}
		}
		b.verify()
	})
}

// A filter that finds more than are sorted at once reads the index, and finds the same.
func TestOrderOfMany(t *testing.T) {
	need.Time(t)
	b := openBox(t, "")
	const many = CountsUpTo + 5
	for from := 0; from < many; from += 3 {
		b.update(func(tx *Tx) error {
			for i := from; i < from+3; i++ {
				m := b.person(fmt.Sprintf("p%04d@example.com", i*7919%many), "", access.Fleet)
				must(t, tx.Members.Put(m))
				must(t, tx.Record(access.Operator, access.ActionInvite, string(m.ID), ""))
			}
			return nil
		})
	}
	b.put(b.person("aa@example.com", "", access.AILoop), b.person("zz@example.com", "", access.AILoop))
	for _, sort := range []access.Order{access.ByEmail, access.ByEmailReversed} {
		q := Query{Sort: sort, Role: access.Fleet, Limit: 200}
		got := b.found(q)
		up := slices.Clone(got)
		slices.Sort(up)
		if sort == access.ByEmailReversed {
			slices.Reverse(up)
		}
		if len(got) != many || !slices.Equal(got, up) {
			t.Errorf("%s: %d members, from %s to %s", sort, len(got), got[0], got[len(got)-1])
		}
		b.view(func(tx *Tx) error {
			p, err := tx.Members.Page(q)
			if p.Total != many || p.TotalIsFloor || len(p.Items) != q.Limit {
				t.Errorf("%s: %d of %d, %v", sort, len(p.Items), p.Total, p.TotalIsFloor)
			}
			return err
		})
	}
	if got := b.names(Query{Sort: access.ByEmailReversed, Role: access.AILoop, Limit: 1}); got != "zz aa" {
		t.Errorf("those who are few: %s", got)
	}
}

// Between two pages somebody is added, renamed over the boundary, or removed: nobody who
// stays where they were is missing or comes twice, with and without a filter.
func TestOrderChangesBetweenPages(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(b *box, tx *Tx) error
		want   string // with the page before, which has ann and b
	}{
		{"nothing", func(*box, *Tx) error { return nil }, "ann b d e"},
		{"added before", func(b *box, tx *Tx) error {
			return tx.Members.Put(b.person("a0@example.com", "A0"))
		}, "ann b d e"},
		{"added at the boundary", func(b *box, tx *Tx) error {
			return tx.Members.Put(b.person("d0@example.com", "D"))
		}, "ann b d d0 e"},
		{"added after", func(b *box, tx *Tx) error {
			return tx.Members.Put(b.person("f@example.com", "F"))
		}, "ann b d e f"},
		{"the next is removed", func(b *box, tx *Tx) error {
			m, err := tx.Members.ByAddress("d@example.com")
			must(b.t, err)
			return tx.Members.Delete(m, access.EndedRemoved)
		}, "ann b e"},
		{"renamed over it", func(b *box, tx *Tx) error {
			m, err := tx.Members.ByAddress("e@example.com")
			must(b.t, err)
			m.Name = "Aaa"
			return tx.Members.Put(m)
		}, "ann b d"},
		{"renamed to after it", func(b *box, tx *Tx) error {
			m, err := tx.Members.ByAddress("ann@example.com")
			must(b.t, err)
			m.Name = "Zed"
			return tx.Members.Put(m)
		}, "ann b d e ann"},
	} {
		for _, role := range []access.RoleName{"", access.Fleet} {
			b := openBox(t, "")
			for _, name := range []string{"ann", "b", "d", "e"} {
				b.put(b.person(name+"@example.com", name))
			}
			q := Query{Sort: access.ByName, Role: role, Limit: 2}
			var got []string
			for page := range 2 {
				b.view(func(tx *Tx) error {
					p, err := tx.Members.Page(q)
					must(t, err)
					for _, m := range p.Items {
						name, _, _ := strings.Cut(m.Email.Canonical, "@")
						got = append(got, name)
					}
					q.Cursor, q.Limit = p.Next, 50
					return nil
				})
				if page == 0 {
					b.update(func(tx *Tx) error { return tt.change(b, tx) })
				}
			}
			slices.SortStableFunc(got[2:], func(x, y string) int { // d and D0 are alike
				if strings.HasPrefix(x, "d") && strings.HasPrefix(y, "d") {
					return cmp.Compare(x, y)
				}
				return 0
			})
			at := strings.Join(got, " ")
			if tt.name == "added at the boundary" && at == "ann b d e" { // its id may be the smaller one
				continue
			}
			if at != tt.want {
				t.Errorf("%s, role %q: %s, want %s", tt.name, role, at, tt.want)
			}
			b.verify()
		}
	}
}

// A cursor leads on in its own order only.
func TestCursorBelongsToItsOrder(t *testing.T) {
	b := openBox(t, "")
	b.orderly()
	orders := []access.Order{"", access.NewestFirst, access.ByName, access.ByNameReversed, access.ByEmail,
		access.ByEmailReversed, access.OldestFirst, access.LeastRecent, access.MostRecent}
	b.view(func(tx *Tx) error {
		for _, from := range orders {
			p, err := tx.Members.Page(Query{Sort: from, Limit: 1})
			must(t, err)
			for _, to := range orders {
				_, err := tx.Members.Page(Query{Sort: to, Limit: 1, Cursor: p.Next})
				same := from == to || orderOf[from] == "" && orderOf[to] == ""
				if same != (err == nil) || err != nil && access.Explain(err).Code != "bad_cursor" {
					t.Errorf("a cursor of %q in the order %q: %v", from, to, err)
				}
			}
		}
		return nil
	})
}

// Names of every length and writing keep their place, up to where names are cut, and the
// reversed order is the reverse.
func TestOrderOfUnusualNames(t *testing.T) {
	b := openBox(t, "")
	long := strings.Repeat("長", access.MaxName)
	want := []string{"", "a", "A b", "a-b", "ab", "Łukasz", "O’Brien", "zz", "Ωmega", long, long + "x"}
	for i, name := range slices.Backward(want) {
		m := b.person(fmt.Sprintf("%02d@example.com", i), "")
		m.Name = name
		b.put(m)
		b.forward(time.Second)
	}
	up := b.found(Query{Sort: access.ByName, Limit: 2})
	down := b.found(Query{Sort: access.ByNameReversed, Limit: 2})
	sorted := slices.Sorted(slices.Values(up[:len(want)-2]))
	if len(up) != len(want) || !slices.Equal(up[:len(want)-2], sorted) {
		t.Errorf("by name: %v", up)
	}
	slices.Reverse(down)
	if !slices.Equal(up[:len(want)-2], down[:len(want)-2]) {
		t.Errorf("reversed: %v, and not %v", down, up)
	}
	b.verify()
}

// A store from before there were orders has one list. After the upgrade everybody has a
// place in each, wherever an earlier start stopped, and the next start changes nothing.
func TestMembersOfAnOlderVersionAreOrdered(t *testing.T) {
	need.Time(t)
	const people = 2*orderBatch + 1
	for stop := range 4 {
		b := openBox(t, filepath.Join(t.TempDir(), "data"))
		for i := range people {
			m := b.person(fmt.Sprintf("p%02d@example.com", i), "", access.Fleet)
			if i%2 == 0 {
				m.State = access.Active
			}
			b.put(m)
		}
		b.withoutOrders()
		b.verify()
		must(t, b.Close())
		b.openAsItIs()
		for n := range stop {
			if more, err := b.migrateBatch(t.Context()); err != nil || !more {
				t.Fatal(n, more, err)
			}
			b.verify()
		}
		b.reopen()
		if got := b.found(Query{Sort: access.ByEmail}); len(got) != people || !slices.IsSorted(got) {
			t.Errorf("stopped after %d batches: %v", stop, got)
		}
		var p Page[access.Member]
		b.view(func(tx *Tx) (err error) {
			p, err = tx.Members.LoginRequests(RequestQuery{Role: access.Fleet, Sort: access.NewestFirst, Limit: 50})
			return err
		})
		if len(p.Items) != people/2 || p.Total != people/2 {
			t.Errorf("stopped after %d batches: %d requests of %d", stop, len(p.Items), p.Total)
		}
		b.verify()
		before := b.bytesKept()
		b.reopen()
		if after := b.bytesKept(); len(after) != len(before) {
			t.Error("the next start changed something")
		}
		must(t, b.Close())
	}
}

// withoutOrders makes the store one of before there were orders.
func (b *box) withoutOrders() {
	b.beginnings.asItIs = true // no new lead may bring it up to date
	old := map[string]bool{}
	for key := range b.bytesKept() {
		switch recordOf([]byte(key)).prefix {
		case orderPrefix, loginRequestPrefix:
			old[key] = true
		}
	}
	for key := range old {
		b.raw(func(t kv.Tx) error {
			if strings.HasPrefix(key, string(loginRequestPrefix)) {
				return t.Set([]byte(key), nil)
			}
			return t.Delete([]byte(key))
		})
	}
	b.asSchema(schemaOfOrders - 1)
}

// An entry that is missing, or says something else than its member, is found.
func TestVerifyFindsADamagedOrder(t *testing.T) {
	for name, harm := range map[string]func(t kv.Tx, e kv.KV) error{
		"missing":  func(t kv.Tx, e kv.KV) error { return t.Delete(e.Key) },
		"stale":    func(t kv.Tx, e kv.KV) error { return t.Set(e.Key, []byte("sFleet")) },
		"too many": func(t kv.Tx, e kv.KV) error { return t.Set(orderPrefix.key("1x"), e.Value) },
	} {
		b := openBox(t, "")
		b.orderly()
		b.raw(func(kt kv.Tx) error {
			found, err := kt.Scan(orderPrefix.key(), after(orderPrefix.key()), 1)
			must(t, err)
			return harm(kt, found[0])
		})
		_, err := b.Verify(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the index of members in order") {
			t.Errorf("%s: Verify = %v", name, err)
		}
	}
}
