package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// In a container the server is the first process: the system does nothing for
// it by itself. A signal that it does not ask for is not delivered to it, and
// one that it ignores ends in a kill.
func TestFirstProcessOfAContainer(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		out, errs := &transcript{}, &transcript{}
		cmd := exec.Command(p.program, "serve", "--listen", "127.0.0.1:0", "--log-level", "debug")
		cmd.Env, cmd.Stdout, cmd.Stderr = p.env, out, errs
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		if err := cmd.Start(); err != nil {
			t.Skipf("Only root can make a process the first of a name space (%v).", err)
		}
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		defer cmd.Process.Kill()
		if _, err := out.await(0, printedURL, exited); err != nil {
			t.Fatalf("%v\n%s", err, errs)
		}
		if err := eventually("the health check is well", func() error {
			s, err := p.run("doctor", "--ready")
			if err == nil && s.Code != 0 {
				err = fmt.Errorf("%+v", s)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-exited:
			if err != nil {
				t.Errorf("%v: the first process ended with %v\n%s", signal, err, errs)
			}
		case <-time.After(patience):
			t.Fatalf("%v: the first process goes on", signal)
		}
		if strings.Contains(out.String(), "level=") || strings.Contains(errs.String(), "Doorward is open at") {
			t.Errorf("the log is not on standard error alone:\n%s\n---\n%s", out, errs)
		}
		if s, err := p.run("doctor", "--ready"); err != nil || s.Code != 1 || !strings.Contains(s.Err, "No server runs") {
			t.Errorf("%v: the health check afterwards: %+v, %v", signal, s, err)
		}
	}
}
