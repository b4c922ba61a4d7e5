// Package product runs the built program on a data directory and a mail server of its
// own, for tests that use it only from outside. The program does not contain it.
package product

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
	"doorward/backend/store/kv/badger/badgertest"
	"doorward/build/need"
)

// Patience is how long anything may take on a machine that is busy with other work.
const Patience = 60 * time.Second

// Workshop is the folder in which programs are built. It exists once Build has
// returned, until the tests end.
var Workshop string

// Run runs a package's tests, and removes what was built for them.
func Run(m *testing.M) int {
	code := m.Run()
	if Workshop != "" {
		os.RemoveAll(Workshop)
	}
	return code
}

// Build makes the program as it is shipped, once for all tests.
var Build = sync.OnceValues(func() (program string, err error) {
	if Workshop, err = os.MkdirTemp("", "doorward-e2e"); err != nil {
		return "", err
	}
	return Compile("doorward", "CGO_ENABLED=0", "")
})

// Compile makes a program of that name in the Workshop, with a setting of the environment and
// with build tags.
func Compile(name, env, tags string) (program string, err error) {
	overlay, err := exec.Command("go", "run", "doorward/build/pack").Output()
	if err != nil {
		return "", fmt.Errorf("compress what is embedded: %w", err)
	}
	program = filepath.Join(Workshop, name)
	cmd := exec.Command("go", "build", "-overlay", strings.TrimSpace(string(overlay)), "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version=v1.2.3", "-tags", tags, "-o", program, "doorward")
	cmd.Env = append(os.Environ(), env)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
}

// A Product is the built program on a data directory and a mail server of its own.
type Product struct {
	Program string
	Dir     string
	Env     []string
	Flags   []string // of serve
	Mail    *mailtest.Server
	Socket  *http.Client
	Client  *http.Client // for /readyz; nil means http.DefaultClient

	Public string // where links lead, if not to Listen; give Listen a port then
	Listen string // the same port for every server after the first
	URL    string // where links lead, as the server printed it
	Setup  string // the setup link, as the first server printed it
	Log    Transcript
	Server *exec.Cmd
	Exited chan error
}

// New makes a data directory and a mail server that requires STARTTLS and a login. No
// server runs on it yet. flags are for serve.
func New(t *testing.T, flags ...string) *Product {
	t.Helper()
	need.Time(t)
	program, err := Build()
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
	p := &Product{Program: program, Dir: filepath.Join(dir, "data"), Flags: flags, Mail: mail, Listen: "127.0.0.1:0"}
	p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "SSL_CERT_FILE=" + trusted,
		"DOORWARD_DATA=" + p.Dir, "DOORWARD_SMTP_URL=" + mail.URL(), "DOORWARD_MAIL_PER_MINUTE=6000"}
	p.Socket = &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(p.Dir, "doorward.sock"))
			},
		},
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("the servers said:\n%s", &p.Log)
		}
	})
	return p
}

