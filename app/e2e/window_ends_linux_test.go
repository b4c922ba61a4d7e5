package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"doorward/app/e2e/product"
)

// On SIGTERM the program exits with 0 and saves the window's place, also while it is
// still opening, every time.
func TestWindowEndsWhenItIsTold(t *testing.T) {
	program := desktop(t)
	p, s := newProduct(t), newScreen(t)
	p.Env = append(p.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	for i := range 6 {
		var said bytes.Buffer
		cmd := exec.Command(program)
		cmd.Env = append(append([]string{}, p.Env...), s.env...)
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, product.Patience
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		s.window("Doorward")
		if i%2 == 0 {
			if err := product.Eventually(
				"the store is open",
				func() error { _, err := os.Stat(filepath.Join(p.Dir, "doorward.sock")); return err },
			); err != nil {
				t.Error(err)
			}
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil || strings.Contains(said.String(), "not kept") ||
			strings.Contains(said.String(), "goroutine") {
			t.Fatalf("told to end the %d. time: %v\n%s", i+1, err, &said)
		}
	}
}

// If no window can be opened the program says so in a sentence, and exits.
func TestNoDisplay(t *testing.T) {
	program := desktop(t)
	p := newProduct(t)
	cmd := exec.Command(program)
	var said bytes.Buffer
	cmd.Env, cmd.Stderr = p.Env, &said
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "There is no display to open a window on.") ||
		strings.Contains(said.String(), "goroutine") {
		t.Errorf("without a display: %v, %s", err, &said)
	}
}
