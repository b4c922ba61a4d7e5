package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long anything may take before the run gives up.
const patience = 60 * time.Second

// build builds the program as make build does.
func (b *bench) build() error {
	b.program = filepath.Join(b.dir, "doorward")
	return b.compile(b.program, "doorward", "CGO_ENABLED=0", "")
}

// A replaced file is compiled as another one is.
type replaced struct{ file, by string }

// compile builds a program, with what it embeds compressed.
func (b *bench) compile(program, pkg, env, tags string, other ...replaced) error {
	packed, err := exec.Command("go", "run", "doorward/build/pack").Output()
	if err != nil {
		return fmt.Errorf("compress what is embedded: %w", err)
	}
	overlay, err := b.overlay(strings.TrimSpace(string(packed)), other)
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-overlay", overlay, "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version=bench", "-tags", tags, "-o", program, pkg)
	cmd.Env = append(os.Environ(), env)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// overlay returns an overlay that replaces other files, too.
func (b *bench) overlay(name string, other []replaced) (string, error) {
	if len(other) == 0 {
		return name, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	var o struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &o); err != nil {
		return "", err
	}
	for _, r := range other {
		o.Replace[r.file] = r.by
	}
	if text, err = json.Marshal(o); err != nil {
		return "", err
	}
	name = filepath.Join(b.dir, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}

// A product is the built program on a data directory.
type product struct {
	program, data, listen string
	env                   []string
	flags                 []string // of serve, besides the address
	port                  string   // where the other machines reach this one
	server                *exec.Cmd
	log                   bytes.Buffer
}

func (b *bench) product(name string) (*product, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(b.dir, name)
	return &product{program: b.program, data: data, listen: listen,
		env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, "DOORWARD_DATA=" + data,
			"DOORWARD_LOG_LEVEL=warn"}}, nil
}

// freeAddress is an address on which nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (p *product) url() string { return "http://" + p.listen }

func (p *product) pid() int { return p.server.Process.Pid }

// start runs the server and returns how long it took from exec to the first 200
// on /readyz.
func (p *product) start() (time.Duration, error) {
	p.server = exec.Command(p.program, append([]string{"serve", "--listen", p.listen}, p.flags...)...)
	p.server.Env, p.server.Stdout, p.server.Stderr = p.env, &p.log, &p.log
	began := time.Now()
	if err := p.server.Start(); err != nil {
		return 0, err
	}
	for time.Since(began) < patience {
		if ready(p.listen) {
			return time.Since(began), nil
		}
		time.Sleep(500 * time.Microsecond)
	}
	return 0, errors.Join(errors.New("the server does not answer"), p.stop())
}

// ready asks once, on a connection of its own.
func ready(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	fmt.Fprintf(conn, "GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", address)
	var status [12]byte
	n, _ := conn.Read(status[:])
	return string(status[:n]) == "HTTP/1.1 200"
}

// stop ends the server in order.
func (p *product) stop() error {
	if err := p.server.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := p.server.Wait(); err != nil {
		return fmt.Errorf("the server ended badly: %w\n%s", err, &p.log)
	}
	return nil
}

// says runs a command line with --json and parses its output.
func (p *product) says(out any, args ...string) error {
	return p.saysLines(func() any { return out }, args...)
}

// saysLines is says for a list, of which each line has its own place.
func (p *product) saysLines(next func() any, args ...string) error {
	cmd := exec.Command(p.program, append(args, "--json")...)
	cmd.Env = p.env
	var said, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("doorward %s: %w\n%s", strings.Join(args, " "), err, &stderr)
	}
	for d := json.NewDecoder(&said); d.More(); {
		if err := d.Decode(next()); err != nil {
			return err
		}
	}
	return nil
}
