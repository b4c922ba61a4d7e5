package cli_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"doorward/build/need"
)

// exported is how many members the file has that is saved during a hand-over: more than the
// connections between the machines hold by themselves.
const exported = 30_000

// Somebody saves all members through a machine that does not lead, and the one that leads is told
// to stop, or is killed. They get the whole file, or the transfer fails: nobody mistakes a part for
// the whole.
func TestAFileIsWholeOrFails(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	var token struct{ Token string }
	all[0].reads(&token, "token", "add", "work", "--role", "Admin", "--json")
	bearer := http.Header{"Authorization": {"Bearer " + token.Token}}
	fills(t, all[0], bearer, exported)
	ways := []struct {
		name string
		end  func(*host)
		slow bool // nothing is read meanwhile
	}{
		{"told to stop, and read at once", (*host).stop, false},
		{"told to stop, and read slowly", (*host).stop, true},
		{"killed", (*host).kill, true},
	}
	for _, way := range ways {
		began := time.Now()
		old := leading(t, all...)
		line, answer := begins(t, others(all, old)[0], bearer)
		ended := make(chan bool)
		go func() { way.end(old); close(ended) }()
		if way.slow {
			<-ended
		}
		text, err := io.ReadAll(answer)
		<-ended
		line.Close()
		rows := bytes.Count(text, []byte("\r\n"))
		t.Logf("%s: after %v %d of %d rows, then %v", way.name, time.Since(began), rows-1, exported+1, err)
		if err == nil {
			all, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
			if len(all) != exported+2 {
				t.Errorf("%s: a file with %d rows looks whole (%v)", way.name, len(all), err)
			}
		}
		old.serve()
		waitUntilEqual(t, leading(t, all...), 2)
	}
}

// begins asks for all members, and returns once the first have come.
func begins(t *testing.T, at *host, who http.Header) (line net.Conn, answer io.Reader) {
	t.Helper()
	line, err := net.Dial("tcp", at.web)
	if err != nil {
		t.Fatal(err)
	}
	line.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(line, "GET /api/v1/members/export HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n\r\n",
		strings.TrimPrefix(at.url, "http://"), who.Get("Authorization"))
	resp, err := http.ReadResponse(bufio.NewReader(line), nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the file does not begin: %v, %v", resp, err)
	}
	first := make([]byte, 1<<10)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	return line, io.MultiReader(bytes.NewReader(first), resp.Body)
}

// fills invites that many people with long names, by lists of 1,000.
func fills(t *testing.T, at *host, who http.Header, n int) {
	t.Helper()
	const batch = 1000
	name := strings.Repeat("Ada Lovelace ", 7)
	for i := 0; i < n; i += batch {
		rows := make([]string, batch)
		for j := range rows {
			rows[j] = fmt.Sprintf(`{"email":"somebody-with-a-rather-long-address-%d@a-rather-long-name.example.com",`+
				`"name":"%s%d","roles":["Fleet","AILoop"]}`, i+j, name, i+j)
		}
		body := `{"invitations":[` + strings.Join(rows, ",") + `]}`
		if status, answer := posts(t.Context(), at, who, "/api/v1/invitations/batch", body); status != http.StatusOK {
			t.Fatal(errors.New(fmt.Sprint(status, " ", answer[:min(len(answer), 500)])))
		}
	}
}
