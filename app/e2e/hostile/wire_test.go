package hostile

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

// text is the page without its tags, for messages.
func (a answer) text() string { return strings.TrimSpace(tags.ReplaceAllString(a.body, " ")) }

// A wire is one raw connection.
type wire struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

// dial opens a connection with a timeout for everything.
func (h *target) dial() *wire {
	h.t.Helper()
	c, err := net.Dial("tcp", h.Listen)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(product.Patience)); err != nil {
		h.t.Fatal(err)
	}
	return &wire{c, h.t, bufio.NewReader(c)}
}

// answer reads one answer; ok is false where the connection ended instead.
func (w *wire) answer() (a answer, ok bool) {
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return answer{t: w.t, asked: "raw"}, false
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return answer{w.t, "raw", resp.StatusCode, resp.Header, string(b)}, true
}

// raw sends bytes on a connection of their own and reads the first answer. The
// server may answer, and close, before it has read all.
func (h *target) raw(text string) (a answer, ok bool) {
	h.t.Helper()
	w := h.dial()
	defer w.Close()
	go io.WriteString(w, text)
	return w.answer()
}

// alive fails the test unless the server still answers the Admin's own page.
func (h *target) alive() {
	h.t.Helper()
	select {
	case err := <-h.Exited:
		h.t.Fatalf("the server ended: %v", err)
	default:
	}
	if h.admin != nil {
		h.admin.api("GET", "/me", nil).want(200).has(boss)
	}
	h.browser().get("/readyz").want(200)
}

// at makes n calls that start together.
func at(n int, call func(i int)) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { <-start; call(i) })
	}
	close(start)
	all.Wait()
}

// ends reads until the other side closes the connection.
func (w *wire) ends() error {
	if err := w.SetReadDeadline(time.Now().Add(product.Patience)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, w.Conn)
	if slow, ok := err.(net.Error); ok && slow.Timeout() {
		return fmt.Errorf("still open after %s", product.Patience)
	}
	return nil // closed, or reset
}
