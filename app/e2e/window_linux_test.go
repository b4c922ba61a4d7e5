package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// The steps of the guide in the real window: the shipped program on a display of its
// own, used by the names and roles that assistive technology sees, with a real mail
// server, and an invited person who uses HTTP.
func TestWindow(t *testing.T) {
	program := desktop(t)
	p, s := newProduct(t), newScreen(t)
	n := newNotices(t, s)
	p.Listen = need.Address(t)
	p.URL = "http://" + p.Listen
	p.Env = append(p.Env, "DOORWARD_LISTEN="+p.Listen)

	d := drive(t, s, program, p.Env)
	d.find("heading", "Welcome to Doorward")
	d.picture("welcome")
	s.press(s.window("Doorward"), "ctrl+1") // does nothing yet
	d.fill("Workspace name", "Night Watch")
	d.fill("Your name", "Grace Hopper")
	d.fill("Your email", "grace hopper@example.org")
	d.click("button", "Create workspace")
	d.reads("An email address cannot contain spaces")
	d.picture("welcome-wrong")
	d.fill("Your email", "grace@example.org")
	d.click("button", "Create workspace")
	d.find("heading", "Dashboard")
	d.picture("dashboard")
	d.click("button", "~Account")
	d.find("menuitem", "~^Dark")
	if text, err := d.script("return document.body.innerText"); err != nil || strings.Contains(text, "Sign out") {
		t.Errorf("the operator, who has no session, is offered to sign out: %v", err)
	}
	d.keys("\uE00C") // Escape

	d.invites("ada@example.com", "Ada Lovelace")
	d.find("heading", "Invitation created for Ada Lovelace")
	d.picture("invited")
	d.click("button", "Done")

	p.Mail.Down()
	p.must(t, "invite", "late@example.com", "--role", "Fleet")
	window := s.window("Doorward")
	s.press(window, "ctrl+5") // View, Mail
	d.click("button", "~^Preview .* to late@example.com")
	d.inFrame("The email as its recipient sees it", "You are invited to Night Watch")
	d.picture("message")
	d.click("button", "Close")
	if err := p.Mail.Up(); err != nil {
		t.Fatal(err)
	}
	p.must(t, "reject", "late@example.com", "--yes")

	p.comes(t, "ada@example.com")
	s.window(`^\(1\) Doorward`)
	d.click("link", "Dashboard")
	d.reads("1 person is waiting for your approval")
	d.picture("somebody waits")
	d.click("button", "Review")
	d.find("heading", "Review Pending Requests")
	d.click("button", "Approve Ada Lovelace")
	d.reads(`Ada Lovelace approved \(Fleet\)`)
	s.window(`^Doorward`)
	p.holds(t, "ada@example.com", "active")

	// By keyboard only, starting with the menu's accelerator; the notification opens
	// the request.
	for _, who := range []string{"bob@example.com", "eve@example.com"} {
		p.must(t, "invite", who, "--role", "AILoop")
		p.comes(t, who)
	}
	s.window(`^\(2\) Doorward`)
	s.press(window, "ctrl+3")
	d.at("^/admin/settings/members")
	told := n.await(t)
	if !strings.Contains(told.title+told.body, "waiting") {
		t.Errorf("the notice says %q, %q", told.title, told.body)
	}
	if err := n.click(told); err != nil {
		t.Fatal(err)
	}
	d.at("^/admin/requests")
	d.reads("bob@example.com")
	d.keys("j", "a")
	d.reads(`bob@example.com approved \(AILoop\)`)
	d.keys("j", "r")
	d.find("dialog", "~Reject eve@example.com")
	d.picture("reject")
	d.click("button", "Reject & Delete")
	d.reads("eve@example.com was rejected and deleted")
	p.holds(t, "bob@example.com", "active")
	p.holds(t, "eve@example.com", "")

	d.click("link", "Audit log")
	d.click("button", "Export")
	d.click("menuitem", "~^CSV")
	audit := filepath.Join(t.TempDir(), "audit.csv")
	s.saves(t, "^Save$", audit)
	if text := s.written(t, audit); !strings.Contains(text, "rejected") || strings.Contains(text, "eve@example.com") {
		t.Errorf("the audit log that was saved:\n%s", text)
	}
	s.press(window, "ctrl+b")
	backup := filepath.Join(t.TempDir(), "doorward.backup")
	s.saves(t, "^Back Up$", backup)
	s.press(s.window("^Done$"), "Return")

	s.secondStart(t, program, p.Env)
	s.ends(t, s.pid(s.window("Doorward")))
	d.close()
	if got, err := p.Run("restore", backup, "--data", filepath.Join(t.TempDir(), "restored")); err != nil ||
		got.Code != 0 {
		t.Errorf("the backup cannot be restored: %v, %+v", err, got)
	}
	p.must(t, "verify")
	p.must(t, "audit", "verify")
}

