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
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

// A front is a real proxy before a Doorward, as people run it.
type front struct {
	name, listen string
}

// fronted is a Doorward behind nginx or HAProxy. Between the two stands a tap,
// which notes what the front sent on and how it was answered.
func fronted(t *testing.T, name string) (*house, *front, *tap) {
	t.Helper()
	h := furnish(t, "--trusted-proxies", "127.0.0.1")
	tap := newTap(t, h.Listen)
	f := &front{name, freePort(t)}
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
	program, err := exec.LookPath(name)
	if err != nil {
		program, err = exec.LookPath(filepath.Join("/usr/sbin", name)) // where only root looks
	}
	if err != nil {
		t.Fatalf("%s is not installed: build/deps test installs it", name)
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

// A tap passes connections on and keeps what went each way on each.
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

// faults are the connections on which more was answered than the front had sent.
func (p *tap) faults() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		if sent := requests(c.asked.String()); c.answered > sent {
			all = append(all, fmt.Sprintf("%d requests were sent on, and %d were answered: %q", sent, c.answered, c.asked.String()))
		}
	}
	return all
}

// carried is how many requests there were on all connections.
func (p *tap) carried() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		n += requests(c.asked.String())
	}
	return n
}

// probes are requests that two readers may cut apart in two places. MARK is the
// request that is hidden in the body; HOST is the server.
var probes = map[string]string{
	"a length, and chunks":        "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: BODY\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nMARK",
	"chunks, and a length":        "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nMARK",
	"chunked twice":               "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"chunked, and unknown":        "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked, cow\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"an unknown encoding":         "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: xchunked\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"white space before a colon":  "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding : chunked\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"a length before a colon":     "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length : BODY\r\n\r\n0\r\n\r\nMARK",
	"a tab in the value":          "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding:\tchunked\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"a folded line":               "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"two lengths":                 "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"lengths in one line":         "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5, BODY\r\n\r\n0\r\n\r\nMARK",
	"a length with a sign":        "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: +5\r\n\r\n0\r\n\r\nMARK",
	"a length in octal":           "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0x5\r\n\r\n0\r\n\r\nMARK",
	"HTTP/1.0, with chunks":       "POST /login HTTP/1.0\r\nHost: HOST\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nMARK",
	"bare line feeds":             "POST /login HTTP/1.1\nHost: HOST\nContent-Length: 5\n\n0\r\n\r\nMARK",
	"a bare line feed between":    "POST /login HTTP/1.1\r\nHost: HOST\r\nX: y\nTransfer-Encoding: chunked\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"a bare carriage return":      "POST /login HTTP/1.1\r\nHost: HOST\r\nX: y\rTransfer-Encoding: chunked\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"two hosts":                   "GET /login HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"a chunk size with a tail":    "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5;\nxx\r\n12345\r\n0\r\n\r\nMARK",
	"a chunk size in sixteens":    "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n12345\r\n0\r\n\r\nMARK",
	"a chunk that ends otherwise": "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345XX0\r\n\r\nMARK",
	"a trailer with a length":     "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\nMARK",
	"a body with GET":             "GET /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"a header without a colon":    "GET /login HTTP/1.1\r\nHost: HOST\r\nX-Odd\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"expecting to go on":          "POST /login HTTP/1.1\r\nHost: HOST\r\nExpect: 100-continue\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
	"an upgrade":                  "GET /login HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: BODY\r\n\r\n0\r\n\r\nMARK",
}

// probe spells one of them, with a hidden request for /MARK.
func probe(text, host, mark string) string {
	hidden := "GET /" + mark + " HTTP/1.1\r\nHost: " + host + "\r\nX-Hidden: 1\r\n\r\n"
	return strings.NewReplacer("HOST", host, "MARK", hidden, "BODY", fmt.Sprint(5+len(hidden))).Replace(text)
}

var _ = item("framing behind nginx", "requests that a proxy and the server cut apart in two places (26 probes)", smuggledThroughNginx)
var _ = item("framing behind HAProxy", "requests that a proxy and the server cut apart in two places (26 probes)", smuggledThroughHAProxy)

// The front sees one request and sends it on; the server sees two, and answers
// the second to whoever asks next on the same connection. After each probe honest
// requests go over the connections that the front shares: each has to get its own
// kind of answer (the hidden request would get a page, and they get JSON), and on
// no connection may more be answered than the front had sent.
func smuggledThroughNginx(t *testing.T)   { smuggledThrough(t, "nginx") }
func smuggledThroughHAProxy(t *testing.T) { smuggledThrough(t, "haproxy") }

