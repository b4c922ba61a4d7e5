package cluster

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/private"
)

// Somebody who can read the directory would be the machine.
func TestTheFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "cluster")
	a := the(NewAuthority(noon))(t)
	m := the(Create(dir, a, "door-1", "192.0.2.1:8443", noon))(t)
	modes := func() {
		t.Helper()
		if info := the(os.Stat(dir))(t); private.Exposed(info) {
			t.Errorf("the directory has the mode %v", info.Mode())
		}
		for _, name := range allFiles {
			if info := the(os.Stat(filepath.Join(dir, name)))(t); private.Exposed(info) {
				t.Errorf("%s has the mode %v", name, info.Mode())
			}
		}
	}
	modes()
	for _, name := range allFiles {
		must(t, os.Chmod(filepath.Join(dir, name), 0o644))
	}
	must(t, os.Chmod(dir, 0o755))
	again := the(Open(dir))(t)
	modes()
	if again.Member("1", noon) != m.Member("1", noon) || again.Cluster() != a.Cluster() ||
		!again.Certificate().Equal(m.Certificate()) || again.Node() != m.Node() || !again.Authority().Equal(a.cert) {
		t.Error("it is another machine")
	}
	if text := string(the(a.Marshal())(t)); text == "" {
		t.Error("there is no authority")
	} else if key := text[strings.Index(text, "-----BEGIN PRIVATE"):]; key != "" {
		for _, name := range allFiles {
			if strings.Contains(string(the(os.ReadFile(filepath.Join(dir, name)))(t)), key) {
				t.Errorf("%s has the authority's key", name)
			}
		}
	}
}

// A crash, a full disk, a restored copy or somebody's hand has left a directory that is not
// what was written. It is refused, not mended.
func TestFilesThatAreNotWhole(t *testing.T) {
	a, b := the(NewAuthority(noon))(t), the(NewAuthority(noon))(t)
	put := func(name, content string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
		}
	}
	drop := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, name))) }
	}
	from := func(other *Authority, names ...string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			from := t.TempDir()
			the(Create(from, other, "x", "192.0.2.2:8443", noon))(t)
			for _, name := range names {
				must(t, os.WriteFile(filepath.Join(dir, name), the(os.ReadFile(filepath.Join(from, name)))(t), 0o600))
			}
		}
	}
	behind := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			at := filepath.Join(dir, name)
			must(t, os.WriteFile(at, append(the(os.ReadFile(at))(t), "more"...), 0o600))
		}
	}
	certified := func(change func(*x509.Certificate)) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			d := the(readDraft(dir))(t)
			cert := certify(t, a, d.key, d.node.Node, change)
			must(t, os.WriteFile(filepath.Join(dir, certificateFile), encodeCertificate(cert), 0o600))
		}
	}
	for name, tt := range map[string]struct {
		harm func(t *testing.T, dir string)
		want string
	}{
		"none":                        {func(*testing.T, string) {}, ""},
		"what a crash left beside":    {put("node.pem.new", "half"), ""},
		"no key":                      {drop(keyFile), "cluster_files_incomplete"},
		"no ids":                      {drop(nodeFile), "cluster_files_incomplete"},
		"no authority":                {drop(authorityFile), "cluster_files_incomplete"},
		"no certificate":              {drop(certificateFile), "cluster_files_incomplete"},
		"a foreign file":              {put("members.db", ""), "cluster_dir_not_empty"},
		"a hidden file":               {put(".DS_Store", ""), "cluster_dir_not_empty"},
		"an empty key":                {put(keyFile, ""), "cluster_files_damaged"},
		"empty ids":                   {put(nodeFile, ""), "cluster_files_damaged"},
		"an empty authority":          {put(authorityFile, ""), "cluster_files_damaged"},
		"an empty certificate":        {put(certificateFile, ""), "cluster_files_damaged"},
		"something behind the key":    {behind(keyFile), "cluster_files_damaged"},
		"something behind the ids":    {behind(nodeFile), "cluster_files_damaged"},
		"two authorities":             {behind(authorityFile), "cluster_files_damaged"},
		"something behind the last":   {behind(certificateFile), "cluster_files_damaged"},
		"ids of another form":         {put(nodeFile, `{"cluster":"a","node":"b"}`), "cluster_files_damaged"},
		"ids with more":               {put(nodeFile, `{"more":1}`), "cluster_files_damaged"},
		"a file that is too long":     {put(keyFile, strings.Repeat(" ", maxFile+1)), "cluster_files_damaged"},
		"another machine's key":       {from(a, keyFile), "cluster_files_foreign"},
		"another machine's ids":       {from(a, nodeFile), "cluster_files_foreign"},
		"another machine's, both":     {from(a, certificateFile), "cluster_files_foreign"},
		"another cluster's authority": {from(b, authorityFile), "cluster_files_foreign"},
		"all but the key of another":  {from(b, nodeFile, authorityFile, certificateFile), "cluster_files_foreign"},
		"a whole other machine":       {from(b, allFiles...), ""},
		"a certificate for servers": {certified(func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}), "cluster_files_foreign"},
		"a certificate with more names": {certified(func(c *x509.Certificate) {
			c.DNSNames = append(c.DNSNames, "x."+a.cluster.serverName())
		}), "cluster_files_foreign"},
		"an expired certificate": {certified(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = noon.Add(-2*time.Minute), noon.Add(-time.Minute)
		}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cluster")
			the(Create(dir, a, "door-1", "192.0.2.1:8443", noon))(t)
			tt.harm(t, dir)
			_, err := Open(dir)
			wants(t, err, tt.want)
			if err != nil && !strings.Contains(err.Error(), dir) {
				t.Errorf("it does not say where: %v", err)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); access.Explain(err).Code != "cluster_not_a_member" {
		t.Errorf("no directory: %v", err)
	}
}

