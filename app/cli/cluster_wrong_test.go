package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"doorward/app"
	"doorward/build/need"
)

// What a person who reads the guide gets wrong: each is refused in a sentence that says what to do,
// with the exit code of its kind, and leaves nothing behind that keeps the right command from
// working.
func TestWrongWaysWithACluster(t *testing.T) {
	need.Time(t)
	t.Parallel()
	a := newHost(t, "a")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("dwjoin_x"), 0o600); err != nil {
		t.Fatal(err)
	}
	join := []string{"serve", "--token-file", token, "--join"}
	for _, tt := range []struct {
		words string
		exit  int
		args  []string
	}{
		{"is not a cluster's", 1, []string{"cluster", "token"}},
		{"is not a cluster's", 1, []string{"cluster", "list"}},
		{"is not a cluster's", 1, []string{"cluster", "recover"}},
		{"with --cluster-listen", 2, []string{"cluster", "init"}},
		{"--cluster-listen needs a host and a port", 2, []string{"cluster", "init", "--cluster-listen", "10.0.0.1"}},
		{"with --cluster-address", 2, []string{"cluster", "init", "--cluster-listen", ":9443"}},
		{"with --cluster-address", 2, []string{"cluster", "init", "--cluster-listen", "[::]:9443"}},
		{"with --join", 2, []string{"serve", "--token-file", token}},
		{"--join needs a host and a port", 2, append(join, "10.0.0.1", "--cluster-listen", a.at)},
		{"with --cluster-listen", 2, append(join, a.at)},
		{"join token is incomplete", 1, append(join, a.at, "--cluster-listen", a.at)},
		{"with --join", 2, []string{"cluster", "rejoin", "--token-file", token}},
		{"add --alone", 2, []string{"cluster", "leave"}},
	} {
		a.refuses(tt.words, tt.args...)
		_, _, err := a.try(tt.args...)
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != tt.exit {
			t.Errorf("doorward %v ends with %v, want %d", tt.args, err, tt.exit)
		}
	}
	a.run("cluster", "init", "--cluster-listen", a.at, "--machine", "a")
	a.refuses("has no copy of the cluster's data yet", "cluster", "recover")
	a.serve()
	a.become("a voter*")
	a.refuses("Another Doorward is using", "serve", "--listen", "127.0.0.1:0")
	a.refuses("stop it first", "cluster", "recover")
	out := strings.Split(strings.TrimSpace(a.run("cluster", "token")), "\n")
	if !strings.Contains(strings.Join(out, " "), "--join "+a.at) || !strings.HasPrefix(out[len(out)-1], "dwjoin_") {
		t.Errorf("the token comes with %q", out)
	}
	b := newHost(t, "b")
	b.join(a, a.token())
	a.become("a voter*", "b voter")
	if out := a.run("__complete", "cluster", "remove", ""); out != "b\n:4\n" { // 4: and no files
		t.Errorf("what can be removed is completed as %q", out)
	}
	away := filepath.Join(t.TempDir(), "away")
	b.stop()
	if err := os.Rename(filepath.Join(b.dir, app.ClusterDir), away); err != nil {
		t.Fatal(err)
	}
	b.refuses("doorward.cluster in it is missing", "members")
	b.refuses("doorward.cluster in it is missing", "serve", "--listen", "127.0.0.1:0")
	if err := os.Rename(away, filepath.Join(b.dir, app.ClusterDir)); err != nil {
		t.Fatal(err)
	}
	b.serve()
	a.become("a voter*", "b voter")
	a.kill()
	b.eventually("it says that nobody leads", func() bool {
		_, said, err := b.try("cluster", "list")
		return err == nil && strings.Contains(said, "No machine is in charge of the cluster right now")
	})
}
