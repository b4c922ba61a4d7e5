package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
)

// reachJoin shakes hands as somebody who wants to join.
func reachJoin(t testing.TB, raw net.Conn) *tls.Conn {
	t.Helper()
	t.Cleanup(func() { raw.Close() })
	must(t, raw.SetDeadline(time.Now().Add(patience)))
	c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{string(join)}})
	must(t, c.Handshake())
	return c
}

func dialJoin(t testing.TB, s *site) *tls.Conn {
	t.Helper()
	return reachJoin(t, the(net.Dial("tcp", s.Addr().String()))(t))
}

// told reads the answer, and returns its text and the code of the refusal.
func told(t testing.TB, c *tls.Conn) (text []byte, code string) {
	t.Helper()
	text, err := readMessage(c, maxAnswer)
	if err != nil {
		return nil, "no answer"
	}
	var a answer
	must(t, decodeStrictly(text, &a))
	if a.Refusal == nil {
		return text, ""
	}
	if a.Certificate != nil || a.Node != "" || a.Members != nil || a.Bundle != nil {
		t.Errorf("a refusal says more: %s", text)
	}
	return text, a.Refusal.Code
}

func framed(text []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

// request is a request that is good, but for what change does to it.
func (w *world) request(secret access.Secret, change func(*JoinRequest)) []byte {
	w.t.Helper()
	d := the(newDraft(w.t.TempDir(), w.authority.Cluster(), "new", "192.0.2.9:8443"))(w.t)
	r := JoinRequest{Secret: secret, CSR: the(d.request())(w.t), Name: "new", Address: "192.0.2.9:8443",
		Version: "1.0.0", Schema: 7, Clock: w.clock.now()}
	if change != nil {
		change(&r)
	}
	return the(json.Marshal(r))(w.t)
}

// Somebody tries tokens, and looks at what comes back. Whatever else is wrong with the
// request, or right, the answer is the same, byte for byte: it says nothing about the cluster,
// its machines, its version or its clock.
func TestStrangersLearnNothingByJoining(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	foreign := NewToken(the(NewAuthority(noon))(t)).Secret
	member := a.member()
	var want []byte
	for name, request := range map[string][]byte{
		"a wrong secret":     w.request(access.NewSecret(), nil),
		"another cluster's":  w.request(foreign, nil),
		"no secret":          w.request("", nil),
		"a long secret":      w.request(access.Secret(strings.Repeat("a", 1000)), nil),
		"a hash":             w.request(access.Secret(the(w.token().Secret.Hash().MarshalText())(t)), nil),
		"an older version":   w.request(foreign, func(r *JoinRequest) { r.Schema = 1 }),
		"a newer version":    w.request(foreign, func(r *JoinRequest) { r.Schema = 9 }),
		"another clock":      w.request(foreign, func(r *JoinRequest) { r.Clock = noon.Add(time.Hour) }),
		"a member's name":    w.request(foreign, func(r *JoinRequest) { r.Name = member.Name }),
		"a member's address": w.request(foreign, func(r *JoinRequest) { r.Address = member.Address }),
		"a member's request": w.request(foreign, func(r *JoinRequest) { r.CSR = the(a.identity.Request())(t) }),
	} {
		a.tries.forget()
		c := dialJoin(t, a)
		the(c.Write(framed(request)))(t)
		text, code := told(t, c)
		if code != "join_token_unknown" {
			t.Errorf("%s: %s", name, text)
		}
		if want == nil {
			want = text
		}
		if !bytes.Equal(text, want) {
			t.Errorf("%s is answered with\n%s, another one with\n%s", name, text, want)
		}
	}
}

// A request is huge, cut off, or no request. It is refused with a sentence where there is
// somebody to read it, and not read beyond its bound.
func TestJoinRequestsAreBounded(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a")
	padded := func(n int) []byte {
		text := w.request(w.token().Secret, nil)
		return append(text, bytes.Repeat([]byte(" "), n-len(text))...)
	}
	for _, tt := range []struct {
		name string
		sent []byte
		cut  bool // nothing follows
		want string
	}{
		{"a good one", framed(padded(2000)), false, ""},
		{"as long as it may be", framed(padded(maxRequest)), false, ""},
		{"one byte longer", framed(padded(maxRequest + 1))[:headSize], false, "join_too_long"},
		{"4 GiB announced", []byte{0xff, 0xff, 0xff, 0xff}, false, "join_too_long"},
		{"nothing", nil, true, "no answer"},
		{"half of its length", []byte{0, 0}, true, "no answer"},
		{"half of it", framed(padded(2000))[:1000], true, "no answer"},
		{"empty", framed(nil), false, "join_malformed"},
		{"no JSON", framed([]byte("hello")), false, "join_malformed"},
		{"a list", framed([]byte("[]")), false, "join_malformed"},
		{"null", framed([]byte("null")), false, "node_name_invalid"},
		{"nested", framed(bytes.Repeat([]byte("["), maxRequest)), false, "join_malformed"},
		{"two values", framed(append(padded(2000), "{}"...)), false, "join_malformed"},
		{"another field", framed([]byte(`{"admin":true}`)), false, "join_malformed"},
		{"a request that is none", framed(w.request(w.token().Secret, func(r *JoinRequest) {
			r.CSR = []byte("x")
		})), false, "join_malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a.tries.forget()
			c := dialJoin(t, a)
			the(c.Write(tt.sent))(t)
			if tt.cut {
				must(t, c.CloseWrite())
			}
			text, code := told(t, c)
			if code != tt.want {
				t.Errorf("it is answered with %q (%s), want %q", code, text, tt.want)
			}
			for _, m := range w.registry.list()[1:] {
				w.registry.remove(m.ID)
			}
		})
	}
}

