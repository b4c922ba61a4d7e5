package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// make three is the first thing that somebody tries who wants a cluster: three machines run, end
// when they are told to, and go on with their data.
func TestThreeMachinesOnOne(t *testing.T) {
	need.Time(t)
	t.Parallel()
	together(t)
	program, err := product.Build()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "dw") // its sockets' paths must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	env := append(os.Environ(), "PROGRAM="+program, "ROOT="+dir, "PEOPLE="+ports(t), "OTHERS="+ports(t))
	for _, what := range []string{"from nothing", "with the data of before"} {
		log := &product.Transcript{}
		cmd := exec.Command("../../build/cluster/three")
		cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		_, err := log.Await(0, regexp.MustCompile(`(?m)^three +127\.\S+ +(voter|learner) `), exited)
		cmd.Process.Signal(syscall.SIGTERM)
		if err != nil {
			t.Fatalf("%s: %v: %s", what, err, log)
		}
		if err := <-exited; err != nil {
			t.Errorf("%s: it ends with %v: %s", what, err, log)
		}
		for n := 1; n <= 3; n++ {
			if err := product.Eventually("its data are free", func() error { return released(dir, n) }); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

// released returns nil if no server runs on the data of machine n.
func released(dir string, n int) error {
	c, err := net.Dial("unix", filepath.Join(dir, fmt.Sprint(n), "doorward.sock"))
	if err == nil {
		c.Close()
		return fmt.Errorf("machine %d runs", n)
	}
	return nil
}

// ports is an address to whose end 1, 2 and 3 can be added: nobody listens there.
func ports(t *testing.T) string {
	t.Helper()
	for range 100 {
		at := need.Address(t)
		at = at[:len(at)-1]
		if strings.HasSuffix(at, ":") || !free(at) {
			continue
		}
		return at
	}
	t.Fatal("there are no three ports in a row")
	return ""
}

func free(at string) bool {
	for n := 1; n <= 3; n++ {
		l, err := net.Listen("tcp", fmt.Sprint(at, n))
		if err != nil {
			return false
		}
		defer l.Close()
	}
	return true
}
