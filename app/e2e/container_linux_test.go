package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// In a container the server is process 1, which gets no signal that it does not
// handle. A stop that it ignores would end in a kill.
func TestFirstProcessOfAContainer(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		out, errs := &product.Transcript{}, &product.Transcript{}
		cmd := exec.Command(p.Program, "serve", "--listen", "127.0.0.1:0", "--log-level", "debug")
		cmd.Env, cmd.Stdout, cmd.Stderr = p.Env, out, errs
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		if err := cmd.Start(); err != nil {
			need.Impossible(t, "Only root can make a process the first of a name space (%v).", err)
		}
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		defer cmd.Process.Kill()
		if _, err := out.Await(0, product.PrintedURL, exited); err != nil {
			t.Fatalf("%v\n%s", err, errs)
		}
		if err := product.Eventually("the health check is well", func() error {
			s, err := p.Run("doctor", "--ready")
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
		case <-time.After(product.Patience):
			t.Fatalf("%v: the first process goes on", signal)
		}
		if strings.Contains(out.String(), "level=") || strings.Contains(errs.String(), "Doorward is running at") {
			t.Errorf("the log is not on standard error alone:\n%s\n---\n%s", out, errs)
		}
		if s, err := p.Run("doctor", "--ready"); err != nil || s.Code != 1 ||
			!strings.Contains(s.Err, "No server is running") {
			t.Errorf("%v: the health check afterwards: %+v, %v", signal, s, err)
		}
	}
}
