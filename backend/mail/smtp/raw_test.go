package smtp_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A conversation is the server's side of a connection, for servers that misbehave.
type conversation struct {
	conn net.Conn
	in   *bufio.Reader
}

func (c *conversation) say(text string) { io.WriteString(c.conn, text+"\r\n") }

// hear reads a line and reports whether it starts with begin.
func (c *conversation) hear(begin string) bool {
	line, err := c.in.ReadString('\n')
	return err == nil && strings.HasPrefix(line, begin)
}

// raw runs talk for each connection until the test ends, and returns the address.
func raw(t *testing.T, talk func(*conversation)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(generous))
			talk(&conversation{conn, bufio.NewReader(conn)})
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}
