package hostile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// A front is a real proxy before a Doorward, as people run it.
type front struct {
	name, listen string
}

// fronted is a Doorward behind nginx or HAProxy, with a tap between the two that
// records what the front sent and how it was answered.
func fronted(t *testing.T, name string) (*target, *front, *tap) {
	t.Helper()
	program := need.Program(t, name, name)
	h := openWithAdmin(t, "--trusted-proxies", "127.0.0.1")
	tap := newTap(t, h.Listen)
	f := &front{name, need.Address(t)}
	dir, err := os.MkdirTemp("", "dwfront")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, name+".conf")
	text, args := "", []string{}
	switch name {
	case "nginx":
		text = fmt.Sprintf(nginxConfig, dir, dir, dir, dir, dir, dir, dir, tap.listen, f.listen, h.Listen)
		args = []string{"-p", dir, "-c", config, "-e", filepath.Join(dir, "error.log")}
	case "haproxy":
		text = fmt.Sprintf(haproxyConfig, f.listen, h.Listen, tap.listen)
		args = []string{"-db", "-f", config}
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	var said product.Transcript
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said.String())
		}
	})
	if err := product.Eventually(name+" answers", func() error {
		resp, err := http.Get("http://" + f.listen + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != 200 {
			return fmt.Errorf("%s", resp.Status)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return h, f, tap
}

const nginxConfig = `
daemon off;
master_process off;
pid %s/pid;
error_log stderr warn;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %s/body;
	proxy_temp_path %s/proxy;
	fastcgi_temp_path %s/fastcgi;
	uwsgi_temp_path %s/uwsgi;
	scgi_temp_path %s/scgi;
	# %s
	upstream doorward { server %s; keepalive 8; }
	server {
		listen %s;
		location / {
			proxy_pass http://doorward;
			proxy_http_version 1.1;
			proxy_request_buffering off;
			proxy_set_header Connection "";
			proxy_set_header Host %s;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		}
	}
}
`

const haproxyConfig = `
global
	maxconn 256
defaults
	mode http
	timeout connect 10s
	timeout client 60s
	timeout server 60s
	option http-keep-alive
frontend in
	bind %s
	option forwardfor
	http-request set-header Host %s
	default_backend doorward
backend doorward
	http-reuse always
	server one %s
`

// A tap forwards connections and records what went each way.
type tap struct {
	listen string

	mu    sync.Mutex
	conns []*tapped
}

// tapped is one connection from the front to the server.
type tapped struct {
	asked    bytes.Buffer // what the front sent on
	answered int          // answers that came back, without those that only say: go on
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &tap{listen: l.Addr().String()}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			go p.pass(in, out)
		}
	}()
	return p
}

func (p *tap) pass(in, out net.Conn) {
	defer in.Close()
	defer out.Close()
	one := &tapped{}
	p.mu.Lock()
	p.conns = append(p.conns, one)
	p.mu.Unlock()
	go func() {
		defer out.Close()
		buf := make([]byte, 32<<10)
		for {
			n, err := in.Read(buf)
			p.mu.Lock()
			one.asked.Write(buf[:n])
			p.mu.Unlock()
			if _, bad := out.Write(buf[:n]); err != nil || bad != nil {
				return
			}
		}
	}()
	back := bufio.NewReader(io.TeeReader(out, in))
	for {
		resp, err := http.ReadResponse(back, nil)
		if err != nil {
			return
		}
		io.Copy(io.Discard, resp.Body)
		if resp.StatusCode >= 200 {
			p.mu.Lock()
			one.answered++
			p.mu.Unlock()
		}
	}
}

// faults are the connections with more answers than the front sent requests.
func (p *tap) faults() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		if sent := requests(c.asked.String()); c.answered > sent {
			all = append(all, fmt.Sprintf("%d requests were sent on, and %d were answered: %q",
				sent, c.answered, c.asked.String()))
		}
	}
	return all
}

// carried is the number of requests on all connections.
func (p *tap) carried() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		n += requests(c.asked.String())
	}
	return n
}
