package cluster

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/backend/access"
)

// A machine joins with a token, and is a member at once: it can connect and be connected to.
func TestAMachineJoins(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	l := the(net.Listen("tcp", "127.0.0.1:0"))(t)
	var got Welcome
	m := the(w.join(a.Addr(), w.token(), func(o *JoinOptions) {
		o.Name, o.Address = "b", l.Addr().String()
		o.Keep = func(w Welcome) error { got = w; return nil }
	}))(t)
	if got.Node != m.Node() || string(got.Bundle) != "the instance key" ||
		!slices.Equal(got.Members, w.registry.list()) || len(got.Members) != 2 ||
		got.Members[1] != m.Member("1.0.0", noon) {
		t.Errorf("it is welcomed with %+v", got)
	}
	port := Serve(Options{Listener: l, Identity: m, Members: w.registry.list, Now: w.clock.now,
		Log: slog.New(slog.DiscardHandler)})
	b := &site{Port: port, w: w, identity: m}
	defer b.Close()
	carries2(t, a, b)
	carries2(t, b, a)
	again := the(Open(m.dir))(t)
	if again.Node() != m.Node() {
		t.Error("what it keeps is another machine")
	}
	// a machine without Joins takes nobody in
	_, err := w.join(b.Addr(), w.token())
	wants(t, err, "cluster_not_there")
}

func carries2(t *testing.T, a, b *site) {
	t.Helper()
	here, there := a.connect(b)
	carries(t, here, there)
	carries(t, there, here)
	if p := there.(*Conn).Peer.ID; p != a.identity.Node() {
		t.Errorf("the other end is %s, want %s", p, a.identity.Node())
	}
	must(t, here.Close())
	must(t, there.Close())
}

// One token is sent to two machines, which use it at the same moment: one joins.
func TestATokenAdmitsOneMachine(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	for range 10 {
		token := w.token()
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				_, errs[i] = w.join(a.Addr(), token, func(o *JoinOptions) {
					o.Name, o.Address = string(rune('p'+i)), net.JoinHostPort("192.0.2.1", string(rune('1'+i)))
				})
			})
		}
		all.Wait()
		joined := 0
		for _, err := range errs {
			if err == nil {
				joined++
			} else {
				wants(t, err, "join_token_used")
			}
		}
		members := w.registry.list()
		if joined != 1 || len(members) != 2 {
			t.Errorf("%d have joined, and there are %d members", joined, len(members))
		}
		w.registry.remove(members[1].ID)
		a.tries.forget()
	}
}

