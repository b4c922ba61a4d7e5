package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// buildDesktop makes the program with the window as it is shipped, once for all
// tests.
var buildDesktop = sync.OnceValues(func() (program string, err error) {
	if _, err := product.Build(); err != nil { // makes the product.Workshop
		return "", err
	}
	return product.Compile("doorward-desktop", "CGO_ENABLED=1", "desktop,production,webkit2_41")
})

// desktop is that program, for a test that has locked the machine.
func desktop(t *testing.T) string {
	t.Helper()
	need.Time(t)
	need.Program(t, "pkg-config", "pkg-config")
	if err := exec.Command("pkg-config", "--exists", "gtk+-3.0", "webkit2gtk-4.1").Run(); err != nil {
		need.Missing(t, "The window is drawn with GTK and WebKit: `make test` installs them, or `build/deps desktop`.")
	}
	alone(t)
	program, err := buildDesktop()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// A screen is a display of its own with a window manager and a session bus.
type screen struct {
	t   *testing.T
	env []string // the environment of programs on it
	bus string
	log product.Transcript
}

// newScreen adds these to the environment of its bus.
func newScreen(t *testing.T, ofBus ...string) *screen {
	t.Helper()
	s := &screen{t: t}
	need.Program(t, "xvfb", "Xvfb")
	need.Program(t, "dbus-daemon", "dbus-daemon")
	need.Program(t, "openbox", "openbox")
	need.Program(t, "xdotool", "xdotool")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("on the screen was said:\n%s", &s.log)
		}
	})
	running, err := os.MkdirTemp("", "dws") // sockets' paths must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(running) })
	s.env = []string{"XDG_RUNTIME_DIR=" + running, "LANG=C.UTF-8", "NO_AT_BRIDGE=1", "GTK_THEME=Adwaita"}
	display := s.tells("Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	s.env = append(s.env, "DISPLAY=:"+display)
	s.bus = s.tells("env",
		append(ofBus, "dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=unix:path="+running+"/bus",
			"--print-address=3")...)
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+s.bus)
	s.runs("openbox")
	return s
}

// keyring starts the desktop's keyring, unlocked.
func (s *screen) keyring(t *testing.T) {
	t.Helper()
	need.Program(t, "gnome-keyring", "gnome-keyring-daemon")
	cmd := exec.Command("gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground")
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, s.env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("open sesame"), &s.log, &s.log
	s.starts(cmd)
	if err := product.Eventually("the keyring answers", func() error {
		conn, err := dbus.Connect(s.bus)
		if err != nil {
			return err
		}
		defer conn.Close()
		var owner string
		return conn.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, "org.freedesktop.secrets").Store(&owner)
	}); err != nil {
		t.Fatal(err)
	}
}

// runs starts a program that runs until the test ends.
func (s *screen) runs(name string, args ...string) *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()}, s.env...)
	cmd.Stdout, cmd.Stderr = &s.log, &s.log
	s.starts(cmd)
	return cmd
}

// starts starts a program in a group of processes of its own, which ends with
// the test: WebKit's helpers, and what a bus has started, would outlive it and
// hold on to its output. It alone waits for the program: of two calls of Wait one can
// block for ever.
func (s *screen) starts(cmd *exec.Cmd) {
	s.t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	s.t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	})
}

// tells starts a program that runs until the test ends, and returns the line that it
// writes to a descriptor once it is ready.
func (s *screen) tells(name string, args ...string) string {
	s.t.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	defer from.Close()
	cmd := exec.Command(name, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()}, s.env...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = &s.log, &s.log, []*os.File{to}
	s.starts(cmd)
	to.Close()
	line, err := bufio.NewReader(from).ReadString('\n')
	if err != nil && err != io.EOF || line == "" {
		s.t.Fatalf("%s did not start: %v", name, err)
	}
	return strings.TrimSpace(line)
}

// xdotool runs xdotool, which controls mouse and keyboard.
func (s *screen) xdotool(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), product.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "xdotool", args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, s.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("xdotool %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), err
}

// windows are the visible windows with a matching title. xdotool fails if a window
// closes while it searches, so it is retried.
func (s *screen) windows(title string) ([]string, error) {
	all, err := s.xdotool("search", "--onlyvisible", "--name", title)
	if err != nil {
		return nil, err
	}
	return strings.Fields(all), nil
}

// window waits for a window with a matching title and returns its id.
func (s *screen) window(title string) (id string) {
	s.t.Helper()
	if err := product.Eventually("there is a window "+title, func() error {
		all, err := s.windows(title)
		if len(all) > 0 {
			id = all[0]
		}
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return id
}

// press presses keys in a window.
func (s *screen) press(window string, keys ...string) {
	s.t.Helper()
	if _, err := s.xdotool("windowactivate", "--sync", window); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.xdotool(append([]string{"key", "--clearmodifiers"}, keys...)...); err != nil {
		s.t.Fatal(err)
	}
}

// pid is the process that a window belongs to.
func (s *screen) pid(window string) int {
	s.t.Helper()
	pid, err := s.owner(window)
	if err != nil {
		s.t.Fatal(err)
	}
	return pid
}

func (s *screen) owner(window string) (int, error) {
	out, err := s.xdotool("getwindowpid", window)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(out)
}

// successor waits for a window of another process than the old one, and returns that
// process.
func (s *screen) successor(title string, old int) (pid int) {
	s.t.Helper()
	if err := product.Eventually("another window "+title, func() error {
		all, err := s.windows(title)
		for _, id := range all {
			if pid, err = s.owner(id); err == nil && pid != old {
				return nil
			}
		}
		return fmt.Errorf("the windows are %q, %v", all, err)
	}); err != nil {
		s.t.Fatal(err)
	}
	return pid
}
