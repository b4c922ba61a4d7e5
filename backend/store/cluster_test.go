package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/store/kv"
)

// machines is a store whose first machine takes others in, over a real port.
type machines struct {
	*box
	authority *cluster.Authority
	first     cluster.Member
	port      *cluster.Port
}

func beginCluster(b *box) *machines {
	b.t.Helper()
	a, err := cluster.NewAuthority(b.now())
	must(b.t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(b.t, err)
	id, err := cluster.Create(filepath.Join(b.t.TempDir(), "cluster"), a, "a", l.Addr().String(), b.now())
	must(b.t, err)
	m := &machines{box: b, authority: a, first: id.Member("1.0.0", b.now())}
	m.first.Role = cluster.Voter
	b.update(func(tx *Tx) error { return MachinesIn(tx).Begin(m.marshalled(), m.first) })
	b.forward(time.Second)
	m.port = cluster.Serve(cluster.Options{
		Listener: l, Identity: id, Members: m.list, Now: b.now, Log: slog.New(slog.DiscardHandler),
		Bounds: cluster.Bounds{Tries: cluster.Rate{Burst: 1000, Every: time.Second}},
		Joins: &cluster.Joins{Registry: Registry{b.Store},
			Authority: func(context.Context) (*cluster.Authority, error) { return m.kept(), nil }},
	})
	b.t.Cleanup(func() { m.port.Close() })
	return m
}

func (m *machines) marshalled() []byte {
	text, err := m.authority.Marshal()
	must(m.t, err)
	return text
}

// kept is the authority that the store has.
func (m *machines) kept() *cluster.Authority {
	var text []byte
	m.view(func(tx *Tx) (err error) { text, err = MachinesIn(tx).Authority(); return err })
	a, err := cluster.ParseAuthority(text)
	must(m.t, err)
	return a
}

func (m *machines) list() (all []cluster.Member) {
	m.view(func(tx *Tx) (err error) { all, err = MachinesIn(tx).List(); return err })
	return all
}

func (m *machines) token() cluster.Token {
	t := cluster.NewToken(m.authority)
	m.update(func(tx *Tx) error { return MachinesIn(tx).AddJoinToken(access.Operator, t.Keep(tx.Now)) })
	return t
}

func (m *machines) join(name, dir string, t cluster.Token) (*cluster.Identity, error) {
	return cluster.Join(context.Background(), cluster.JoinOptions{
		Dir: dir, Token: t, Contact: m.port.Addr().String(), Name: name, Address: name + ".example.com:1",
		Version: "1.0.0", Schema: schema(), Now: m.now,
	})
}

func (m *machines) freshDir() string { return filepath.Join(m.t.TempDir(), "cluster") }

// wantRefusal fails the test unless err is a refusal with that code.
func wantRefusal(t testing.TB, err error, code string) {
	t.Helper()
	if got := access.Explain(err).Code; err == nil || got != code {
		t.Errorf("it is refused with %q (%v), want %q", got, err, code)
	}
}

// What an intruder could show to join: a token that another machine uses at the same moment,
// or has used; one that has expired; that of another cluster; one that was never made. Of
// all who show a token one is a machine afterwards, and what is stored fits together.
func TestATokenLetsOneMachineJoin(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		m := beginCluster(b)
		token := m.token()
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			dir := m.freshDir()
			all.Go(func() { _, errs[i] = m.join(fmt.Sprint("new", i), dir, token) })
		}
		all.Wait()
		joined := 0
		for _, err := range errs {
			if err == nil {
				joined++
				continue
			}
			wantRefusal(t, err, "join_token_used")
		}
		if joined != 1 || len(m.list()) != 2 {
			t.Errorf("%d have joined, and there are %v", joined, m.list())
		}
		_, err := m.join("twice", m.freshDir(), token)
		wantRefusal(t, err, "join_token_used")

		late := m.token()
		b.forward(cluster.TokenTTL)
		_, err = m.join("late", m.freshDir(), late)
		wantRefusal(t, err, "join_token_expired")

		other, err := cluster.NewAuthority(b.now())
		must(t, err)
		_, err = m.join("foreign", m.freshDir(), cluster.NewToken(other))
		wantRefusal(t, err, "join_other_cluster")
		_, err = m.join("guesses", m.freshDir(), cluster.NewToken(m.authority))
		wantRefusal(t, err, "join_token_unknown")
		if len(m.list()) != 2 {
			t.Errorf("there are %v", m.list())
		}
		b.reopen()
		b.verify()
		if got := m.list(); len(got) != 2 || got[0] != m.first || got[1].Role != cluster.Learner {
			t.Errorf("after a restart there are %v", got)
		}
	})
}