// A machine is made a second time where one is already, or where something else is.
func TestAMachineIsMadeInAnEmptyDirectory(t *testing.T) {
	a := the(NewAuthority(noon))(t)
	dir := t.TempDir()
	m := the(Create(dir, a, "door-1", "192.0.2.1:8443", noon))(t)
	_, err := Create(dir, a, "door-1", "192.0.2.1:8443", noon)
	wants(t, err, "cluster_member_already")
	if again := the(Open(dir))(t); again.Node() != m.Node() {
		t.Error("it was made anew")
	}
	full := t.TempDir()
	must(t, os.WriteFile(filepath.Join(full, "doorward.toml"), nil, 0o600))
	_, err = Create(full, a, "door-1", "192.0.2.1:8443", noon)
	wants(t, err, "cluster_dir_not_empty")
	fresh := filepath.Join(t.TempDir(), "fresh")
	_, err = Create(fresh, a, "-", "192.0.2.1:8443", noon)
	wants(t, err, "node_name_invalid")
	if _, err := os.Stat(fresh); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refusal has made the directory: %v", err)
	}
}

// The machine stops after each of the files that a join writes. The next try goes on with the
// same key, which the cluster perhaps knows already; or begins anew where it cannot know any.
func TestAnUnfinishedTryGoesOn(t *testing.T) {
	a := the(NewAuthority(noon))(t)
	for _, tt := range []struct {
		name string
		left []string
		same bool
	}{
		{"the key", []string{keyFile}, false},
		{"the key and the ids", []string{keyFile, nodeFile}, true},
		{"all but the certificate", []string{keyFile, nodeFile, authorityFile}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			first := the(newDraft(dir, a.Cluster(), "a", "192.0.2.1:8443"))(t)
			must(t, first.save())
			must(t, write(dir, authorityFile, encodeCertificate(a.cert)))
			for _, name := range allFiles {
				if !strings.Contains(strings.Join(tt.left, " "), name) {
					os.Remove(filepath.Join(dir, name))
				}
			}
			again := the(newDraft(dir, a.Cluster(), "b", "192.0.2.2:8443"))(t)
			if same := again.key.Equal(first.key) && again.node.Node == first.node.Node; same != tt.same {
				t.Errorf("it has the same key: %v, want %v", same, tt.same)
			}
			if again.node.Name != "b" || again.node.Address != "192.0.2.2:8443" {
				t.Errorf("it goes on as %+v", again.node)
			}
			_, err := newDraft(dir, ID(access.NewID()), "b", "192.0.2.2:8443")
			wants(t, err, map[bool]string{true: "cluster_dir_not_empty"}[tt.same])
		})
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, nodeFile), nil, 0o600))
	_, err := newDraft(dir, a.Cluster(), "b", "192.0.2.2:8443")
	wants(t, err, "cluster_files_damaged")
}

