package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// check measures what it costs to identify the caller and their permissions: a
// member's GET /api/v1/me by session cookie, compared with a bare Fiber handler
// that answers 204.
func check(b *bench) error {
	p, err := b.product("check")
	if err != nil {
		return err
	}
	if _, err := p.start(); err != nil {
		return err
	}
	return errors.Join(b.checkOn(p), p.stop())
}

func (b *bench) checkOn(p *product) error {
	if _, err := p.admin(); err != nil {
		return err
	}
	v, err := p.member("ada@example.com")
	if err != nil {
		return err
	}
	cookie, err := v.cookie()
	if err != nil {
		return err
	}
	return b.checkAs(p, cookie, "", 0.60, b.rounds, 16, 64)
}

// checkAs measures the check of a member with that cookie; of says on which server.
func (b *bench) checkAs(p *product, cookie, of string, share float64, rounds int, connections ...int) error {
	bare, err := startBare()
	if err != nil {
		return err
	}
	defer bare.stop()
	for _, n := range connections {
		var c comparison
		for range rounds {
			of, err := b.wrk(bare.cmd.Process.Pid, n, bare.url)
			if err != nil {
				return err
			}
			ours, err := b.wrk(p.pid(), n, p.url()+"/api/v1/me", "Cookie: "+cookie)
			if err != nil {
				return err
			}
			c.add(ours, of)
		}
		what := fmt.Sprintf("signed-in check (GET /api/v1/me)%s, %d connections", of, n)
		b.add(c.figure(what, "bare Fiber", share))
	}
	return nil
}

// A comparison is two loads, measured in turn.
type comparison struct {
	ours, bound, ratio, ourCPU, boundCPU, p50, p99 spread
}

func (c *comparison) add(ours, bound load) {
	c.ours, c.bound, c.ratio = append(c.ours, ours.rate), append(c.bound, bound.rate),
		append(c.ratio, ours.rate/bound.rate)
	c.ourCPU, c.boundCPU = append(c.ourCPU, ours.cpu), append(c.boundCPU, bound.cpu)
	c.p50, c.p99 = append(c.p50, ours.p50), append(c.p99, ours.p99)
}

func (c *comparison) figure(what, bound string, share float64) figure {
	return figure{
		what: what,
		measured: fmt.Sprintf("%s, p50 %s, p99 %s, %s CPU each", perSecond(c.ours.median()),
			milliseconds(c.p50.median()), milliseconds(c.p99.median()), microseconds(c.ourCPU.median())),
		ranging: c.ours.ranging(perSecond),
		bound: fmt.Sprintf("%s %s, %s CPU each: %s (%s)", bound, perSecond(c.bound.median()),
			microseconds(c.boundCPU.median()), percent(c.ratio.median()), c.ratio.ranging(percent)),
		target: "≥ " + percent(share),
		met:    c.ratio.median() >= share,
	}
}

// A bareServer is this program in another process, with that handler only.
type bareServer struct {
	cmd *exec.Cmd
	url string
}

func startBare() (*bareServer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-bare")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	s := &bareServer{cmd, "http://" + strings.TrimSpace(line) + "/"}
	if err != nil {
		s.stop()
	}
	return s, err
}

func (s *bareServer) stop() {
	s.cmd.Process.Kill()
	s.cmd.Wait() // it was killed: an error is expected
}

// serveBare answers 204 to everything, and prints its address.
func serveBare() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", func(c *fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) })
	fmt.Println(l.Addr())
	return app.Listener(l)
}