// Serving is New with a server that answers.
func Serving(t *testing.T, flags ...string) *Product {
	t.Helper()
	p := New(t, flags...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// What a server prints as it starts: where its setup link leads, and where it is.
var (
	PrintedSetup = regexp.MustCompile(`https?://[^\s"]+/setup/[A-Za-z0-9_-]{43}`)
	PrintedURL   = regexp.MustCompile(`https?://127\.0\.0\.1:\d+`)
	printedOpen  = regexp.MustCompile(`Doorward is running at`)
)

// Start runs `doorward serve` and returns once it answers.
func (p *Product) Start(more ...string) error {
	args := append([]string{"serve", "--listen", p.Listen}, append(p.Flags, more...)...)
	if p.Public != "" {
		args = append(args, "--url", p.Public)
	}
	cmd := exec.Command(p.Program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.Env, &p.Log, &p.Log
	from := p.Log.Len()
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait(); close(exited) }()
	p.Server, p.Exited = cmd, exited

	told := PrintedURL
	switch {
	case p.Setup == "":
		told = PrintedSetup
	case p.Public != "":
		told = printedOpen
	}
	link, err := p.Log.Await(from, told, exited)
	if err != nil {
		return err
	}
	if p.Setup == "" {
		p.Setup = link
	}
	if p.Public != "" {
		link = "http://" + p.Listen
	}
	u, err := url.Parse(link)
	if err != nil {
		return err
	}
	p.URL, p.Listen = u.Scheme+"://"+u.Host, u.Host
	return p.Ready()
}

func (p *Product) Ready() error {
	return Eventually("the server answers", func() error {
		client := p.Client
		if client == nil {
			client = http.DefaultClient
		}
		resp, err := client.Get(p.URL + "/readyz")
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

// Kill ends the server with kill -9.
func (p *Product) Kill() error {
	if p.Server == nil {
		return nil
	}
	err := p.Server.Process.Kill()
	<-p.Exited
	p.Server = nil
	return err
}

// StartAndKill starts a server and kills it after a time, whether or not it is ready.
func (p *Product) StartAndKill(after time.Duration) error {
	cmd := exec.Command(p.Program, append([]string{"serve", "--listen", p.Listen}, p.Flags...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.Env, &p.Log, &p.Log
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

// Crash is Kill and a start on the same port.
func (p *Product) Crash() error {
	if err := p.Kill(); err != nil {
		return err
	}
	return p.Start()
}

// Stop ends the server in order.
func (p *Product) Stop() error {
	if err := p.Server.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case err := <-p.Exited:
		p.Server = nil
		return err
	case <-time.After(Patience):
		return errors.New("the server did not stop when it was asked to")
	}
}

// A Said is the result of a command, and when it ended.
type Said struct {
	Code int    `json:"code"`
	Out  string `json:"out"`
	Err  string `json:"err"`
	At   int64  `json:"at"` // milliseconds since 1970
}

// Run runs one command of the program to its end, without a terminal.
func (p *Product) Run(args ...string) (Said, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Program, args...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = p.Env, &out, &errs
	err := cmd.Run()
	s := Said{Code: cmd.ProcessState.ExitCode(), Out: out.String(), Err: errs.String(), At: time.Now().UnixMilli()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && s.Code > 0 {
		err = nil
	}
	return s, err
}

// Do is Run for a command that has to succeed.
func (p *Product) Do(args ...string) (Said, error) {
	s, err := p.Run(args...)
	if err == nil && s.Code != 0 {
		err = fmt.Errorf("doorward %s: exit code %d: %s", strings.Join(args, " "), s.Code, s.Err)
	}
	return s, err
}

// Traces returns the files of the data directory that contain each needle's bytes.
func (p *Product) Traces(needles []string) (map[string][]string, error) {
	return badgertest.Traces(p.Dir, needles)
}

// Eventually retries until there is no error, and at last returns the last one.
func Eventually(what string, try func() error) error {
	deadline := time.After(Patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-deadline:
			return fmt.Errorf("not within %s: %s: %w", Patience, what, err)
		case <-tick.C:
		}
	}
}

// A Transcript is the output of programs so far.
type Transcript struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed at the next output; nil while nobody waits
}

func (t *Transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
	return t.text.Write(b)
}

func (t *Transcript) String() string { text, _ := t.Since(0); return text }

func (t *Transcript) Len() int { return len(t.String()) }

func (t *Transcript) Since(from int) (string, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return string(t.text.Bytes()[from:]), t.changed
}

// Await returns the first match after from, once its line is complete. It fails if the
// program ends first.
func (t *Transcript) Await(from int, re *regexp.Regexp, exited <-chan error) (string, error) {
	deadline := time.After(Patience)
	for {
		text, changed := t.Since(from)
		if m := re.FindString(text[:strings.LastIndexByte(text, '\n')+1]); m != "" {
			return m, nil
		}
		select {
		case <-changed:
		case err := <-exited:
			text, _ := t.Since(from)
			return "", fmt.Errorf("the program ended (%v) and said:\n%s", err, text)
		case <-deadline:
			return "", fmt.Errorf("nothing like %s was printed:\n%s", re, text)
		}
	}
}