// A machine was removed. Its directory and its token are still there, and it asks again as if
// it had not got an answer.
func TestARemovedMachineIsForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		m := beginCluster(b)
		token, dir := m.token(), m.freshDir()
		id, err := m.join("b", dir, token)
		must(t, err)
		again, err := m.join("b", filepath.Join(m.t.TempDir(), "other"), token)
		if err == nil {
			t.Errorf("another machine joins with the same token as %s", again.Node())
		}
		must(t, os.Remove(filepath.Join(dir, "node.pem")))
		b.update(func(tx *Tx) error { return MachinesIn(tx).Promote(id.Node()) })
		if m.list()[1].Role != cluster.Voter {
			t.Error("it has no vote")
		}
		b.update(func(tx *Tx) error { return MachinesIn(tx).Remove(access.Operator, id.Node()) })
		b.update(func(tx *Tx) error { return MachinesIn(tx).Promote(id.Node()) })
		if m.list()[1].Role != cluster.Leaving {
			t.Errorf("it does not leave: %v", m.list())
		}
		_, err = m.join("b", dir, token)
		wantRefusal(t, err, "join_token_unknown")
		b.update(func(tx *Tx) error {
			return errors.Join(MachinesIn(tx).Forget(id.Node()), MachinesIn(tx).Forget(m.first.ID))
		})
		_, err = m.join("b", dir, token)
		wantRefusal(t, err, "join_token_unknown")
		if len(m.list()) != 1 {
			t.Errorf("it joins again: %v", m.list())
		}
		must(t, b.Each(t.Context(), func(key, value []byte) error {
			if r := recordOf(key); r.prefix == machinePrefix && bytes.Contains(key, []byte(id.Node())) ||
				r.prefix == joinTokenPrefix {
				t.Errorf("%s: %s is left", r.name, value)
			}
			return nil
		}))
		err = b.Update(t.Context(), func(tx *Tx) error { return MachinesIn(tx).Remove(access.Operator, id.Node()) })
		wantRefusal(t, err, "machine_unknown")
		err = b.Update(t.Context(), func(tx *Tx) error { return MachinesIn(tx).Remove(access.Operator, m.first.ID) })
		wantRefusal(t, err, "machine_last")
		b.verify()
	})
}

// A token came into the wrong hands. The operator voids it before it is used: nobody joins with
// it. A machine that has joined may ask again with its own, as its answer may have been lost.
func TestVoidedJoinTokens(t *testing.T) {
	elsewhere := access.Operator
	elsewhere.Machine = "two"
	onBoth(t, func(t *testing.T, b *box) {
		m := beginCluster(b)
		used, lost, dir := m.token(), m.token(), m.freshDir()
		_, err := m.join("b", dir, used)
		must(t, err)
		for _, want := range []int{1, 0} {
			b.update(func(tx *Tx) error {
				n, err := MachinesIn(tx).VoidJoinTokens(elsewhere)
				if n != want {
					t.Errorf("%d tokens are voided, want %d", n, want)
				}
				return err
			})
		}
		_, err = m.join("mallory", m.freshDir(), lost)
		wantRefusal(t, err, "join_token_unknown")
		must(t, os.Remove(filepath.Join(dir, "node.pem")))
		_, err = m.join("b", dir, used)
		must(t, err)
		recorded := 0
		b.view(func(tx *Tx) error {
			all, err := tx.AuditLog.Since(0, 100)
			for _, e := range all {
				if e.Action == access.ActionVoidJoinTokens {
					recorded++
					if e.Machine != elsewhere.Machine {
						t.Errorf("the entry names %q as the machine of the command", e.Machine)
					}
				}
			}
			return err
		})
		if recorded != 1 {
			t.Errorf("the audit log has it %d times", recorded)
		}
		b.verify()
	})
	b := openBox(t, filepath.Join(t.TempDir(), "data"))
	err := b.Update(t.Context(), func(tx *Tx) error {
		_, err := MachinesIn(tx).VoidJoinTokens(access.Operator)
		return err
	})
	wantRefusal(t, err, "cluster_none")
}

// The operator is told of a token that somebody could still have used, and not of one that has expired.
func TestExpiredJoinTokensAreNotCountedAsVoided(t *testing.T) {
	for passed, want := range map[time.Duration]int{cluster.TokenTTL - time.Microsecond: 1, cluster.TokenTTL: 0} {
		m := beginCluster(openBox(t, ""))
		m.token()
		m.forward(passed)
		m.update(func(tx *Tx) error {
			n, err := MachinesIn(tx).VoidJoinTokens(access.Operator)
			if n != want {
				t.Errorf("%v after it was made, %d tokens are voided, want %d", passed, n, want)
			}
			return err
		})
	}
}

