package smtp_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A conversation is one side of a connection, for servers that behave as no
// server does.
type conversation struct {
	conn net.Conn
	in   *bufio.Reader
}

func (c *conversation) say(words string) { io.WriteString(c.conn, words+"\r\n") }

// hear reports whether a line came that begins so.
func (c *conversation) hear(begin string) bool {
	line, err := c.in.ReadString('\n')
	return err == nil && strings.HasPrefix(line, begin)
}

// raw leads each conversation by talk, until the test ends, and says where.
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
