package hostile

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// taken reports whether an invitation to an address is taken, and how it was
// answered.
func (h *house) taken(email string) (bool, answer) {
	h.t.Helper()
	a := h.admin.api("POST", "/invitations", map[string]any{"email": email, "roles": []string{"Fleet"}})
	return a.code == 201, a
}

var _ = item("46", "one mailbox is invited as several members by spelling it otherwise", spellings)

// The same mailbox, written with capitals, a Kelvin sign, full-width letters, or
// another form of its domain, would be a second member with a decision of its
// own. And a letter that only looks or folds like another is another mailbox.
func spellings(t *testing.T) {
	h := furnish(t)
	for _, pair := range [][2]string{
		{"kim@x.org", "\u212aim@x.org"}, {"ada@example.com", "ADA@EXAMPLE.COM"}, {"bob@example.com", " bob@example.com "}, {"eve@example.com", "ｅve@example.com"},
		{"a@bücher.example", "a@xn--bcher-kva.example"}, {"a@sub.example.com", "a@sub。example.com"}, {"jose@example.com", "JOSE@example.com"},
	} {
		if ok, a := h.taken(pair[0]); !ok {
			t.Errorf("%q = %d: %s", pair[0], a.code, a.body)
		}
		if _, a := h.taken(pair[1]); a.code != 409 && a.code != 422 {
			t.Errorf("%q beside %q = %d", pair[1], pair[0], a.code)
		}
	}
	h.taken("iris@example.com")
	if ok, _ := h.taken("ıris@example.com"); ok { // a dotless i is no i, and no local part that mail servers know
		for _, m := range h.admin.api("GET", "/members?q=iris", nil).items() {
			if m["email"] == "ıris@example.com" && m["email_canonical"] == "iris@example.com" {
				t.Error("a dotless i is taken for an i")
			}
		}
	}
}

var _ = item("47", "an address that looks like a colleague's is put before the Admin", lookalikes)

// Cyrillic letters that look like Latin ones make an address that reads like one
// that the Admin knows. Mixed scripts are refused.
func lookalikes(t *testing.T) {
	h := furnish(t)
	for _, email := range []string{"аdmin@example.com", "grаce@example.org", "pаypal@example.com", "a@exаmple.com", "αdmin@example.com"} {
		if ok, a := h.taken(email); ok || a.code != 422 {
			t.Errorf("%q = %d: %s", email, a.code, a.body)
		}
	}
}

var _ = item("48", "plus addresses: another's account by stripping, or fifty allowances of one mailbox", plusAddresses)

// u+1 and u are two accounts: who owns the first must not be given the second. But
// they are one mailbox, which may not be filled fifty times over.
func plusAddresses(t *testing.T) {
	h := furnish(t, "--trusted-proxies", "127.0.0.1")
	h.member("u@example.com")
	h.member("plain@example.com")
	h.member("other@example.com")
	var ids []string
	for i := range 10 {
		m := objects(t, h.command("invite", fmt.Sprintf("u+%d@example.com", i), "--role", "Fleet", "--json"))
		ids = append(ids, str(m[0]["id"]))
		h.command("approve", ids[i])
	}
	if len(ids) != 10 || ids[0] == ids[1] {
		t.Error("plus addresses are not accounts of their own")
	}
	for i := range 10 {
		h.guest(forwarded("203.0.113.1")).ask(fmt.Sprintf("u+%d@example.com", i)).want(200, 429)
		h.guest(forwarded("203.0.113.2")).ask("plain@example.com").want(200, 429)
	}
	one := h.emails("plain@example.com", "other@example.com", forwarded("203.0.113.3"))
	many := 0
	for _, l := range h.Mail.Received() {
		if strings.HasPrefix(l.To, "u+") && strings.Contains(l.Subject, signIn) {
			many++
		}
	}
	if many > one || one == 0 {
		t.Errorf("ten plus addresses got %d emails, one address %d", many, one)
	}
}