// Whoever reads the store's bytes without the instance key finds neither the authority's key
// nor a token; and a backup, which is given away more readily, has nothing of a cluster.
func TestTheAuthorityIsSealed(t *testing.T) {
	b := openBox(t, filepath.Join(t.TempDir(), "data"))
	m := beginCluster(b)
	token := m.token()
	must(t, b.Each(t.Context(), func(key, value []byte) error {
		for _, secret := range []string{"PRIVATE KEY", token.Secret.Reveal(), token.Reveal()} {
			if bytes.Contains(value, []byte(secret)) {
				t.Errorf("%s: %q has %s", recordOf(key).name, key, secret)
			}
		}
		return nil
	}))
	var backup bytes.Buffer
	must(t, b.Backup(t.Context(), &backup))
	for _, part := range []string{string(m.first.ID), "C/m", "C/t"} {
		if strings.Contains(backup.String(), part) {
			t.Errorf("the backup has %q", part)
		}
	}
	b.reopen()
	if m.kept().Fingerprint() != m.authority.Fingerprint() {
		t.Error("another authority is read")
	}
}

// Every change of the machines is in the audit log, by the machine's name; that a machine asks
// again is none.
func TestTheAuditLogHasTheMachines(t *testing.T) {
	b := openBox(t, "")
	m := beginCluster(b)
	token, dir := m.token(), m.freshDir()
	died := errors.New("it dies")
	try := cluster.JoinOptions{Dir: dir, Token: token, Contact: m.port.Addr().String(), Name: "b",
		Address: "b.example.com:1", Version: "1", Schema: schema(), Now: m.now,
		Keep: func(cluster.Welcome) error { return died }}
	_, err := cluster.Join(t.Context(), try)
	if !errors.Is(err, died) {
		t.Fatal(err)
	}
	try.Keep = nil
	id, err := cluster.Join(t.Context(), try)
	must(t, err)
	b.update(func(tx *Tx) error { return MachinesIn(tx).Promote(id.Node()) })
	b.update(func(tx *Tx) error { return MachinesIn(tx).Promote(id.Node()) })
	b.update(func(tx *Tx) error { return MachinesIn(tx).Remove(access.Operator, id.Node()) })
	b.update(func(tx *Tx) error { return MachinesIn(tx).GoOnAlone(m.first.ID) })
	b.update(func(tx *Tx) error { return MachinesIn(tx).Dissolve("a") })
	var got []string
	b.view(func(tx *Tx) error {
		all, err := tx.AuditLog.Since(0, 100)
		for _, e := range all {
			got = append(got, strings.TrimSpace(string(e.Action)+" "+e.Target))
			if e.Action.Phrase() == string(e.Action) {
				t.Errorf("%s has no phrase", e.Action)
			}
		}
		return err
	})
	want := []string{"created_cluster a", "created_join_token", "joined_machine b", "promoted_machine b",
		"removed_machine b", "recovered_cluster a", "dissolved_cluster a"}
	if !slices.Equal(got, want) {
		t.Errorf("the audit log has %q, want %q", got, want)
	}
	if len(m.list()) != 0 {
		t.Errorf("%v are left", m.list())
	}
	b.verify()
}