// The set-up of a machine does not fit. It is told why in a sentence, and nothing is changed
// on either side: the token can be used once that is put right.
func TestAMachineThatDoesNotFit(t *testing.T) {
	w := newWorld(t)
	w.joins.Check = func(setup []byte) error {
		if string(setup) != "" {
			return access.Errorf(access.Conflict, "no").WithCode("other_url")
		}
		return nil
	}
	a := w.machine("a")
	taken := a.member()
	clock := func(d time.Duration) func(*JoinOptions) {
		return func(o *JoinOptions) { o.Now = func() time.Time { return noon.Add(d) } }
	}
	for _, tt := range []struct {
		name   string
		change func(*JoinOptions)
		want   string
	}{
		{"older", func(o *JoinOptions) { o.Schema = 6 }, "join_schema_older"},
		{"newer", func(o *JoinOptions) { o.Schema = 8 }, "join_schema_newer"},
		{"newer, and works with that of the cluster", func(o *JoinOptions) { o.Schema, o.OldestSchema = 9, 7 }, ""},
		{"newer by too much", func(o *JoinOptions) { o.Schema, o.OldestSchema = 9, 8 }, "join_schema_newer"},
		{"the clock 10 s ahead", clock(MaxSkew), ""},
		{"the clock more ahead", clock(MaxSkew + 1), "join_clock"},
		{"the clock 10 s behind", clock(-MaxSkew), ""},
		{"the clock more behind", clock(-MaxSkew - 1), "join_clock"},
		{"the clock a year ahead", clock(366 * 24 * time.Hour), "certificate_expired"},
		{"the clock an hour behind", clock(-time.Hour), "join_clock"},
		{"the clock two days behind", clock(-48 * time.Hour), "certificate_not_yet_valid"},
		{"another's name", func(o *JoinOptions) { o.Name = "A" }, "join_name_twice"},
		{"another's address", func(o *JoinOptions) { o.Address = taken.Address }, "join_address_twice"},
		{"another's address, written otherwise", func(o *JoinOptions) {
			o.Address = "[::ffff:127.0.0.1]" + taken.Address[strings.LastIndex(taken.Address, ":"):]
		}, "join_address_twice"},
		{"no name", func(o *JoinOptions) { o.Name = "" }, "node_name_invalid"},
		{"a name of 63 letters", func(o *JoinOptions) { o.Name = strings.Repeat("a", maxName) }, ""},
		{"a name of 64", func(o *JoinOptions) { o.Name = strings.Repeat("a", maxName+1) }, "node_name_invalid"},
		{"a name with a space", func(o *JoinOptions) { o.Name = "a b" }, "node_name_invalid"},
		{"a name that is an option", func(o *JoinOptions) { o.Name = "-rf" }, "node_name_invalid"},
		{"no port", func(o *JoinOptions) { o.Address = "192.0.2.9" }, "node_address_invalid"},
		{"port 0", func(o *JoinOptions) { o.Address = "192.0.2.9:0" }, "node_address_invalid"},
		{"port 65535", func(o *JoinOptions) { o.Address = "192.0.2.9:65535" }, ""},
		{"port 65536", func(o *JoinOptions) { o.Address = "192.0.2.9:65536" }, "node_address_invalid"},
		{"a port with a zero before", func(o *JoinOptions) { o.Address = "a:0443" }, "node_address_invalid"},
		{"every address", func(o *JoinOptions) { o.Address = "0.0.0.0:1" }, "node_address_invalid"},
		{"every address, IPv6", func(o *JoinOptions) { o.Address = "[::]:1" }, "node_address_invalid"},
		{"many addresses", func(o *JoinOptions) { o.Address = "224.0.0.1:1" }, "node_address_invalid"},
		{"a host name", func(o *JoinOptions) { o.Address = "door.example.com:1" }, ""},
		{"a name that is none", func(o *JoinOptions) { o.Address = "door..example.com:1" }, "node_address_invalid"},
		{"what the caller refuses", func(o *JoinOptions) { o.Setup = []byte("x") }, "other_url"},
		{"a version of 64", func(o *JoinOptions) { o.Version = strings.Repeat("1", maxVersion) }, ""},
		{"a version of 65", func(o *JoinOptions) { o.Version = strings.Repeat("1", maxVersion+1) }, "join_malformed"},
		{"a version with a line end", func(o *JoinOptions) { o.Version = "1\n" }, "join_malformed"},
		{"a set-up as long as it may be", func(o *JoinOptions) { o.Setup = make([]byte, MaxSetup) }, "other_url"},
		{"a set-up that is too long", func(o *JoinOptions) { o.Setup = make([]byte, MaxSetup+1) }, "join_malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a.tries.forget()
			token := w.token()
			dir := filepath.Join(t.TempDir(), "cluster")
			try := func(o *JoinOptions) { o.Dir = dir; tt.change(o) }
			before := w.registry.list()
			m, err := w.join(a.Addr(), token, try)
			wants(t, err, tt.want)
			if err == nil {
				w.registry.remove(m.Node())
				return
			}
			if !slices.Equal(w.registry.list(), before) || !w.registry.tokens[token.Secret.Hash()].UsedBy.IsZero() {
				t.Error("a refusal has changed the cluster")
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a refusal has left the directory: %v", err)
			}
			m, err = w.join(a.Addr(), token, func(o *JoinOptions) { o.Dir = dir })
			if err != nil {
				t.Fatalf("once it is put right: %v", err)
			}
			w.registry.remove(m.Node())
		})
	}
}

// A cluster has as many machines as it may have.
func TestAClusterIsFull(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	for i := range MaxMembers - 2 {
		w.registry.add(Member{ID: NodeID(access.NewID()), Name: "m" + string(rune('0'+i)), Key: KeyHash{byte(i + 1)}})
	}
	the(w.join(a.Addr(), w.token()))(t)
	_, err := w.join(a.Addr(), w.token(), func(o *JoinOptions) { o.Name, o.Address = "one-more", "192.0.2.10:1" })
	wants(t, err, "join_full")
	if n := len(w.registry.list()); n != MaxMembers {
		t.Errorf("there are %d members", n)
	}
}

