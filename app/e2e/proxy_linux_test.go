package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// front is the name of the site that a proxy serves, as the files in build/cluster have it.
const front = "door.example.com"

// A proxy of those that people have, with the file that build/cluster has for it, stands before
// three machines. Each is stopped in order and started again, while visitors read: no GET fails.
func TestAProxyBeforeThreeMachines(t *testing.T) {
	t.Parallel()
	together(t)
	proxies := []struct {
		name, file, listen string
		command            func(t *testing.T, config string) *exec.Cmd
	}{
		{"haproxy", "haproxy.cfg", "bind :443", func(t *testing.T, config string) *exec.Cmd {
			return exec.Command(need.Program(t, "haproxy", "haproxy"), "-f", config)
		}},
		{"nginx", "nginx.conf", "listen 443", func(t *testing.T, config string) *exec.Cmd {
			return exec.Command(need.Program(t, "nginx-light", "nginx"), "-c", inNginx(t, config))
		}},
		{"caddy", "Caddyfile", front + " {", func(t *testing.T, config string) *exec.Cmd {
			program, err := exec.LookPath("caddy")
			if err != nil {
				need.Impossible(t, "There is no Caddy here, and Debian's is older than what the file needs.")
			}
			return exec.Command(program, "run", "--adapter", "caddyfile", "--config", config)
		}},
	}
	for _, p := range proxies {
		t.Run(p.name, func(t *testing.T) {
			a, b, c := product.NewMachine(t, "one"), product.NewMachine(t, "two"), product.NewMachine(t, "three")
			flags := []string{"--url", "https://" + front, "--trusted-proxies", "127.0.0.1"}
			at, stop := need.Address(t), make(chan struct{})
			text, err := os.ReadFile(filepath.Join("../../build/cluster", p.file))
			if err != nil {
				t.Fatal(err)
			}
			pair, roots := certificate(t)
			listen := strings.Replace(p.listen, ":443", at, 1)
			listen = strings.Replace(listen, " 443", " "+at, 1)
			if p.name == "caddy" {
				listen = "https://" + front + ":" + at[strings.LastIndex(at, ":")+1:] + " {\n\tbind 127.0.0.1\n\ttls " +
					pair + " " + pair
			}
			config := strings.NewReplacer(p.listen, listen,
				"/etc/haproxy/"+front+".pem", pair, "/etc/nginx/"+front+".pem", pair,
				"10.0.0.1:8080", a.Listen, "10.0.0.2:8080", b.Listen, "10.0.0.3:8080", c.Listen).Replace(string(text))
			file := filepath.Join(t.TempDir(), p.file)
			if p.name == "caddy" {
				config = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + config
			}
			if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := p.command(t, file)
			product.Begin(a, []*product.Machine{b, c}, flags...)
			runProxy(t, cmd)
			visitors := newVisitors(at, roots)
			if err := product.Eventually("the proxy answers", visitors.visit); err != nil {
				t.Fatal(err)
			}
			var reading sync.WaitGroup
			for range 4 {
				reading.Go(func() { visitors.readUntil(stop) })
			}
			for _, m := range []*product.Machine{a, b, c} {
				before := visitors.answered.Load()
				m.Stop()
				m.Serve(flags...)
				if err := product.Eventually(m.Name+" is back", m.Ready); err != nil {
					t.Fatal(err)
				}
				if err := product.Eventually("visitors go on reading", func() error {
					if n := visitors.answered.Load() - before; n < 50 {
						return fmt.Errorf("%d answers", n)
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
				settledIn(t, m)
			}
			close(stop)
			reading.Wait()
			for _, fault := range visitors.faults {
				t.Error(fault)
			}
			t.Logf("%d answers", visitors.answered.Load())
		})
	}
}

// settledIn waits until all machines have everything, so that the next can be stopped.
func settledIn(t *testing.T, m *product.Machine) {
	t.Helper()
	if err := product.Eventually("all have everything", func() error {
		all, err := m.Machines()
		if err != nil {
			return err
		}
		for _, s := range all {
			if s.Role != "voter" {
				return fmt.Errorf("%s is a %s", s.Name, s.Role)
			}
		}
		return m.Ready()
	}); err != nil {
		t.Fatal(err)
	}
}

// visitors read a page through a proxy.
type visitors struct {
	client   *http.Client
	answered atomic.Int64
	mu       sync.Mutex
	faults   []string
}

func newVisitors(at string, roots *x509.CertPool) *visitors {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", at)
	}
	return &visitors{client: &http.Client{Timeout: product.Patience, Transport: &http.Transport{DialContext: dial,
		TLSClientConfig: &tls.Config{RootCAs: roots}}}}
}

// visit reads a page that only the machine that leads answers.
func (v *visitors) visit() error {
	res, err := v.client.Get("https://" + front + "/login")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || !strings.Contains(string(body), "<form")) {
		err = fmt.Errorf("%s: %.200s", res.Status, body)
	}
	return err
}

// visitEvery is how often each visitor reads: more from one address is too much.
const visitEvery = 200 * time.Millisecond

func (v *visitors) readUntil(stop <-chan struct{}) {
	pace := time.NewTicker(visitEvery)
	defer pace.Stop()
	for {
		select {
		case <-stop:
			return
		case <-pace.C:
		}
		if err := v.visit(); err != nil {
			v.mu.Lock()
			v.faults = append(v.faults, time.Now().Format(time.StampMilli)+" "+err.Error())
			v.mu.Unlock()
		}
		v.answered.Add(1)
	}
}

func runProxy(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var log product.Transcript
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			t.Logf("the proxy said: %s", &log)
		}
	})
}

// inNginx is a whole configuration with that file inside, as Debian's includes it.
func inNginx(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	whole := fmt.Sprintf("daemon off; pid %[1]s/pid; error_log stderr; events {}\nhttp { access_log off; "+
		"client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; "+
		"scgi_temp_path %[1]s/e; include %[2]s; }\n", dir, file)
	name := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(name, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// certificate makes a certificate for front, in one file with its key.
func certificate(t *testing.T) (file string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{front},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	file = filepath.Join(t.TempDir(), front+".pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return file, roots
}