// A server goes on alone, or begins anew: nobody of before is a machine of its cluster, and
// no token of before admits one.
func TestABeginningForgetsWhatWas(t *testing.T) {
	for name, begin := range map[string]func(m *machines) error{
		"recover": func(m *machines) error {
			return m.Update(context.Background(), func(tx *Tx) error { return MachinesIn(tx).GoOnAlone(m.first.ID) })
		},
		"init": func(m *machines) error {
			return m.Update(context.Background(), func(tx *Tx) error {
				return MachinesIn(tx).Begin(m.marshalled(), m.first)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := beginCluster(openBox(t, ""))
			open := m.token()
			_, err := m.join("b", m.freshDir(), m.token())
			must(t, err)
			must(t, begin(m))
			if got := m.list(); !slices.Equal(got, []cluster.Member{m.first}) {
				t.Errorf("the machines are %v", got)
			}
			_, err = m.join("c", m.freshDir(), open)
			wantRefusal(t, err, "join_token_unknown")
			m.verify()
		})
	}
}

// Join tokens are made without end: there is a limit, and old ones go by themselves.
func TestJoinTokensAreBounded(t *testing.T) {
	m := beginCluster(openBox(t, ""))
	add := func() error {
		return m.Update(context.Background(), func(tx *Tx) error {
			return MachinesIn(tx).AddJoinToken(access.Operator, cluster.NewToken(m.authority).Keep(tx.Now))
		})
	}
	for range maxJoinTokens {
		must(t, add())
	}
	wantRefusal(t, add(), "join_tokens_many")
	m.forward(cluster.TokenTTL + joinTokenKept)
	wantRefusal(t, add(), "join_tokens_many")
	m.forward(time.Microsecond)
	for range maxJoinTokens - 1 {
		must(t, add())
	}
	var refused atomic.Int32
	var both sync.WaitGroup
	for range 2 { // at once, for the last place
		both.Go(func() {
			if err := add(); err != nil {
				wantRefusal(t, err, "join_tokens_many")
				refused.Add(1)
			}
		})
	}
	both.Wait()
	if n := refused.Load(); n != 1 {
		t.Errorf("of two at once for the last place %d are refused", n)
	}
}

// A store that is no cluster's has no authority, and makes no tokens.
func TestAServerAloneHasNoMachines(t *testing.T) {
	b := openBox(t, "")
	b.record(1)
	b.view(func(tx *Tx) error {
		a, err := MachinesIn(tx).Authority()
		all, err2 := MachinesIn(tx).List()
		if a != nil || len(all) > 0 {
			t.Errorf("it has %v and %v", a, all)
		}
		return errors.Join(err, err2)
	})
	err := b.Update(t.Context(), func(tx *Tx) error {
		return MachinesIn(tx).AddJoinToken(access.Operator, cluster.KeptToken{})
	})
	wantRefusal(t, err, "cluster_none")
	b.verify()
}

// Somebody writes a machine into the store by hand, beside its own rules: verification finds
// it.
func TestVerifyFindsStrangeMachines(t *testing.T) {
	for name, harm := range map[string]func(m *machines, tx *Tx) error{
		"a second one with the same key": func(m *machines, tx *Tx) error {
			twin := m.first
			twin.ID, twin.Name, twin.Address = cluster.NodeID(access.NewID()), "b", "b:1"
			return tx.set(machineKey(twin.ID), twin)
		},
		"one with the same name": func(m *machines, tx *Tx) error {
			twin := cluster.Member{ID: cluster.NodeID(access.NewID()), Name: "a", Role: cluster.Voter}
			return tx.set(machineKey(twin.ID), twin)
		},
		"no authority": func(_ *machines, tx *Tx) error { return tx.unmark(authorityPrefix.key()) },
		"no machine":   func(m *machines, tx *Tx) error { return tx.unmark(machineKey(m.first.ID)) },
	} {
		t.Run(name, func(t *testing.T) {
			m := beginCluster(openBox(t, ""))
			m.verify()
			m.update(func(tx *Tx) error { return harm(m, tx) })
			_, err := m.Verify(t.Context())
			wantRefusal(t, err, "store_broken")
		})
	}
	m := beginCluster(openBox(t, ""))
	m.update(func(tx *Tx) error { return tx.put(authorityPrefix.key(), make([]byte, 100)) })
	if _, err := m.Verify(t.Context()); !errors.Is(err, kv.ErrCorrupt) {
		t.Errorf("an authority that cannot be unsealed: %v", err)
	}
}

// Who joins must know the schema that the store has, whatever the program of the machine knows
// that admits it; one that knows a newer one must work with it.
func TestWhoJoinsKnowsTheSchema(t *testing.T) {
	b := openBox(t, "")
	m := beginCluster(b)
	old := schema()
	join := func(name string, schema, oldest int, code string) {
		t.Helper()
		_, err := cluster.Join(t.Context(), cluster.JoinOptions{Dir: m.freshDir(), Token: m.token(),
			Contact: m.port.Addr().String(), Name: name, Address: name + ".example.com:1", Version: "1.0.0",
			Schema: schema, OldestSchema: oldest, Now: m.now})
		if code == "" {
			must(t, err)
			return
		}
		wantRefusal(t, err, code)
	}
	rehearses(t)
	join("b", old, 0, "")
	join("c", old-1, 0, "join_schema_older")
	join("c", old+1, old, "")
	join("d", old+1, old+1, "join_schema_newer")
	join("d", old+1, 0, "join_schema_newer")
	known := map[MachineID]int{}
	for _, k := range m.list() {
		known[k.ID] = old + 1
	}
	if r, err := (SharedSchema{b.Store}).Raise(t.Context(), known); err != nil || !r.Done {
		t.Fatalf("Raise = %+v, %v", r, err)
	}
	join("d", old, 0, "join_schema_older") // also before all records are migrated
	join("d", old+1, 0, "")
	if n := len(m.list()); n != 4 {
		t.Errorf("there are %d machines, want 4", n)
	}
}