var _ = item("49", "an address that says more to a mail server than to us", injectedAddresses)

// A quoted local part went to the wire as RCPT TO:<victim@evil.example> <x@ours>.
// Nothing that a mail server could read in two ways is an address here, wherever
// one can be typed.
func injectedAddresses(t *testing.T) {
	h := furnish(t)
	for _, email := range []string{
		`"victim@evil.example> <x"@ok.example`, `"a> NOTIFY=NEVER <x"@ok.example`, `"a b"@ok.example`, "a b@ok.example", "a@ok.example\r\nRCPT TO:<eve@evil.example>", "a\r@ok.example", "a\n@ok.example",
		"a\x00@ok.example", "a\u2028@ok.example", "a\u0085@ok.example", "a@ok.example,b@evil.example", "a@ok.example;b@evil.example", "Ada <a@ok.example>", "<a@ok.example>", "a@ok.example>", "a(c)@ok.example",
		"a@[127.0.0.1]", "a@[IPv6:::1]", "a@127.0.0.1", "a@localhost", "a@", "@ok.example", "a@@ok.example", "a.@ok.example", ".a@ok.example", "a..b@ok.example", "a@ok..example", "a@-ok.example", `a\@ok.example`,
		strings.Repeat("a", 65) + "@ok.example", "a@" + strings.Repeat("b.", 130) + "example", "a@ok.example\t", "a\u200b@ok.example", "%0d%0a@ok.example\r\n",
	} {
		ok, a := h.taken(email)
		if ok && strings.TrimSpace(email) != str(a.object()["email"]) || !ok && a.code != 422 {
			t.Errorf("%q = %d: %s", email, a.code, a.body)
		}
		if ok && strings.ContainsAny(strings.TrimSpace(email), " \r\n\t<>\"(),;:\\[]\x00") {
			t.Errorf("%q is taken", email)
		}
		h.guest().ask(email).want(200, 422)
	}
	for _, l := range h.Mail.Received() {
		if strings.Contains(l.To, "evil") || strings.ContainsAny(l.To, "<> \r\n") {
			t.Errorf("an email went to %q", l.To)
		}
	}
}

var _ = item("50", "text that reorders, hides, or is nothing at all, before the Admin who decides", textTricks)

// The list of waiting people is what an Admin decides by. A name that is
// invisible, runs backwards, or piles marks over the lines beside it makes them
// decide on somebody else.
func textTricks(t *testing.T) {
	h := furnish(t)
	for name, text := range map[string]string{
		"right to left": "Ada\u202egnp.exe", "isolates": "\u2066Ada\u2069", "zero byte": "Ada\x00", "escape": "Ada\x1b[31m", "a line": "Ada\nBob", "201 characters": strings.Repeat("a", 201), "1 MB": strings.Repeat("a", 1<<20),
		"Hangul filler": "\u3164\u3164", "Braille blank": "\u2800", "tag characters": "Ada\U000e0041\U000e0042", "soft hyphen": "A\u00adda", "150 marks": "A" + strings.Repeat("\u0301", 150), "zero width": "A\u200bda", "not UTF-8": "\xff\xfe",
	} {
		for _, field := range []string{"name", "note"} {
			body, err := json.Marshal(map[string]any{"email": "x@example.com", "roles": []string{"Fleet"}, field: text})
			if name == "not UTF-8" {
				body = []byte(`{"email":"x@example.com","roles":["Fleet"],"` + field + "\":\"\xff\xfe\"}")
			}
			if err != nil {
				t.Fatal(err)
			}
			if a := h.admin.api("POST", "/invitations", string(body)); a.code != 422 && a.code != 413 && a.code != 400 {
				t.Errorf("%s as %s = %d", name, field, a.code)
				h.admin.api("POST", "/members/"+str(a.object()["id"])+"/reject", nil)
			}
		}
	}
	for i, text := range []string{"Zoë Ångström", "王小明", "Ольга", "नमस्ते", "José\u0301", "👩‍🚀", strings.Repeat("é", 200)} {
		if a := h.admin.api("POST", "/invitations", map[string]any{"email": fmt.Sprintf("ok%d@example.com", i), "roles": []string{"Fleet"}, "name": text}); a.code != 201 {
			t.Errorf("the good name %q = %d: %s", text, a.code, a.body)
		}
	}
}