// invites invites somebody as in the guide, and waits until their email is sent.
func (d *driven) invites(email, name string) {
	d.t.Helper()
	d.click("link", "Settings")
	d.click("link", "Membership & Permissions")
	d.click("button", "Invite New User")
	d.fill("Email", email)
	d.click("combobox", "~^Role: ")
	d.click("option", "~^Fleet")
	d.fill("~^Name", name)
	d.click("button", "Send Invitation")
	d.reads("The mail server accepted the email")
}

// The window uses a Doorward that already runs on this computer through its socket.
// That server keeps running when the window is closed.
func TestWindowOnARunningDoorward(t *testing.T) {
	program := desktop(t)
	p, s := serving(t), newScreen(t)
	p.must(t, "setup", "--email", "grace@example.org", "--name", "Grace Hopper", "--workspace", "Night Watch")
	d := drive(t, s, program, p.Env)
	d.find("heading", "Dashboard")
	d.reads("Night Watch")
	s.ends(t, s.pid(s.window("Doorward")))
	d.close()
	if err := p.Ready(); err != nil {
		t.Errorf("the server went with the window: %v", err)
	}
}

// The window opens at its last place and size. When its page's process crashes it
// offers to reload, and does.
func TestWindowComesBack(t *testing.T) {
	program := desktop(t)
	p, s := newProduct(t), newScreen(t)
	p.Env = append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	s.opens(program, p.Env)
	window := s.window("^Doorward$")
	if _, err := s.xdotool("windowsize", "--sync", window, "900", "640"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.xdotool("windowmove", "--sync", window, "170", "130"); err != nil {
		t.Fatal(err)
	}
	where, err := s.xdotool("getwindowgeometry", window)
	if err != nil {
		t.Fatal(err)
	}
	first := s.pid(window)
	s.press(window, "ctrl+q")
	s.gone(t, first)
	s.opens(program, p.Env)
	s.successor("^Doorward$", first)
	window = s.window("^Doorward$")
	if err := product.Eventually("the window is where it was", func() error {
		got, err := s.xdotool("getwindowgeometry", window)
		_, was, _ := strings.Cut(where, "\n")
		if _, is, _ := strings.Cut(got, "\n"); err == nil && (is != was || !strings.Contains(is, "900x640")) {
			err = fmt.Errorf("it is %s, and was %s", is, was)
		}
		return err
	}); err != nil {
		t.Error(err)
	}

	second := s.pid(window)
	if err := product.Eventually(
		"the page has opened its Doorward",
		func() error { return p.answers("/readyz") },
	); err != nil {
		t.Fatal(err)
	}
	page := s.childOf(t, second, "WebKitWebProces")
	if err := syscall.Kill(page, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var question string
	if err := product.Eventually("the window offers to open anew", func() error {
		all, err := s.windows("^Doorward$")
		for _, id := range all {
			if id != window {
				question = id
				return nil
			}
		}
		return fmt.Errorf("the windows are %q, %v", all, err)
	}); err != nil {
		t.Fatal(err)
	}
	s.press(question, "alt+y")
	s.gone(t, second)
	s.ends(t, s.successor("^Doorward$", second))
}

// answers sends a request over the operator's socket.
func (p *running) answers(path string) error {
	res, err := p.Socket.Get("http://doorward" + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, res.Status)
	}
	return nil
}

// opens starts the program with the window.
func (s *screen) opens(program string, env []string) {
	s.t.Helper()
	cmd := exec.Command(program)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(append([]string{}, env...), s.env...), &s.log, &s.log
	s.starts(cmd)
}

// childOf waits for a child process with a name.
func (s *screen) childOf(t *testing.T, parent int, name string) (pid int) {
	t.Helper()
	if err := product.Eventually(name+" runs", func() error {
		all, err := filepath.Glob("/proc/[0-9]*/stat")
		for _, file := range all {
			stat, _ := os.ReadFile(file)
			if strings.Contains(string(stat), "("+name+") ") &&
				strings.Contains(string(stat), fmt.Sprintf(") S %d ", parent)) {
				_, err = fmt.Sscanf(string(stat), "%d", &pid)
				return err
			}
		}
		return fmt.Errorf("not among %d processes, %v", len(all), err)
	}); err != nil {
		t.Fatal(err)
	}
	return pid
}

// saves types a path into a native dialog that asks where to save.
func (s *screen) saves(t *testing.T, title, path string) {
	t.Helper()
	dialog := s.window(title)
	s.press(dialog, "ctrl+a")
	if _, err := s.xdotool("type", path); err != nil {
		t.Fatal(err)
	}
	s.press(dialog, "Return")
}

// written waits for a file and returns what is in it.
func (s *screen) written(t *testing.T, path string) (text string) {
	t.Helper()
	if err := product.Eventually(path+" is written", func() error {
		b, err := os.ReadFile(path)
		if text = string(b); err == nil && text == "" {
			err = errors.New("it is empty")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return text
}

// secondStart starts the program again, which shows the first one's window and exits.
func (s *screen) secondStart(t *testing.T, program string, env []string) {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(append([]string{}, env...), s.env...), &s.log, &s.log
	cmd.WaitDelay = time.Second
	ended := make(chan error, 1)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(product.Patience):
		cmd.Process.Kill()
		t.Error("a second start went on")
	}
	if err := product.Eventually("one window is shown after a second start", func() error {
		all, err := s.windows("Doorward")
		if err == nil && len(all) != 1 {
			err = fmt.Errorf("the windows are %q", all)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// ends sends a process SIGTERM, and waits until it has exited.
func (s *screen) ends(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.gone(t, pid)
}

// gone waits until a process has exited.
func (s *screen) gone(t *testing.T, pid int) {
	t.Helper()
	if err := product.Eventually("the program ends", func() error {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return nil
		}
		return fmt.Errorf("process %d is still there", pid)
	}); err != nil {
		t.Error(err)
	}
}

// comes accepts the newest invitation of an address.
func (p *running) comes(t *testing.T, email string) {
	t.Helper()
	l, err := p.Message(product.Wanted{To: email})
	if err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	c := &fixture{t, p, nil}
	c.press(&http.Client{Jar: jar}, l.Link, l.Link, nil, "Account Pending Approval")
}

func (p *running) must(t *testing.T, args ...string) {
	t.Helper()
	if got, err := p.Run(args...); err != nil || got.Code != 0 {
		t.Fatalf("doorward %s: %v, %+v", strings.Join(args, " "), err, got)
	}
}

// holds checks the state of a member; empty: there is none.
func (p *running) holds(t *testing.T, email, state string) {
	t.Helper()
	got, err := p.Run("members", "--search", email, "--json")
	right := strings.Contains(got.Out, `"state":"`+state+`"`)
	if state == "" {
		right = !strings.Contains(got.Out, email)
	}
	if err != nil || got.Code != 0 || !right {
		t.Errorf("%s is not %q: %v, %+v", email, state, err, got)
	}
}

// await waits for the next notice.
func (n *notices) await(t *testing.T) notice {
	t.Helper()
	select {
	case told := <-n.shown:
		return told
	case <-time.After(product.Patience):
		t.Fatal("no notice was shown")
		return notice{}
	}
}