// A request arrives a byte now and then, or never: it has its time, and makes room as a
// connection without a handshake does.
func TestSlowJoinsEnd(t *testing.T) {
	w := newWorld(t)
	a := w.machine("a", func(o *Options) { o.Bounds.JoinWithin = 200 * time.Millisecond })
	c := dialJoin(t, a)
	the(c.Write([]byte{0, 0}))(t)
	ended(t, "half a length", c)

	_, l, b, _ := bounded(t, Bounds{Handshakes: 2, PerAddress: 2})
	first, second := reachJoin(t, l.come(t, "192.0.2.1")), reachJoin(t, l.come(t, "192.0.2.1"))
	eventually(t, "both wait", func() bool { return b.arrivals() == 2 })
	go reachJoin(t, l.come(t, "192.0.2.1")).Write([]byte{0})
	ended(t, "the oldest", first)
	if closed(second) {
		t.Error("the newer one is closed")
	}
}

// One address asks again and again.
func TestTriesToJoinAreLimited(t *testing.T) {
	w, l, _, _ := bounded(t, Bounds{Tries: Rate{Burst: 2, Every: 10 * time.Second}})
	try := func(from, want string) {
		t.Helper()
		c := reachJoin(t, l.come(t, from))
		go c.Write(framed(w.request(access.NewSecret(), nil)))
		if text, code := told(t, c); code != want {
			t.Errorf("it is answered with %s, want %s", text, want)
		}
	}
	const x, y = "192.0.2.1", "192.0.2.2"
	try(x, "join_token_unknown")
	try(x, "join_token_unknown")
	try(x, "join_too_many")
	try(y, "join_token_unknown")
	w.clock.set(noon.Add(10*time.Second - 1))
	try(x, "join_too_many")
	w.clock.set(noon.Add(10 * time.Second))
	try(x, "join_token_unknown")
	try(x, "join_too_many")
}

// One address shakes hands to join, again and again, which is work for the machine whatever is
// sent then: it is not taken any more for a while.
func TestHandshakesToJoinAreLimited(t *testing.T) {
	bounds := Bounds{Tries: Rate{Burst: 1, Every: time.Hour}, Failures: Rate{Burst: 2, Every: time.Minute}}
	w, l, _, _ := bounded(t, bounds)
	const x, y = "192.0.2.1", "192.0.2.2"
	for i, want := range []string{"join_token_unknown", "join_too_many", "join_too_many"} {
		c := reachJoin(t, l.come(t, x))
		go c.Write(framed(w.request(access.NewSecret(), nil)))
		if text, code := told(t, c); code != want {
			t.Errorf("try %d is answered with %s, want %s", i, text, want)
		}
	}
	ended(t, "one more", l.come(t, x))
	reachJoin(t, l.come(t, y))
	w.clock.set(noon.Add(time.Minute))
	reachJoin(t, l.come(t, x))
}

