package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// A smallDisk is a small file system that the test fills.
type smallDisk struct {
	t   *testing.T
	dir string
}

func newSmallDisk(t *testing.T, bytes int64) *smallDisk {
	t.Helper()
	dir, err := os.MkdirTemp("", "dwd")
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", bytes)); err != nil {
		os.Remove(dir)
		need.Impossible(t,
			"Only root can make a small disk (mount: %v). With a disk that is made up: TestDiskFills in "+
				"backend/store/kv.", err)
	}
	d := &smallDisk{t, dir}
	t.Cleanup(func() {
		if err := errors.Join(syscall.Unmount(dir, 0), os.Remove(dir)); err != nil {
			t.Errorf("the small disk stays behind: %v", err)
		}
	})
	return d
}

// leave fills the disk until the given number of bytes is free.
func (d *smallDisk) leave(bytes int64) {
	d.t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &st); err != nil {
		d.t.Fatal(err)
	}
	f, err := os.CreateTemp(d.dir, "full-")
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Fallocate(int(f.Fd()), 0, 0, int64(st.Bavail)*st.Bsize-bytes); err != nil {
		d.t.Fatal(err)
	}
}

// empty removes what leave wrote.
func (d *smallDisk) empty() {
	d.t.Helper()
	names, err := filepath.Glob(filepath.Join(d.dir, "full-*"))
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// The disk fills to the last byte while the server runs, and is emptied again. The
// server refuses changes and says why, lets people read and sign out, does not crash,
// and accepts changes again by itself.
func TestDiskFillsWhileServing(t *testing.T) {
	t.Parallel()
	disk := newSmallDisk(t, 500<<20)
	p := newProduct(t, "--min-free", "128MiB")
	p.Dir = filepath.Join(disk.dir, "data")
	p.Env = append(p.Env, "DOORWARD_DATA="+p.Dir)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	c := &fixture{t, p, map[string]string{}}
	link := product.LinkInEmail.FindString(c.do("setup", "--email", "grace@example.org", "--name", "Grace Hopper"))
	first, second := c.browser(), c.browser()
	c.press(first, link, link, nil, "Hello, Grace")
	link = product.LinkInEmail.FindString(c.do("login-link", "grace@example.org"))
	c.press(second, link, link, nil, "Hello, Grace")
	c.do("invite", "ada@example.com", "--role", "Fleet")
	c.do("approve", "ada@example.com")
	pid := p.Server.Process.Pid

	const sentence = "The server's disk is nearly full, so nothing can be changed right now."
	readyz := func(status int, says string) {
		t.Helper()
		if err := product.Eventually("readyz says "+says, func() error {
			code, text, err := fetch(http.DefaultClient, p.URL+"/readyz")
			if err == nil && (code != status || !strings.Contains(text, says)) {
				err = fmt.Errorf("%d %s", code, text)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(args ...string) {
		t.Helper()
		if s, err := p.Run(args...); err != nil || s.Code != 1 || !strings.Contains(s.Err, sentence) {
			t.Errorf("doorward %s = %+v, %v, want the sentence", strings.Join(args, " "), s, err)
		}
	}
	reads := func(b *http.Client) {
		t.Helper()
		for path, says := range map[string]string{
			"/":               "Hello, Grace",
			"/api/v1/members": "ada@example.com",
			"/healthz":        "ok",
			"/login":          "",
		} {
			if code, text, err := fetch(b, p.URL+path); err != nil || code != http.StatusOK ||
				!strings.Contains(text, says) {
				t.Errorf("GET %s on a full disk = %d, %v: %.300s", path, code, err, text)
			}
		}
		c.do("members")
		c.do("audit")
	}

	disk.leave(100 << 20) // below the minimum
	readyz(http.StatusServiceUnavailable, sentence)
	refused("invite", "eve@example.com", "--role", "Fleet")
	refused("unsuspend", "ada@example.com")
	c.press(
		c.browser(),
		p.URL+"/login",
		p.URL+"/login",
		url.Values{"email": {"ada@example.com"}},
		"Changes are not possible right now",
	)
	reads(first)
	c.do("suspend", "ada@example.com") // removing rights still works
	c.press(first, p.URL+"/", p.URL+"/logout", nil, "You are signed out")
	if _, text, err := fetch(first, p.URL+"/"); err != nil || strings.Contains(text, "Hello") {
		t.Errorf("signed out on a full disk, and still in (%v)", err)
	}

	disk.leave(0) // to the last byte: space for removing rights is reserved
	refused("invite", "eve@example.com", "--role", "Fleet")
	reads(second)
	c.press(second, p.URL+"/", p.URL+"/logout", nil, "You are signed out")
	if _, text, err := fetch(second, p.URL+"/"); err != nil || strings.Contains(text, "Hello") {
		t.Errorf("signed out on a full disk, and still in (%v)", err)
	}

	disk.empty()
	readyz(http.StatusOK, "ready")
	c.do("invite", "eve@example.com", "--role", "Fleet")
	c.do("unsuspend", "ada@example.com")
	if p.Server.Process.Pid != pid || p.Server.ProcessState != nil {
		t.Error("the server is not the one it was")
	}
	c.do("verify")
	c.do("audit", "verify")
	if err := p.Stop(); err != nil {
		t.Errorf("the server did not stop in order: %v", err)
	}
}

func fetch(b *http.Client, url string) (status int, text string, err error) {
	r, err := b.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return r.StatusCode, string(body), err
}
