package e2e

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// A longLine stands before the port of a machine, and hands on what comes and goes after a while.
type longLine struct {
	takes atomic.Int64 // a time.Duration, in each direction
}

// newLongLine has the others reach a machine over a long line, as from another continent.
func newLongLine(t *testing.T, m *product.Machine) *longLine {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	m.Bind, m.At = m.At, l.Addr().String()
	line := &longLine{}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			go line.connect(near, m.Bind)
		}
	}()
	return line
}

func (l *longLine) connect(near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	var ways sync.WaitGroup
	ways.Go(func() { l.carry(near.(*net.TCPConn), far.(*net.TCPConn)) })
	ways.Go(func() { l.carry(far.(*net.TCPConn), near.(*net.TCPConn)) })
	ways.Wait()
}

// A letter is what arrives at some time.
type letter struct {
	text []byte
	at   time.Time
}

// carry hands on what comes, each piece when its time has come, so that a line is long and not
// narrow; and then the end.
func (l *longLine) carry(from, to *net.TCPConn) {
	under := make(chan letter, 1<<12)
	var hands sync.WaitGroup
	hands.Go(func() {
		for p := range under {
			time.Sleep(time.Until(p.at))
			if _, err := to.Write(p.text); err != nil {
				from.CloseRead()
			}
		}
		to.CloseWrite()
	})
	for {
		text := make([]byte, 16<<10)
		n, err := from.Read(text)
		if n > 0 {
			under <- letter{text[:n], time.Now().Add(time.Duration(l.takes.Load()))}
		}
		if err != nil {
			break
		}
	}
	close(under)
	hands.Wait()
}

// Three machines are far from each other: what one sends arrives after a tenth of a second. Changes are
// made at each of them, the one that leads is killed, another one takes over. Then one is so far that
// its voice would come too late in an election, and the two others are near. Afterwards each copy has
// what was acknowledged, and nothing that was refused.
func TestLongLines(t *testing.T) {
	need.Time(t)
	t.Parallel()
	together(t)
	all := []*product.Machine{}
	lines := []*longLine{}
	for _, name := range []string{"one", "two", "three"} {
		m := product.NewMachine(t, name)
		all, lines = append(all, m), append(lines, newLongLine(t, m))
	}
	product.Begin(all[0], all[1:])
	w := newWriters(all, seed(t))
	defer w.end()
	during := func(what string) {
		t.Helper()
		before := w.counts()
		w.await(t, "everybody has tried", 3)
		w.awaitKept(t)
		t.Logf("%s: %s; the longest pause %v", what, w.counts().since(before), w.pause())
	}
	for _, l := range lines {
		l.takes.Store(int64(100 * time.Millisecond))
	}
	during("a tenth of a second each way")
	killed := product.Leading(t, all...)
	killed.Kill()
	w.awaitKept(t)
	killed.Serve()
	during("after the one that led was killed")
	for i, l := range lines {
		l.takes.Store(0)
		if all[i] == killed {
			l.takes.Store(int64(time.Second))
		}
	}
	during("one is a second away")
	for _, l := range lines {
		l.takes.Store(0)
	}
	w.end()
	if err := product.Eventually("each machine has everything", func() error { return haveAll(all) }); err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		m.Stop()
	}
	w.judge(t, all)
}
