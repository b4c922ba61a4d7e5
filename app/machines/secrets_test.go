package machines

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"doorward/app"
	"doorward/backend/access"
	"doorward/backend/cluster"
)

// secretsOf are those of the cluster of a machine, and in which files they may be.
func secretsOf(t *testing.T, s *site, token string) map[string][]string {
	t.Helper()
	a, err := s.m.authority(t.Context())
	must(t, err)
	text, err := a.Marshal()
	must(t, err)
	parsed, err := cluster.ParseToken(token)
	must(t, err)
	key := s.store.InstanceKey()
	return map[string][]string{
		"PRIVATE KEY":              {"node.key"},
		string(text[len(text)/2:]): nil, // the authority's
		parsed.Secret.Reveal():     nil,
		token:                      nil,
		string(key):                nil,
		hex.EncodeToString(key):    {"instance.key"},
	}
}

// keeps fails the test unless other users can read none of the files in a data directory, and the
// secrets are where they may be.
func keeps(t *testing.T, when, data string, secrets map[string][]string) {
	t.Helper()
	must(t, filepath.WalkDir(data, func(at string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
			t.Errorf("%s, others can use %s: %v", when, at, mode)
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		for secret, where := range secrets {
			if bytes.Contains(text, []byte(secret)) && (len(where) == 0 || where[0] != e.Name()) {
				t.Errorf("%s, %s has %.12q", when, at, secret)
			}
		}
		return nil
	}))
}

// Somebody looks through the files of machines: of one that runs, that has joined again and put
// aside what it had, that goes on alone, and that has left. The authority's key and join tokens
// are in none of them as they are, and what has left has no key by which it was a machine.
func TestTheFilesOfAMachineAreItsOwn(t *testing.T) {
	a := first(t)
	token := a.token()
	secrets := secretsOf(t, a, token)
	b := newSite(t, "b")
	must(t, Cluster{}.Join(t.Context(), b.o, a.o.Listen, token))
	keeps(t, "before its first start", b.o.Data, secrets)
	b.start()
	a.votes("a", "b")
	keeps(t, "as it runs", a.o.Data, secrets)
	keeps(t, "as it runs", b.o.Data, secrets)
	must(t, Cluster{}.Remove(t.Context(), a.o.Data, "b"))
	a.votes("a")
	b.stop()
	aside, err := Cluster{}.Rejoin(t.Context(), b.o, a.o.Listen, a.token())
	must(t, err)
	if _, err := os.Stat(within(aside, "instance.key")); err != nil {
		t.Errorf("nothing was put aside: %v", err)
	}
	keeps(t, "after it has joined again", b.o.Data, secrets)
	b.start()
	a.votes("a", "b")
	a.stop()
	b.stop()
	must(t, Cluster{}.Recover(t.Context(), b.o))
	keeps(t, "as it goes on alone", b.o.Data, secrets)
	must(t, Cluster{}.Leave(t.Context(), a.o))
	secrets["PRIVATE KEY"] = nil
	keeps(t, "after it has left", a.o.Data, secrets)
}

// Strangers show tokens that nobody has made to a machine that does not lead, which waits for its
// copy to have them. Whoever has a token is told all the same where to join.
func TestStrangersLeaveRoomToJoin(t *testing.T) {
	a := first(t)
	b := a.joined("b")
	a.votes("a", "b")
	token, err := cluster.ParseToken(a.token())
	must(t, err)
	eventually(t, "b has the token", func() bool {
		known, err := has(t.Context(), b.store, token.Secret.Hash())
		return known && err == nil
	})
	r := registry{b.m}
	admit := func(s access.Secret) error {
		return r.Admit(t.Context(), s.Hash(), func(*cluster.Admission) error {
			return access.Errorf(access.Forbidden, "unknown").WithCode("unknown")
		})
	}
	b.m.joining.Store(maxWaiting) // strangers
	wantRefusal(t, admit(access.NewSecret()), "join_busy")
	wantRefusal(t, admit(token.Secret), "join_elsewhere")
	b.m.joining.Add(-1)
	wantRefusal(t, admit(access.NewSecret()), "unknown")
	if n := b.m.joining.Load(); n != maxWaiting-1 {
		t.Errorf("%d wait, want %d", n, maxWaiting-1)
	}
}

// A machine leaves, and is killed when it is none any more and still has its key. Whoever runs the
// command again is told that there is no cluster here, and has no key either.
func TestAKilledLeaveKeepsNoKey(t *testing.T) {
	s := newSite(t, "a")
	must(t, Cluster{}.Init(t.Context(), s.o))
	must(t, os.Rename(within(s.o.Data, app.ClusterDir), within(s.o.Data, app.ClusterDir+".gone")))
	wantRefusal(t, Cluster{}.Leave(t.Context(), s.o), "cluster_none")
	keeps(t, "after the second try", s.o.Data, map[string][]string{"PRIVATE KEY": nil})
}
