package e2e

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// within starts the program from a shell that first runs a command, such as ulimit.
func (p *running) within(t *testing.T, before string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "doorward")
	script := fmt.Sprintf("#!/bin/sh\n%s || exit 99\nexec '%s' \"$@\"\n", before, p.Program)
	if err := os.WriteFile(name, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	p.Program = name
}

// Hostile beginnings of requests: nothing, half a header, an announced body that does
// not come, a compressed one, and endless chunks.
func hostile(t *testing.T) []string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for range 64 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	const post = "POST /login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	return []string{
		"", "GET /login HT", post + "Content-Length: 1048576\r\n\r\na", post + "Content-Length: 16000\r\n\r\na",
		"POST /api/v1/invitations/batch HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n" +
			"Content-Length: 1048576\r\n\r\n[",
		post + fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", packed.Len()) +
			packed.String()[:min(packed.Len(), 16000)],
		post + "Transfer-Encoding: chunked\r\n\r\n3e80\r\na",
	}
}

// besiege opens n hostile connections, each from an address of its own.
func (p *running) besiege(t *testing.T, n int) (held []net.Conn) {
	t.Helper()
	texts := hostile(t)
	for i := range n {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 9, byte(i>>8), byte(i))}, Timeout: product.Patience}
		c, err := d.Dial("tcp", p.Listen)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		held = append(held, c)
		fmt.Fprint(c, strings.ReplaceAll(texts[i%len(texts)], "%s", p.Listen)) // the server may close it at once
	}
	t.Cleanup(func() {
		for _, c := range held {
			c.Close()
		}
	})
	return held
}

// signsIn asks for the sign-in page on a connection of its own.
func (p *running) signsIn() error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: product.Patience}
	resp, err := client.Get(p.URL + "/login")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || !strings.Contains(string(page), `name="email"`)) {
		err = fmt.Errorf("the sign-in page is %s: %.200s", resp.Status, page)
	}
	return err
}

func (p *running) mustLive(t *testing.T) {
	t.Helper()
	select {
	case err := <-p.Exited:
		t.Fatalf("the server ended: %v", err)
	default:
	}
}

// Strangers open more connections than the process may have files. It once ended after
// five seconds. Now others are answered meanwhile, the store can open its files, and
// all is as before once the strangers are gone.
func TestMoreConnectionsThanFiles(t *testing.T) {
	p := newProduct(t)
	p.within(t, "ulimit -n 256")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	p.must(t, "setup", "--email", "grace@example.org")
	held := p.besiege(t, 600)
	for range 20 {
		if err := p.signsIn(); err != nil {
			t.Fatalf("beside 600 strangers: %v", err)
		}
	}
	// over the operator's socket, into the store
	if _, err := p.Do("invite", "ada@example.com", "--role", "Fleet"); err != nil {
		t.Errorf("beside 600 strangers: %v", err)
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Server.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if len(open) > 256-32 {
		t.Errorf("%d of 256 files are open: the store is left with too few", len(open))
	}
	for _, c := range held {
		c.Close()
	}
	if err := product.Eventually("the server answers", p.signsIn); err != nil {
		t.Error(err)
	}
	p.mustLive(t)
	if err := p.Stop(); err != nil {
		t.Errorf("the server ended badly: %v", err)
	}
}

// A container of 128 MB; strangers hold 300 connections, each with a request that
// is large, compressed or endless, while people use the server. 36 KB in all once made
// the kernel kill it.
func TestStrangersInASmallContainer(t *testing.T) {
	p := newProduct(t)
	group := memoryGroup(t, 128<<20)
	p.within(t, "echo $$ > "+filepath.Join(group, "cgroup.procs"))
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Do("setup", "--email", "grace@example.com", "--name", "Grace"); err != nil {
		t.Fatal(err)
	}
	for round := range 4 {
		held := p.besiege(t, 300)
		for i := range 10 {
			if err := p.signsIn(); err != nil {
				t.Errorf("beside 300 strangers: %v", err)
			}
			if _, err := p.Do("invite", fmt.Sprintf("m%d-%d@example.com", round, i), "--role", "Fleet"); err != nil {
				t.Errorf("beside 300 strangers: %v", err)
			}
			p.mustLive(t)
		}
		for _, c := range held {
			c.Close()
		}
	}
	s, err := p.Do("members", "--limit", "200")
	if err != nil || strings.Count(s.Out, "@example.com") < 41 {
		t.Errorf("not all invitations are there: %v\n%s", err, s.Out)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("the server ended badly: %v", err)
	}
}

// memoryGroup is a cgroup with a memory limit, removed after the test.
func memoryGroup(t *testing.T, bytes int) string {
	t.Helper()
	var errs []error
	for _, kind := range []struct{ in, file string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
		{"/sys/fs/cgroup", "memory.max"},
	} {
		dir := filepath.Join(kind.in, fmt.Sprintf("doorward-%d-%d", os.Getpid(), time.Now().UnixNano()))
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			t.Cleanup(func() { product.Eventually("the cgroup is gone", func() error { return os.Remove(dir) }) })
			err = os.WriteFile(filepath.Join(dir, kind.file), fmt.Append(nil, bytes), 0o644)
		}
		if err == nil {
			return dir
		}
		errs = append(errs, err)
	}
	need.Impossible(t, "A container of 128 MB takes the right to make control groups (%v). "+
		"That memory follows such a limit: TestMemoryFollowsTheLimit in app.", errors.Join(errs...))
	return ""
}
