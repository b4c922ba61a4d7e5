package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doorward/app/e2e/product"
)

// The server is killed again and again during a large import, while the store writes
// and merges tables, and sometimes during a start. Each start succeeds, nothing that was
// answered is missing, and the records agree.
func TestCrashWhileTheStoreIsAtWork(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	p.Env = append(p.Env, "DOORWARD_SMTP_URL=") // emails are held
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	c := &fixture{t, p, map[string]string{}}
	c.do("setup", "--email", "grace@example.org", "--name", "Grace Hopper")
	answered := 1
	for round := range 6 {
		answered += c.flood(round, 1500+round*311)
		if err := p.Start(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if round%3 == 0 { // during a start
			if err := p.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := p.StartAndKill(time.Duration(round) * 7 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if err := p.Start(); err != nil {
				t.Fatalf("round %d, after a start that was cut off: %v", round, err)
			}
		}
		out := c.do("verify")
		var records, members int
		if _, err := fmt.Sscanf(out, "Everything is intact: %d records, including %d member", &records,
			&members); err != nil {
			t.Fatalf("verify said %q", out)
		}
		if members < answered {
			t.Fatalf("round %d: %d members are there, and %d were answered", round, members, answered)
		}
		answered = members // rows that were kept but not answered count as answered from now on
	}
	c.do("audit", "verify")
}

// flood invites a hundred at a time until a number of rows were answered, and then
// kills the server. It returns the number of answered rows.
func (c *fixture) flood(round, enough int) int {
	var done atomic.Int64
	full := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				var rows []string
				for k := range 200 {
					rows = append(rows,
						fmt.Sprintf(`{"email":"w%d.%d.%d.%d@example.com","roles":["Fleet"],"name":"Somebody Number %d"}`, round, i, n, k, k))
				}
				resp, err := c.p.Socket.Post(
					"http://doorward/api/v1/invitations/batch",
					"application/json",
					bytes.NewReader([]byte(`{"invitations":[`+strings.Join(rows, ",")+`]}`)),
				)
				if err != nil {
					return
				}
				text, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil {
					return
				}
				if resp.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(`"ok":200,`)) {
					c.Errorf("a batch: %s %.300s", resp.Status, text)
					once.Do(func() { close(full) })
					return
				}
				if done.Add(200) >= int64(enough) {
					once.Do(func() { close(full) })
				}
			}
		})
	}
	select {
	case <-full:
	case <-c.p.Exited:
		c.Error("the server ended by itself")
	case <-time.After(product.Patience):
		c.Error("the server takes for ever")
	}
	if err := c.p.Kill(); err != nil {
		c.Error(err)
	}
	wg.Wait()
	return int(done.Load())
}