var _ = item("51", "more is sent than anybody needs: addresses, headers, bodies, chunks without an end", sizes)

// Each part of a request has its bound, and one byte more is refused: also where
// no length is announced, or one that is never kept.
func sizes(t *testing.T) {
	h := furnish(t)
	host := "Host: " + h.Listen + "\r\n"
	status := func(text string) int {
		a, _ := h.raw(text)
		return a.code
	}
	long := func(n int) string { return "/login?x=" + strings.Repeat("x", n-len("/login?x=")) }
	if got := status("GET " + long(8<<10) + " HTTP/1.1\r\n" + host + "\r\n"); got != 200 {
		t.Errorf("an address of 8 KiB = %d", got)
	}
	if got := status("GET " + long(8<<10+1) + " HTTP/1.1\r\n" + host + "\r\n"); got != 414 {
		t.Errorf("one byte more = %d", got)
	}
	if got := status("GET /login HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 17<<10) + "\r\n\r\n"); got != 431 {
		t.Errorf("headers of 17 KiB = %d", got)
	}
	var many strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&many, "X-%d: 12345678\r\n", i)
	}
	if got := status("GET /login HTTP/1.1\r\n" + host + many.String() + "\r\n"); got != 431 {
		t.Errorf("2,000 headers = %d", got)
	}
	pad := func(n int) string {
		const head, tail = `{"email":"x@example.com","roles":["Fleet"],"note":"`, `"}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	h.admin.api("POST", "/invitations", pad(64<<10)).want(422)
	h.admin.api("POST", "/invitations", pad(64<<10+1)).want(413)
	ada := h.guest()
	proof := ada.proof("/login")
	ada.post("/login", []string{"csrf", proof, "email", "x@example.com", "pad", strings.Repeat("x", 15<<10)}).want(200)
	ada.post("/login", []string{"csrf", proof, "email", "x@example.com", "pad", strings.Repeat("x", 17<<10)}).want(413)
	for _, path := range []string{"/login", "/api/v1/invitations", "/nowhere", "/api/v1/invitations/batch"} {
		for name, body := range map[string]string{
			"10 MB announced": "Content-Length: 10485760\r\n\r\n", "a length beyond numbers": "Content-Length: 99999999999999999999\r\n\r\n", "a negative length": "Content-Length: -1\r\n\r\n",
			"chunks without an end": "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("10000\r\n"+strings.Repeat(" ", 64<<10)+"\r\n", 40), "a chunk beyond numbers": "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\n",
		} {
			a, ok := h.raw("POST " + path + " HTTP/1.1\r\n" + host + "Content-Type: application/json\r\n" + body)
			if ok && (a.code < 400 || a.code >= 500) {
				t.Errorf("%s to %s = %d", name, path, a.code)
			}
		}
	}
	h.alive()
}

var _ = item("52", "JSON that two readers read in two ways, or that costs more than it is worth", jsonBodies)

// A key that stands twice is read by the first reader and by the last; a body
// nested ten thousand deep ends a careless parser. One object, of known fields,
// as deep as needed.
func jsonBodies(t *testing.T) {
	h := furnish(t)
	for name, body := range map[string]string{
		"60,000 brackets": strings.Repeat("[", 60_000), "nested objects": strings.Repeat(`{"a":`, 5000), "a key twice": `{"email":"a@example.com","email":"b@example.com","roles":["Fleet"]}`,
		"once escaped": `{"email":"a@example.com","\u0065mail":"b@example.com","roles":["Fleet"]}`, "in capitals": `{"EMAIL":"a@example.com","roles":["Fleet"]}`, "unknown": `{"email":"a@example.com","roles":["Fleet"],"verified":true}`,
		"something after it": `{"email":"a@example.com","roles":["Fleet"]} {}`, "a byte order mark": "\ufeff" + `{"email":"a@example.com","roles":["Fleet"]}`, "a number beyond numbers": `{"email":1e999,"roles":["Fleet"]}`, "a comment": `{"email":"a@example.com",/**/"roles":["Fleet"]}`,
		"not UTF-8": "{\"email\":\"a\xff@example.com\",\"roles\":[\"Fleet\"]}", "half a surrogate": `{"email":"a@example.com","name":"\ud800","roles":["Fleet"]}`, "a list": `[]`, "null": `null`, "a string": `"x"`, "nothing": ``, "single quotes": `{'email':'a@example.com'}`,
		"10,000 keys": `{` + strings.TrimSuffix(strings.Repeat(`"a":1,`, 10_000), ",") + `}`, "a role twice": `{"email":"a@example.com","roles":["Fleet","Fleet"],"roles":["Admin"]}`, "__proto__": `{"email":"a@example.com","roles":["Fleet"],"__proto__":{"x":1}}`, "a trailing comma": `{"email":"a@example.com","roles":["Fleet"],}`,
		"a long number": `{"email":` + strings.Repeat("9", 60_000) + `}`,
	} {
		if a := h.admin.api("POST", "/invitations", body); a.code != 400 && a.code != 422 {
			t.Errorf("%s = %d: %.200s", name, a.code, a.body)
		}
	}
	if n := len(h.admin.api("GET", "/members?state=pending", nil).items()); n != 0 {
		t.Errorf("%d people were invited by bodies that were refused", n)
	}
}

// pack is zeros packed so many times over.
func pack(t *testing.T, size int64, by ...func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	zeros := io.LimitReader(zero{}, size)
	var out []byte
	for i, open := range by {
		var b bytes.Buffer
		w := open(&b)
		var err error
		if i == 0 {
			_, err = io.Copy(w, zeros)
		} else {
			_, err = w.Write(out)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		out = b.Bytes()
	}
	return out
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

var _ = item("53", "10 KB that unpack to gigabytes, at every path that takes a body", compressedBodies)

// Ten thousand bytes, packed twice, unpacked to six gigabytes before anybody
// looked who had sent them, and ended the server. A packed body is refused on
// every path, whatever the packing is called, before it is looked into.
func compressedBodies(t *testing.T) {
	h := furnish(t)
	zip := func(w io.Writer) io.WriteCloser { z, _ := gzip.NewWriterLevel(w, gzip.BestCompression); return z }
	raw := func(w io.Writer) io.WriteCloser { z, _ := flate.NewWriter(w, flate.BestCompression); return z }
	lib := func(w io.Writer) io.WriteCloser { z, _ := zlib.NewWriterLevel(w, zlib.BestCompression); return z }
	const most = 64 << 20
	bombs := []struct {
		encoding string
		body     []byte
	}{
		{"gzip, gzip", pack(t, most, zip, zip)}, {"gzip", pack(t, 8<<20, zip)}, {"deflate", pack(t, 8<<20, raw)}, {"deflate", pack(t, 8<<20, lib)}, {"br", []byte("\xa1\xff\xff\x0f")}, {"zstd", []byte("(\xb5/\xfd")},
		{"GZIP", pack(t, 8<<20, zip)}, {"x-gzip", pack(t, 8<<20, zip)}, {"identity, gzip", pack(t, 8<<20, zip)}, {" gzip", pack(t, 8<<20, zip)}, {"compress", []byte("x")}, {"nonsense", []byte("x")}, {"gzip, identity", pack(t, 8<<20, zip)},
	}
	_, link := h.invite("ada@example.com")
	for _, path := range []string{"/login", "/login/code", link, link + "/renew", "/setup/" + strings.Repeat("A", 43), "/logout", "/pending/note", "/window", "/api/v1/window", "/api/v1/invitations", "/api/v1/invitations/batch", "/nowhere", "/healthz", "/admin/x"} {
		for _, bomb := range bombs {
			g := h.guest()
			a := g.do("POST", path, bytes.NewReader(bomb.body), header("Content-Encoding", bomb.encoding), header("Content-Type", "application/x-www-form-urlencoded"), header("Sec-Fetch-Site", "same-origin"))
			if a.code != 415 {
				t.Errorf("%s to %.12s = %d", bomb.encoding, path, a.code)
			}
		}
	}
	both := h.guest()
	two := func(text string) int {
		a, _ := h.raw("POST /login HTTP/1.1\r\nHost: " + h.Listen + "\r\n" + text + "Content-Type: application/x-www-form-urlencoded\r\nCookie: dw-browser=" + both.cookie("dw-browser") + "\r\nContent-Length: 1\r\n\r\nx")
		return a.code
	}
	both.get("/login")
	if got := two("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"); got != 415 && got != 400 {
		t.Errorf("two lines of which one says gzip = %d", got)
	}
	h.alive()
}

var _ = item("54", "connections that send a byte now and then, announce what never comes, or say nothing", slowConnections)

// Hundreds of connections send the beginning of a request and no end, announce a
// body that never comes, or only stand there. Everybody else is answered
// meanwhile, and the server cuts them off by itself. (How much memory they cost
// is measured by go run ./app/bench -only hostile.)
func slowConnections(t *testing.T) {
	h := furnish(t)
	ada, _ := h.member("ada@example.com")
	var conns []net.Conn
	for i := range 240 {
		c, err := net.Dial("tcp", h.Listen)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		conns = append(conns, c)
		switch i % 4 {
		case 0:
			io.WriteString(c, "GET /login HTTP/1.1\r\nHost: "+h.Listen+"\r\nX-Slow: ")
		case 1:
			io.WriteString(c, "POST /login HTTP/1.1\r\nHost: "+h.Listen+"\r\nContent-Length: 1048576\r\n\r\nx")
		case 2:
			io.WriteString(c, "POST /api/v1/invitations/batch HTTP/1.1\r\nHost: "+h.Listen+"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n{")
		}
		if i%60 == 0 {
			ada.get("/fleet").want(200)
		}
	}
	ada.get("/fleet").want(200)
	h.alive()
	for i := 1; i < 12; i++ { // those with a request under way are ended by the server
		if i%4 == 3 {
			continue
		}
		w := &wire{conns[i], t, nil}
		if err := w.ends(); err != nil {
			t.Errorf("connection %d: %v", i, err)
		}
	}
	h.alive()
}

var _ = item("55", "paths that climb out of what is served, in every spelling", traversal)

// Dots, encoded dots, backslashes, zero bytes, overlong UTF-8, twice encoded:
// nothing leads to a file, and nothing leads round the guard.
func traversal(t *testing.T) {
	h := furnish(t)
	for _, path := range []string{
		"/../../etc/passwd", "/assets/../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc%2fpasswd", "/assets/..%5c..%5cetc", "/assets/%252e%252e%252fetc", "/assets/%c0%ae%c0%ae/etc", "/assets/door.css%00.html",
		"//etc/passwd", "/assets//etc/passwd", "/admin/assets/../../../etc/passwd", "/admin/assets/..%2f..%2f..%2fgo.mod", "/admin/assets/%2e%2e%2findex.html", "/.git/config", "/doorward.toml", "/instance.key", "/assets/....//....//etc/passwd", "/assets/%5c..%5c..", "/assets/\\..\\..", "/assets/",
		"/admin/assets/", "/assets/.", "/login/..", "/api/v1/../../local/v1/doctor", "/api/v1/%2e%2e/%2e%2e/local/v1/doctor", "/local%2fv1%2fdoctor",
	} {
		a, ok := h.raw("GET " + path + " HTTP/1.1\r\nHost: " + h.Listen + "\r\n\r\n")
		if !ok {
			continue
		}
		for _, word := range []string{"root:", "module doorward", "[core]", "checks"} {
			if strings.Contains(a.body, word) {
				t.Errorf("GET %s = %d with %q", path, a.code, word)
			}
		}
		if a.code == 200 && !strings.Contains(path, "/login") || a.code >= 500 {
			t.Errorf("GET %s = %d", path, a.code)
		}
	}
}

var _ = item("56", "64 clients at once, so that a buffer of one ends in the record of another", borrowedBuffers)

// The framework lends its strings for one request. Kept longer they become part
// of whatever comes next on that connection: one person's name in another's
// record. Every record has to hold what was sent for it.
func borrowedBuffers(t *testing.T) {
	h := furnish(t)
	token := h.token("Admin")
	const clients, each = 64, 8
	at(clients, func(i int) {
		g := h.guest(bearer(token))
		for j := range each {
			tag := fmt.Sprintf("%c%c%d", 'a'+i%26, 'a'+i/26, j)
			a := g.api("POST", "/invitations", map[string]any{"email": strings.Repeat(tag, 5) + "@" + tag + ".example", "roles": []string{"Fleet"}, "name": "N " + strings.Repeat(tag, 9), "note": strings.Repeat(tag, 20)})
			if a.code != 201 {
				t.Errorf("%s = %d", tag, a.code)
			}
		}
	})
	found := 0
	for next := ""; ; {
		a := h.admin.api("GET", "/members?state=pending&limit=200&cursor="+next, nil)
		for _, m := range a.items() {
			found++
			email := str(m["email"])
			tag := strings.TrimSuffix(email[strings.IndexByte(email, '@')+1:], ".example")
			if email != strings.Repeat(tag, 5)+"@"+tag+".example" || m["name"] != "N "+strings.Repeat(tag, 9) || m["invitation_note"] != strings.Repeat(tag, 20) {
				t.Errorf("mixed up: %v", m)
			}
		}
		if next = str(a.object()["next"]); next == "" {
			break
		}
	}
	if found != clients*each {
		t.Errorf("%d of %d records are there", found, clients*each)
	}
}

var _ = item("57", "a million at once, and cursors that were edited or belong to another list", cursors)

// A list that can be asked for whole is a way to carry everything off and to
// stall the server; a cursor that is taken apart shows keys, and one put together
// leads to other lists.
func cursors(t *testing.T) {
	h := furnish(t)
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() { h.command("invite", fmt.Sprintf("c%d@example.com", i), "--role", "Fleet") })
	}
	wg.Wait()
	good := str(h.admin.api("GET", "/members?limit=2", nil).object()["next"])
	if good == "" {
		t.Fatal("there is no next page")
	}
	h.admin.api("GET", "/members?limit=2&cursor="+good, nil).want(200)
	for _, query := range []string{"limit=1000000000", "limit=201", "limit=-1", "limit=0x10", "limit=1e9", "limit=99999999999999999999", "cursor=AAAA", "cursor=../../x", "cursor=" + strings.Repeat("A", 4000), "cursor=" + good[:len(good)-2], "cursor=" + flip(good[0]) + good[1:], "cursor=" + good + "AAAA"} {
		for _, list := range []string{"/members", "/outbox", "/audit", "/login-requests"} {
			a := h.admin.api("GET", list+"?"+query, nil)
			if a.code != 422 && a.code != 400 {
				t.Errorf("GET %s?%.40s = %d", list, query, a.code)
			}
		}
	}
	for _, other := range []string{"/members?state=active", "/members?role=Fleet", "/members?q=c", "/outbox?limit=2", "/audit?limit=2", "/login-requests?limit=2"} {
		sep := "?"
		if strings.Contains(other, "?") {
			sep = "&"
		}
		if a := h.admin.api("GET", other+sep+"cursor="+good, nil); a.code != 422 && a.code != 400 {
			t.Errorf("the cursor of /members is taken by %s: %d", other, a.code)
		}
	}
}