// A certificate is renewed while it is in use, and what is not the next one is refused.
func TestRenewal(t *testing.T) {
	a, b := the(NewAuthority(noon))(t), the(NewAuthority(noon))(t)
	dir := t.TempDir()
	m := the(Create(dir, a, "a", "192.0.2.1:8443", noon))(t)
	first := m.Certificate()
	for _, tt := range []struct {
		name string
		at   time.Time
		due  bool
	}{
		{"a new one", noon, false},
		{"a moment more than 30 days before its end", first.NotAfter.Add(-RenewBefore - 1), false},
		{"30 days before its end", first.NotAfter.Add(-RenewBefore), true},
		{"after its end", first.NotAfter.Add(1), true},
	} {
		if due := m.RenewalDue(tt.at); due != tt.due {
			t.Errorf("%s: due is %v", tt.name, due)
		}
	}
	at := first.NotAfter.Add(-RenewBefore)
	r := the(ParseRequest(the(m.Request())(t)))(t)
	next := the(a.Renew(m.Member("", noon), r, at))(t)
	foreign := certify(t, b, m.key, m.Node(), nil)
	another := the(Create(t.TempDir(), a, "b", "192.0.2.2:8443", at))(t)
	for name, cert := range map[string]*x509.Certificate{
		"another cluster's": foreign,
		"another machine's": another.Certificate(),
		"one for another id": certify(t, a, m.key, another.Node(), func(c *x509.Certificate) {
			c.NotAfter = at.Add(certificateTTL)
		}),
		"one that ends before": certify(t, a, m.key, m.Node(), func(c *x509.Certificate) {
			c.NotAfter = first.NotAfter.Add(-time.Second)
		}),
		"one that begins later": certify(t, a, m.key, m.Node(), func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = at.Add(time.Second), at.Add(certificateTTL)
		}),
	} {
		if err := m.Renew(cert, at); err == nil || m.Certificate() != first {
			t.Errorf("%s is taken: %v", name, err)
		}
	}
	must(t, m.Renew(next, at))
	if got := the(Open(dir))(t).Certificate(); !got.Equal(next) || !m.Certificate().Equal(next) {
		t.Error("the next one is not kept, or not in use")
	}
	must(t, os.RemoveAll(dir))
	if err := m.Renew(the(a.Issue(r, at.Add(time.Hour)))(t), at.Add(time.Hour)); err == nil {
		t.Error("one that could not be written is in use")
	}
	if !m.Certificate().Equal(next) {
		t.Error("it is in use without being kept")
	}
}

// A machine was off for a year, or its clock is wrong: the sentence says which, and names both
// times.
func TestCertificatesOutOfTimeAreExplained(t *testing.T) {
	a, b := the(NewAuthority(noon))(t), the(NewAuthority(noon))(t)
	m := the(Create(t.TempDir(), a, "a", "192.0.2.1:8443", noon))(t)
	end := m.Certificate().NotAfter
	for _, tt := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"a moment before it begins", noon.Add(-backdate - 1), "The certificate is not valid before 30 April 2030 " +
			"at 12:00 UTC, and the clock says 30 April 2030 at 11:59 UTC. Check the clocks of both machines."},
		{"when it begins", noon.Add(-backdate), ""},
		{"in its last moment", end, ""},
		{"a moment after its end", end.Add(1), "The certificate expired on 1 May 2031 at 12:00 UTC, and the clock " +
			"says 1 May 2031 at 12:00 UTC. Check the clocks; if they are right, remove the machine and let it join " +
			"again."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said := ""
			if err := m.Check(tt.at); err != nil {
				said = err.Error()
			}
			if said != tt.want {
				t.Errorf("Check = %q, want %q", said, tt.want)
			}
		})
	}
	wants(t, m.valid(certify(t, b, m.key, m.Node(), nil), noon), "certificate_of_another_cluster")
}