// The answer is lost, or the machine dies before it has kept it. It asks again with the same
// token, which is bound to its key: the cluster answers again, and has one member more, not
// two. Another machine cannot use the token, and after its hour nobody can.
func TestALostAnswerIsGivenAgain(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	token, dir := w.token(), filepath.Join(t.TempDir(), "cluster")
	died := errors.New("the machine dies")
	var first, second Welcome
	_, err := w.join(a.Addr(), token, func(o *JoinOptions) {
		o.Dir = dir
		o.Keep = func(w Welcome) error { first = w; return died }
	})
	if !errors.Is(err, died) {
		t.Fatalf("Join = %v", err)
	}
	if _, err := Open(dir); access.Explain(err).Code != "cluster_files_incomplete" {
		t.Errorf("it is a member without what the cluster has handed over: %v", err)
	}
	_, err = w.join(a.Addr(), token)
	wants(t, err, "join_token_used")
	w.clock.set(noon.Add(TokenTTL - 1))
	m := the(w.join(a.Addr(), token, func(o *JoinOptions) {
		o.Dir, o.Name = dir, "another-name"
		o.Keep = func(w Welcome) error { second = w; return nil }
	}))(t)
	if second.Node != first.Node || m.Node() != first.Node || len(w.registry.list()) != 2 {
		t.Errorf("first it is %s, then %s, of %d members", first.Node, second.Node, len(w.registry.list()))
	}
	if got := w.registry.list()[1]; got.Name != "another-name" || !got.JoinedAt.Equal(noon) {
		t.Errorf("it is listed as %+v", got)
	}
	w.clock.set(noon.Add(TokenTTL))
	must(t, os.Remove(filepath.Join(dir, certificateFile)))
	_, err = w.join(a.Addr(), token, func(o *JoinOptions) { o.Dir = dir })
	wants(t, err, "join_token_expired")
	if _, err := os.Stat(filepath.Join(dir, keyFile)); err != nil {
		t.Errorf("the key of the earlier try is gone: %v", err)
	}
}

// The machine was removed. Its directory and its token are still there.
func TestARemovedMachineStaysOut(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	token, dir := w.token(), filepath.Join(t.TempDir(), "cluster")
	m := the(w.join(a.Addr(), token, func(o *JoinOptions) { o.Dir = dir }))(t)
	w.registry.remove(m.Node())
	must(t, os.Remove(filepath.Join(dir, certificateFile)))
	_, err := w.join(a.Addr(), token, func(o *JoinOptions) { o.Dir = dir })
	wants(t, err, "join_token_used")
	if n := len(w.registry.list()); n != 1 {
		t.Errorf("there are %d members", n)
	}
}

// The same directory was copied to a second machine, which joins with a token of its own.
func TestACopiedMachineIsRefused(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	dir := filepath.Join(t.TempDir(), "cluster")
	the(w.join(a.Addr(), w.token(), func(o *JoinOptions) { o.Dir = dir }))(t)
	must(t, os.Remove(filepath.Join(dir, certificateFile)))
	_, err := w.join(a.Addr(), w.token(), func(o *JoinOptions) {
		o.Dir, o.Name, o.Address = dir, "copy", "192.0.2.10:8443"
	})
	wants(t, err, "join_node_twice")
}

// The store cannot keep the change, or the process dies before the certificate is made: the
// machine is told that the cluster could not answer, nothing of why, and may ask again.
func TestAClusterThatCannotAnswer(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	token, dir := w.token(), filepath.Join(t.TempDir(), "cluster")
	try := func(o *JoinOptions) { o.Dir = dir }
	for name, set := range map[string]func(error){
		"the store":  func(err error) { w.registry.fail = err },
		"the bundle": func(err error) { w.joins.Bundle = failing(err) },
	} {
		set(errors.New("the secret path of a disk"))
		_, err := w.join(a.Addr(), token, try)
		wants(t, err, "join_failed")
		if err != nil && strings.Contains(err.Error(), "secret path") {
			t.Errorf("%s: it says %v", name, err)
		}
		set(nil)
	}
	if m := the(w.join(a.Addr(), token, try))(t); len(w.registry.list()) != 2 || w.registry.list()[1].ID != m.Node() {
		t.Errorf("the members are %v", w.registry.list())
	}
	w.joins.Bundle = func(context.Context, Member) ([]byte, error) { return make([]byte, MaxBundle), nil }
	the(w.join(a.Addr(), w.token(), func(o *JoinOptions) { o.Name, o.Address = "c", "192.0.2.3:1" }))(t)
	w.joins.Bundle = func(context.Context, Member) ([]byte, error) { return make([]byte, MaxBundle+1), nil }
	_, err := w.join(a.Addr(), w.token(), func(o *JoinOptions) { o.Name, o.Address = "d", "192.0.2.4:1" })
	wants(t, err, "join_failed")
}

func failing(err error) func(context.Context, Member) ([]byte, error) {
	return func(context.Context, Member) ([]byte, error) { return []byte("x"), err }
}