// More machines join at once than the store is to be asked for.
func TestJoinsInProgressAreBounded(t *testing.T) {
	w := newWorld(t)
	slow := &slowRegistry{registry: w.registry, began: make(chan struct{}), goOn: make(chan struct{})}
	w.joins.Registry = slow
	a := w.machine("a", func(o *Options) { o.Bounds.Joins = 1 })
	first := make(chan error)
	go func() {
		_, err := w.join(a.Addr(), w.token())
		first <- err
	}()
	<-slow.began
	_, err := w.join(a.Addr(), w.token(), func(o *JoinOptions) { o.Name, o.Address = "c", "192.0.2.3:1" })
	wants(t, err, "join_busy")
	close(slow.goOn)
	if err := <-first; err != nil {
		t.Errorf("the first one: %v", err)
	}
	go func() { <-slow.began }()
	_, err = w.join(a.Addr(), w.token(), func(o *JoinOptions) { o.Name, o.Address = "c", "192.0.2.3:1" })
	wants(t, err, "")
}

type slowRegistry struct {
	*registry
	began, goOn chan struct{}
}

func (s *slowRegistry) Admit(ctx context.Context, hash access.SecretHash, decide func(*Admission) error) error {
	s.began <- struct{}{}
	<-s.goOn
	return s.registry.Admit(ctx, hash, decide)
}

// What the other machine refuses with is shown in a terminal: it is short and of one line, and
// nothing but a refusal.
func TestRefusalsFromElsewhereAreCleaned(t *testing.T) {
	const failed = "The cluster could not answer. Check the log of the machine that was asked, then try again."
	for _, tt := range []struct {
		name string
		r    refusal
		kind access.Kind
		want string
	}{
		{"one of ours", *refusalOf(tokenUsed()), access.Conflict, tokenUsed().Error()},
		{"with escapes", refusal{Kind: access.Conflict, Message: "a\x1b[2Jb\n\u202ec"}, access.Conflict, "a[2Jbc"},
		{"a long one", refusal{Kind: access.Conflict, Message: strings.Repeat("x", maxTold)}, access.Conflict,
			strings.Repeat("x", maxTold)},
		{"a longer one", refusal{Kind: access.Conflict, Message: strings.Repeat("x", maxTold+1)}, access.Conflict,
			strings.Repeat("x", maxTold) + "…"},
		{"its own fault", *refusalOf(errors.New("disk")), access.Unavailable, failed},
		{"about files", refusal{Kind: access.NoData, Message: "x"}, access.Unavailable, failed},
		{"of no kind", refusal{Message: "x"}, access.Unavailable, failed},
		{"without a sentence", refusal{Kind: access.Conflict}, access.Unavailable, failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.r.err()
			if !tt.kind.Is(err) || err.Error() != tt.want {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// A reader of messages takes what is announced, no more, and reserves nothing for it.
func TestMessagesAreRead(t *testing.T) {
	for _, tt := range []struct {
		name, sent string
		limit      int
		want       string
		err        error
	}{
		{"a whole one", "\x00\x00\x00\x02abc", 2, "ab", nil},
		{"longer than it may be", "\x00\x00\x00\x03abc", 2, "", errTooLong},
		{"an empty one", "\x00\x00\x00\x00", 2, "", nil},
		{"none", "", 2, "", io.EOF},
		{"half a length", "\x00\x00", 2, "", io.ErrUnexpectedEOF},
		{"half of it", "\x00\x00\x00\x02a", 2, "a", io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readMessage(strings.NewReader(tt.sent), tt.limit)
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("readMessage = %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
	var b bytes.Buffer
	must(t, writeMessage(&b, "ab"))
	if got := the(readMessage(&b, 4))(t); string(got) != `"ab"` || b.Len() != 0 {
		t.Errorf("what was written is read as %q", got)
	}
}
