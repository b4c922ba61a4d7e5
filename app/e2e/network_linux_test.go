package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// A network is machines in network namespaces of their own, joined by a bridge in another. It is
// seen by nobody else, and goes with the test.
type network struct {
	t   *testing.T
	hub string
	all []*product.Machine
}

const nowhere = "02:77:00:00:ff:ff" // an address that no machine has

func newNetwork(t *testing.T, names ...string) *network {
	t.Helper()
	need.Root(t)
	need.Program(t, "iproute2", "ip")
	n := &network{t: t, hub: fmt.Sprintf("dw%d", os.Getpid())}
	if out, err := exec.Command("ip", "netns", "add", n.hub).CombinedOutput(); err != nil {
		need.Impossible(t, "This system lets nobody make a network namespace: %s", out)
	}
	t.Cleanup(func() { n.ip("netns", "del", n.hub) })
	n.ip("-n", n.hub, "link", "add", "name", "br0", "type", "bridge")
	n.ip("-n", n.hub, "link", "set", "br0", "up")
	for i, name := range names {
		n.add(i, name)
	}
	n.heal()
	return n
}

func (n *network) space(i int) string { return fmt.Sprintf("%sn%d", n.hub, i) }

func port(i int) string { return fmt.Sprintf("p%d", i) }

func at(i int) string { return fmt.Sprintf("10.77.0.%d", i+1) }

func hardware(i int) string { return fmt.Sprintf("02:77:00:00:00:%02x", i+1) }

// add makes one more machine.
func (n *network) add(i int, name string) {
	n.t.Helper()
	in := n.space(i)
	n.ip("netns", "add", in)
	n.t.Cleanup(func() { n.ip("netns", "del", in) })
	n.ip("-n", n.hub, "link", "add", "name", port(i), "type", "veth", "peer", "name", "eth0", "address", hardware(i),
		"netns", in)
	n.ip("-n", n.hub, "link", "set", port(i), "master", "br0", "up")
	n.ip("-n", in, "link", "set", "lo", "up")
	n.ip("-n", in, "address", "add", at(i)+"/24", "dev", "eth0")
	n.ip("-n", in, "link", "set", "eth0", "up")
	m := product.NewMachine(n.t, name)
	m.At, m.Listen, m.Within = at(i)+":9443", "127.0.0.1:8080", []string{"ip", "netns", "exec", in}
	n.all = append(n.all, m)
}

func (n *network) ip(args ...string) {
	n.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		n.t.Errorf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// heal ends every fault. Each machine knows the others' hardware addresses by heart, so that
// nothing has to be learnt again.
func (n *network) heal() {
	n.t.Helper()
	for i := range n.all {
		n.ip("-n", n.hub, "link", "set", port(i), "up")
		exec.Command("ip", "netns", "exec", n.space(i), "tc", "qdisc", "del", "dev", "eth0", "root").Run() // if any
		for j := range n.all {
			n.knows(i, j, hardware(j))
		}
	}
}

func (n *network) knows(i, j int, hardware string) {
	n.t.Helper()
	if i != j {
		n.ip("-n", n.space(i), "neighbour", "replace", at(j), "lladdr", hardware, "dev", "eth0", "nud", "permanent")
	}
}

// loses drops what i sends to j, while what j sends to i arrives.
func (n *network) loses(i, j int) { n.knows(i, j, nowhere) }

// cut separates a machine from the others.
func (n *network) cut(i int) { n.ip("-n", n.hub, "link", "set", port(i), "down") }

// slow delays what a machine sends, and loses some of it. Where the kernel cannot do that, its
// line has little room instead, in which packets wait, and overflow.
func (n *network) slow(i int) {
	n.t.Helper()
	tc := func(args ...string) ([]byte, error) {
		args = append([]string{"netns", "exec", n.space(i), "tc", "qdisc", "replace", "dev", "eth0", "root"}, args...)
		return exec.Command("ip", args...).CombinedOutput()
	}
	if _, err := tc("netem", "delay", "200ms", "50ms", "loss", "5%"); err == nil {
		return
	}
	if out, err := tc("tbf", "rate", "128kbit", "burst", "2kb", "latency", "400ms"); err != nil {
		n.t.Errorf("tc: %v: %s", err, out)
	}
}
