package e2e

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// The Debian package of the server is made as make package makes it, and installed by dpkg into a
// root of its own. Two machines of a cluster run from there, with what the unit and its drop-in
// set; systemd itself is not there, so its part is done by the test: the environment, and the
// join token as a credential.
func TestServerPackage(t *testing.T) {
	one, two := product.NewMachine(t, "one"), product.NewMachine(t, "two")
	root := installed(t)
	for _, file := range []string{"haproxy.cfg", "Caddyfile", "nginx.conf", "compose.yaml",
		"doorward.service.d/cluster.conf"} {
		isOf(t, filepath.Join(root, "usr/share/doc/doorward/cluster", file), "../../build/cluster/"+file)
	}
	unit := lines(t, filepath.Join(root, "usr/lib/systemd/system/doorward.service"))
	if !slices.Contains(unit, "ExecStart=/usr/bin/doorward serve") {
		t.Errorf("the unit has %q", unit)
	}
	dropIn := lines(t, filepath.Join(root, "usr/share/doc/doorward/cluster/doorward.service.d/cluster.conf"))
	place := strings.NewReplacer("10.0.0.1:9443", one.At, "10.0.0.2:9443", two.At)
	for _, m := range []*product.Machine{one, two} {
		m.Within = []string{"sh", "-c", `shift; exec "` + filepath.Join(root, "usr/bin/doorward") + `" "$@"`, "sh"}
		m.Dir = filepath.Join(filepath.Dir(m.Dir), "var/lib/doorward/data")
		if err := os.MkdirAll(filepath.Dir(m.Dir), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, line := range append(slices.Clone(unit), dropIn...) {
			set, ok := strings.CutPrefix(line, "Environment=")
			if ok && (m == two || !strings.HasPrefix(set, "DOORWARD_JOIN=")) {
				set = strings.Replace(set, "=/var/lib/doorward/data", "="+m.Dir, 1)
				m.Env = append(m.Env, place.Replace(set))
			}
		}
	}
	one.Env = slices.DeleteFunc(one.Env, func(v string) bool { return v == "DOORWARD_CLUSTER_LISTEN="+two.At })
	one.Env = append(one.Env, "DOORWARD_CLUSTER_LISTEN="+one.At)

	shows(t, root, one)
	one.Do("setup", "--email", "ada@example.com")
	one.Do("cluster", "init", "--cluster-listen", one.At)
	one.Serve()
	token := strings.Split(strings.TrimSpace(one.Do("cluster", "token")), "\n")
	credentials := t.TempDir()
	if !slices.Contains(dropIn, "LoadCredential=join_token:/etc/doorward.join_token") {
		t.Errorf("the drop-in has %q", dropIn)
	}
	if err := os.WriteFile(filepath.Join(credentials, "join_token"), []byte(token[len(token)-1]), 0o400); err != nil {
		t.Fatal(err)
	}
	two.Env = append(two.Env, "CREDENTIALS_DIRECTORY="+credentials)
	two.Serve("--machine", "two") // both are on one host, whose name the first one has
	one.Await(func(all []product.Seen) bool {
		return len(all) == 2 && all[0].Role == "voter" && all[1].Role == "voter"
	})
	two.Stop()
	two.Serve() // with the token that it has used
	if out := two.Do("members"); !strings.Contains(out, "ada@example.com") {
		t.Errorf("the second machine answers %s", out)
	}
	two.Stop()
}

// installed is a root into which dpkg has installed the server's package.
func installed(t *testing.T) (root string) {
	t.Helper()
	need.Program(t, "dpkg", "dpkg-deb")
	program, err := product.Build()
	if err != nil {
		t.Fatal(err)
	}
	out, root := t.TempDir(), t.TempDir()
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "BIN="+program, "OUT="+out+"/")
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, said)
		}
	}
	run("../../build/package/all", "1.2.3", "server")
	for _, dir := range []string{"updates", "info", "triggers"} {
		if err := os.MkdirAll(filepath.Join(root, "var/lib/dpkg", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	run("dpkg", "--root="+root, "--log="+filepath.Join(out, "log"), "--force-not-root,depends,script-chrootless",
		"--install", filepath.Join(out, "doorward_1.2.3_amd64.deb"))
	return root
}

// shows checks that the completions and the manual page know the commands about a cluster.
func shows(t *testing.T, root string, m *product.Machine) {
	t.Helper()
	known := m.Do("__complete", "cluster", "")
	page := unpacked(t, filepath.Join(root, "usr/share/man/man1/doorward.1.gz"))
	for _, verb := range []string{"init", "token", "list", "remove", "recover", "leave", "rejoin"} {
		if !strings.Contains(known, verb+"\t") {
			t.Errorf("cluster %s is not completed: %s", verb, known)
		}
		if !strings.Contains(page, `.SS "doorward cluster `+verb+`"`) {
			t.Errorf("the manual page lacks cluster %s", verb)
		}
	}
	for _, file := range []string{"bash-completion/completions/doorward", "zsh/vendor-completions/_doorward",
		"fish/vendor_completions.d/doorward.fish"} {
		text := lines(t, filepath.Join(root, "usr/share", file))
		if !slices.ContainsFunc(text, func(l string) bool { return strings.Contains(l, "__complete") }) {
			t.Errorf("%s does not ask the program", file)
		}
	}
}

func unpacked(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

func isOf(t *testing.T, name, source string) {
	t.Helper()
	got, err := os.ReadFile(name)
	want, sourceErr := os.ReadFile(source)
	if err := errors.Join(err, sourceErr); err != nil || string(got) != string(want) {
		t.Errorf("%s is not %s: %v", name, source, err)
	}
}
