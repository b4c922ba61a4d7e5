package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/backend/mail/mailtest"
	"doorward/backend/store/kv/kvtest"
)

// patience is how long anything may take on a machine that is busy with others.
const patience = 60 * time.Second

var workshop string // where the program is built; gone after the tests

func TestMain(m *testing.M) {
	code := m.Run()
	if workshop != "" {
		os.RemoveAll(workshop)
	}
	os.Exit(code)
}

// build makes the program as it is shipped, once for all tests.
var build = sync.OnceValues(func() (program string, err error) {
	if workshop, err = os.MkdirTemp("", "doorward-e2e"); err != nil {
		return "", err
	}
	program = filepath.Join(workshop, "doorward")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, "doorward")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
})

// A product is the built program on a data directory and a mail server of its
// own: one Doorward, as somebody runs it.
type product struct {
	program string
	dir     string
	env     []string
	flags   []string // of serve
	mail    *mailtest.Server
	socket  *http.Client

	listen string // the same port for every server after the first
	url    string // where links lead, as the server printed it
	setup  string // the setup link, as the first server printed it
	log    transcript
	server *exec.Cmd
	exited chan error
}

// newProduct has a fresh data directory and a mail server that wants STARTTLS
// and a login; nothing runs on it yet. flags are for serve.
func newProduct(t *testing.T, flags ...string) *product {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	mail := mailtest.Start(t, mailtest.Options{User: "doorward", Password: "open sesame"})
	dir, err := os.MkdirTemp("", "dw") // its socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	trusted := filepath.Join(t.TempDir(), "mail-authority.pem")
	if err := os.WriteFile(trusted, mail.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &product{program: program, dir: filepath.Join(dir, "data"), flags: flags, mail: mail, listen: "127.0.0.1:0"}
	p.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "SSL_CERT_FILE=" + trusted,
		"DOORWARD_DATA=" + p.dir, "DOORWARD_SMTP_URL=" + mail.URL(), "DOORWARD_MAIL_PER_MINUTE=6000"}
	p.socket = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(p.dir, "doorward.sock"))
	}}}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the servers said:\n%s", &p.log)
		}
	})
	return p
}

// serving is newProduct with a server that answers.
func serving(t *testing.T, flags ...string) *product {
	t.Helper()
	p := newProduct(t, flags...)
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	return p
}

var (
	printedSetup = regexp.MustCompile(`https?://[^\s"]+/setup/[A-Za-z0-9_-]{43}`)
	printedURL   = regexp.MustCompile(`https?://127\.0\.0\.1:\d+`)
)

// start runs `doorward serve` and returns once it answers.
func (p *product) start(more ...string) error {
	args := append([]string{"serve", "--listen", p.listen}, append(p.flags, more...)...)
	cmd := exec.Command(p.program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, &p.log, &p.log
	from := p.log.len()
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait(); close(exited) }()
	p.server, p.exited = cmd, exited

	told := printedURL
	if p.setup == "" {
		told = printedSetup
	}
	link, err := p.log.await(from, told, exited)
	if err != nil {
		return err
	}
	if p.setup == "" {
		p.setup = link
	}
	u, err := url.Parse(link)
	if err != nil {
		return err
	}
	p.url, p.listen = u.Scheme+"://"+u.Host, u.Host
	return p.ready()
}

func (p *product) ready() error {
	return eventually("the server answers", func() error {
		resp, err := http.Get(p.url + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz: %s", resp.Status)
		}
		return nil
	})
}

// kill ends the server as a power cut does: kill -9.
func (p *product) kill() error {
	if p.server == nil {
		return nil
	}
	err := p.server.Process.Kill()
	<-p.exited
	p.server = nil
	return err
}

// startAndKill starts a server and kills it so long after, however far it is.
func (p *product) startAndKill(after time.Duration) error {
	cmd := exec.Command(p.program, append([]string{"serve", "--listen", p.listen}, p.flags...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, &p.log, &p.log
	if err := cmd.Start(); err != nil {
		return err
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	<-timer.C
	err := cmd.Process.Kill()
	cmd.Wait()
	return err
}

// crash is kill, and a start on the same port.
func (p *product) crash() error {
	if err := p.kill(); err != nil {
		return err
	}
	return p.start()
}

// stop ends the server in order.
func (p *product) stop() error {
	if err := p.server.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case err := <-p.exited:
		p.server = nil
		return err
	case <-time.After(patience):
		return errors.New("the server did not stop when it was asked to")
	}
}

// A said is what a command answered, and when it had ended.
type said struct {
	Code int    `json:"code"`
	Out  string `json:"out"`
	Err  string `json:"err"`
	At   int64  `json:"at"` // milliseconds since 1970
}

// run runs one command line of the program to its end, with nobody at its
// terminal.
func (p *product) run(args ...string) (said, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.program, args...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, &out, &errs
	err := cmd.Run()
	s := said{Code: cmd.ProcessState.ExitCode(), Out: out.String(), Err: errs.String(), At: time.Now().UnixMilli()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && s.Code > 0 {
		err = nil
	}
	return s, err
}

// do is run for a command that has to succeed.
func (p *product) do(args ...string) (said, error) {
	s, err := p.run(args...)
	if err == nil && s.Code != 0 {
		err = fmt.Errorf("doorward %s: exit code %d: %s", strings.Join(args, " "), s.Code, s.Err)
	}
	return s, err
}

// traces says in which files of the data directory each needle's bytes are.
func (p *product) traces(needles []string) (map[string][]string, error) {
	return kvtest.Traces(p.dir, needles)
}

// eventually tries until it goes well, and gives up with the last error.
func eventually(what string, try func() error) error {
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-deadline:
			return fmt.Errorf("not within %s: %s: %w", patience, what, err)
		case <-tick.C:
		}
	}
}

// A transcript is what programs have said so far.
type transcript struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed at the next words; nil while nobody waits
}

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
	return t.text.Write(b)
}

func (t *transcript) String() string { text, _ := t.since(0); return text }

func (t *transcript) len() int { return len(t.String()) }

func (t *transcript) since(from int) (string, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return string(t.text.Bytes()[from:]), t.changed
}

// await returns the first match after from, as soon as the line that it is on
// is complete. It fails when the program ends instead.
func (t *transcript) await(from int, re *regexp.Regexp, exited <-chan error) (string, error) {
	deadline := time.After(patience)
	for {
		text, changed := t.since(from)
		if m := re.FindString(text[:strings.LastIndexByte(text, '\n')+1]); m != "" {
			return m, nil
		}
		select {
		case <-changed:
		case err := <-exited:
			text, _ := t.since(from)
			return "", fmt.Errorf("the program ended (%v) and said:\n%s", err, text)
		case <-deadline:
			return "", fmt.Errorf("nothing like %s was printed:\n%s", re, text)
		}
	}
}