func smuggledThrough(t *testing.T, name string) {
	h, f, tap := fronted(t, name)
	for what, text := range probes {
		mark := fmt.Sprintf("mark-%x", fmt.Sprintf("%.8s", what))
		through(t, f, probe(text, f.listen, mark))
		for i := range 4 {
			resp, err := http.Get(fmt.Sprintf("http://%s/api/v1/honest-%s-%d", f.listen, mark, i))
			if err != nil {
				t.Errorf("%s: an honest request afterwards: %v", what, err)
				continue
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if kind := resp.Header.Get("Content-Type"); resp.StatusCode != 404 || kind != "application/problem+json" {
				t.Errorf("%s: an honest request afterwards = %d, %s: %.200s", what, resp.StatusCode, kind, body)
			}
		}
		for _, fault := range tap.faults() {
			t.Fatalf("%s: %s", what, fault)
		}
	}
	if n := tap.carried(); n < 4*len(probes) {
		t.Errorf("only %d requests came through", n)
	}
	h.alive()
}

// through sends bytes to the front and reads until it has nothing more to say.
func through(t *testing.T, f *front, text string) {
	t.Helper()
	c, err := net.Dial("tcp", f.listen)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(product.Patience))
	io.WriteString(c, text)
	c.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, c)
}

// requests counts those in what a front sent: it writes them one after the other,
// each framed as its own head says.
func requests(sent string) (n int) {
	sent = strings.ReplaceAll(sent, " HTTP/1.0\r\n", " HTTP/1.1\r\n") // which may have chunks for this reader, too
	in := bufio.NewReader(strings.NewReader(sent))
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return n
		}
		n++
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return n
		}
	}
}

var _ = item("framing", "the same probes without a proxy: what is hidden is never answered", smuggledAlone)

// Without a front nobody else can be hurt, but what the server reads as a second
// request a front may read as a body. What can be cut apart in two places is
// refused, and the connection closed; what is well framed is one request.
func smuggledAlone(t *testing.T) {
	h := furnish(t)
	fine := map[string]bool{"a tab in the value": true, "a trailer with a length": true, "a body with GET": true, "expecting to go on": true, "an upgrade": true}
	for what, text := range probes {
		mark := fmt.Sprintf("mark-%x", fmt.Sprintf("%.8s", what))
		w := h.dial()
		go func() {
			io.WriteString(w, probe(text, h.Listen, mark))
			w.Conn.(*net.TCPConn).CloseWrite()
		}()
		first, ok := w.answer()
		if ok && first.code == 100 {
			first, ok = w.answer()
		}
		second, more := w.answer()
		if fine[what] {
			continue
		}
		if ok && (first.code < 400 || first.code >= 500) {
			t.Errorf("%s = %d", what, first.code)
		}
		if more {
			t.Errorf("%s: the hidden request was answered, %d", what, second.code)
		}
	}
	h.alive()
}

var _ = item("86 behind nginx", "lines of X-Forwarded-For that the client sent, through $proxy_add_x_forwarded_for", forwardedThroughNginx)
var _ = item("86 behind HAProxy", "lines of X-Forwarded-For that the client sent, through option forwardfor, which adds a line", forwardedThroughHAProxy)

// nginx writes the client's lines and its own peer into one; HAProxy adds a line
// of its own behind the client's. Whoever writes lines first would be whom the
// audit log names and the limits count. The peer of the front, here 127.0.0.2,
// has to be named, whatever it sent.
func forwardedThroughNginx(t *testing.T)   { forwardedThrough(t, "nginx") }
func forwardedThroughHAProxy(t *testing.T) { forwardedThrough(t, "haproxy") }

func forwardedThrough(t *testing.T, name string) {
	h, f, _ := fronted(t, name)
	for i, lines := range []string{"", "X-Forwarded-For: 1.2.3.4\r\n", "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\n", "X-Forwarded-For: 1.2.3.4, 127.0.0.1\r\n", "x-forwarded-for: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\n", "X-Forwarded-For: [2001:db8::1]:80\r\n"} {
		m := objects(t, h.command("invite", fmt.Sprintf("f%d@example.com", i), "--role", "Fleet", "--print-link", "--json"))
		link := path(str(m[0]["login_link"]))
		g := h.guest()
		form := "csrf=" + g.proof(link)
		resp := from(t, "127.0.0.2", f.listen, "POST "+link+" HTTP/1.1\r\nHost: "+f.listen+"\r\n"+lines+"Cookie: dw-browser="+g.cookie("dw-browser")+
			"\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+fmt.Sprint(len(form))+"\r\n\r\n"+form)
		if resp != 303 {
			t.Errorf("with %q = %d", lines, resp)
			continue
		}
		if got := h.lastSource(); got != "127.0.0.2" {
			t.Errorf("with %q the log has %s", lines, got)
		}
	}
	limited := 0
	for i := range 90 {
		if from(t, "127.0.0.3", f.listen, fmt.Sprintf("GET /api/v1/me HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer dw_x\r\nX-Forwarded-For: 9.9.9.%d\r\nConnection: close\r\n\r\n", f.listen, i)) == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("a line of one's own goes round the limit")
	}
	if got := from(t, "127.0.0.4", f.listen, "GET /api/v1/me HTTP/1.1\r\nHost: "+f.listen+"\r\nAuthorization: Bearer dw_x\r\nConnection: close\r\n\r\n"); got != 401 {
		t.Errorf("another client is limited with the first: %d", got)
	}
}

// from sends bytes from an address of this machine and returns the answer's status.
func from(t *testing.T, source, to, text string) int {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}).Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(product.Patience))
	io.WriteString(c, text)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Errorf("%.60q: %v", text, err)
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
