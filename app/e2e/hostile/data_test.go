package hostile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/backend/mail/mailtest"
)

var _ = item("5", "the disk, a backup or the log is stolen: does anything in it open something?", stolenDisk)

// Whoever carries the data directory, a backup and the log away looks for links,
// sessions and tokens in them, as they are, in hexadecimal and in base64. Only
// hashes are kept, and the links inside waiting emails are encrypted.
func stolenDisk(t *testing.T) {
	h := furnish(t, "--log-level", "debug")
	h.Mail.Down() // emails with links wait in the outbox
	var needles []string
	args := []string{"invite", "--print-link", "--role", "Fleet", "--json"}
	for i := range 60 {
		args = append(args, fmt.Sprintf("p%d@example.com", i))
	}
	for _, m := range objects(t, h.command(args...)) {
		needles = append(needles, strings.TrimPrefix(path(str(m["login_link"])), "/login/"))
	}
	token := h.token("Admin")
	needles = append(needles, h.admin.cookie("dw"), strings.TrimPrefix(token, "dw_"), h.Setup[strings.LastIndexByte(h.Setup, '/')+1:])
	backup := filepath.Join(t.TempDir(), "backup")
	h.command("backup", backup)
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	stolen, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, n := range needles {
		raw, err := base64.RawURLEncoding.DecodeString(n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n, hex.EncodeToString([]byte(n)), base64.StdEncoding.EncodeToString([]byte(n)), hex.EncodeToString(raw), string(raw))
	}
	found, err := h.Traces(all)
	if err != nil {
		t.Fatal(err)
	}
	for n, files := range found {
		if len(files) > 0 {
			t.Errorf("%.12q… is in %v", n, files)
		}
	}
	said := strings.ReplaceAll(h.Log.String(), h.Setup, "") // which the program prints, once, for whoever started it
	for _, n := range all {
		if bytes.Contains(stolen, []byte(n)) || strings.Contains(said, n) {
			t.Errorf("%.12q… is in the backup or the log", n)
		}
	}
}

var _ = item("68", "an entry of the audit log is altered by somebody with the file in their hands", alteredAudit)

// Whoever holds a backup changes who did something, makes every checksum right
// again, and restores it. The chain of the entries' own hashes says which one was
// altered.
func alteredAudit(t *testing.T) {
	h := furnish(t)
	h.member("ada@example.com")
	dir := t.TempDir()
	backup, forged := filepath.Join(dir, "backup"), filepath.Join(dir, "forged")
	h.command("backup", backup)
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	altered := 0
	out := remake(t, whole, func(key, value []byte) []byte {
		if altered == 0 && bytes.Contains(value, []byte(`"did":"approved"`)) {
			altered++
			return bytes.Replace(value, []byte(`"did":"approved"`), []byte(`"did":"rejected"`), 1)
		}
		return value
	})
	if altered != 1 {
		t.Fatal("no entry was found in the backup")
	}
	if err := os.WriteFile(forged, out, 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	s, err := h.Run("restore", forged, "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	if s.Code == 0 {
		if s, err = h.Run("audit", "verify", "--data", data); err != nil || s.Code == 0 || !strings.Contains(s.Err+s.Out, "altered") {
			t.Errorf("the altered log verifies: %+v, %v", s, err)
		}
	}
	good := filepath.Join(dir, "good")
	h.command("restore", backup, "--data", good)
	if s, err := h.Run("audit", "verify", "--data", good); err != nil || s.Code != 0 {
		t.Errorf("the log that nobody altered: %+v, %v", s, err)
	}
}

// remake is a backup with every value changed as change has it, and every length
// and checksum right.
func remake(t *testing.T, whole []byte, change func(key, value []byte) []byte) []byte {
	t.Helper()
	lines := bytes.SplitAfterN(whole, []byte("\n"), 3)
	out := append(bytes.Clone(lines[0]), lines[1]...)
	rest := lines[2]
	number := func() uint64 {
		n, size := binary.Uvarint(rest)
		if size <= 0 {
			t.Fatal("the backup is not framed as it says")
		}
		rest = rest[size:]
		return n
	}
	table, count := crc32.MakeTable(crc32.Castagnoli), uint64(0)
	for n := number(); n != 0; n = number() {
		m := number()
		key, value := rest[:n], rest[n:n+m]
		rest = rest[n+m+4:]
		value = change(key, value)
		out = binary.AppendUvarint(binary.AppendUvarint(out, n), uint64(len(value)))
		out = append(append(out, key...), value...)
		out = binary.BigEndian.AppendUint32(out, crc32.Update(crc32.Checksum(key, table), table, value))
		count++
	}
	out = binary.AppendUvarint(append(out, 0), count)
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

var _ = item("86", "X-Forwarded-For from untrusted peers, in several lines, with ports, brackets and lies", forwardedFor)

// The source in the audit log and in the limits is what a defender goes by. From
// a peer that is no trusted proxy the header says nothing; from one that is, the
// nearest address that is no proxy counts, read from the right over all lines.
func forwardedFor(t *testing.T) {
	plain := furnish(t)
	plain.arrivedFrom("a@example.com", "X-Forwarded-For: 203.0.113.1\r\n")
	if got := plain.lastSource(); got != "127.0.0.1" {
		t.Errorf("an untrusted peer is believed: %s", got)
	}
	h := furnish(t, "--trusted-proxies", "127.0.0.1,10.0.0.0/8")
	for i, tt := range []struct{ lines, want string }{
		{"X-Forwarded-For: 203.0.113.1\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 1.2.3.4, 203.0.113.1\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 1.2.3.4, 203.0.113.1, 10.1.2.3\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.1\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 10.0.0.9\r\n", "203.0.113.1"},
		{"X-Forwarded-For: 203.0.113.1:4711\r\n", "203.0.113.1"},
		{"X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1"},
		{"X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
		{"X-Forwarded-For: [2001:db8::1]\r\n", "2001:db8::1"},
		{"x-forwarded-for:   203.0.113.1  \r\n", "203.0.113.1"},
		{"X-Forwarded-For: ::ffff:203.0.113.1\r\n", "203.0.113.1"},
		{"Forwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.1\r\n", "203.0.113.1"},
	} {
		h.arrivedFrom(fmt.Sprintf("p%d@example.com", i), tt.lines)
		if got := h.lastSource(); got != tt.want {
			t.Errorf("%q: the log has %s, want %s", tt.lines, got, tt.want)
		}
	}
	for _, garbled := range []string{"X-Forwarded-For: evil\r\n", "X-Forwarded-For: 203.0.113.1, evil\r\n", "X-Forwarded-For: 203.0.113.1;\r\n", "X-Forwarded-For: 203.0.113.256\r\n", "X-Forwarded-For: [203.0.113.1\r\n"} {
		a, ok := h.raw("GET /login HTTP/1.1\r\nHost: " + h.Listen + "\r\n" + garbled + "\r\n")
		if !ok || a.code != 400 {
			t.Errorf("%q = %d, want 400", garbled, a.code)
		}
	}
	limited := 0
	for i := range 90 {
		a, _ := h.raw(fmt.Sprintf("GET /api/v1/me HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer dw_x\r\nX-Forwarded-For: 9.9.9.%d\r\nX-Forwarded-For: 203.0.113.50\r\n\r\n", h.Listen, i))
		if a.code == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("a line of one's own in front of the proxy's goes round the limit")
	}
}

// arrivedFrom has somebody open their link with these header lines.
func (h *house) arrivedFrom(email, lines string) {
	h.t.Helper()
	m := objects(h.t, h.command("invite", email, "--role", "Fleet", "--print-link", "--json"))
	link := path(str(m[0]["login_link"]))
	g := h.guest()
	form := "csrf=" + g.proof(link)
	a, _ := h.raw("POST " + link + " HTTP/1.1\r\nHost: " + h.Listen + "\r\n" + lines + "Cookie: dw-browser=" + g.cookie("dw-browser") +
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + fmt.Sprint(len(form)) + "\r\n\r\n" + form)
	if a.code != 303 {
		h.t.Errorf("%s with %q = %d", email, lines, a.code)
	}
}

// lastSource is where the last sign-in came from, as the audit log has it.
func (h *house) lastSource() (from string) {
	h.t.Helper()
	for _, e := range h.audit() {
		if e["did"] == "signed_in" {
			from = str(e["from"])
		}
	}
	return from
}

var _ = item("92", "names that a spreadsheet runs as formulas, through the export", formulas)

// The auditor opens the export in a spreadsheet, and a cell that begins with an
// equals sign fetches something. Such a cell begins with an apostrophe.
func formulas(t *testing.T) {
	h := furnish(t)
	made := 0
	for _, name := range []string{"=HYPERLINK(\"http://evil.example\")", "+1+1", "-2+3", "@SUM(1)", "=cmd|' /C calc'!A0", "\t=1+1", "\"=1+1", "=1,2", "'=1"} {
		if s, err := h.Run("token", "add", name, "--role", "Fleet"); err == nil && s.Code == 0 {
			made++
		}
	}
	if made < 5 {
		t.Fatalf("only %d names were taken", made)
	}
	a := h.admin.api("GET", "/audit/export?format=csv", nil).want(200)
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a cell is a formula: %q", cell)
			}
		}
	}
}

var _ = item("93", "line breaks, escapes and forged entries, in requests and in the mail server's answers", forgedLog)

// A log is read by people and by programs. Whatever a stranger or a mail server
// says, one line is one thing that happened, and a terminal shows it as it is.
func forgedLog(t *testing.T) {
	h := furnish(t, "--log-level", "debug")
	evil := "x\n{\"level\":\"ERROR\"}\r\ntime=2030 level=ERROR msg=forged\x1b[31m\u202e"
	g := h.guest(header("User-Agent", "x level=ERROR msg=forged"))
	g.ask("x@example.com\nlevel=ERROR")
	for _, path := range []string{"/login/" + "%0a%0dtime=2030%20level=ERROR%1b[31m", "/nowhere%0alevel=ERROR", "/login?next=%0aforged", "/api/v1/members?q=%0aforged"} {
		h.guest().get(path)
	}
	h.raw("GET /login HTTP/1.1\r\nHost: evil\x1b[31m\r\nX: " + "\x1b[2J" + "\r\n\r\n")
	h.Mail.Script(mailtest.Fault{At: mailtest.Rcpt, For: "bad", Reply: "550 5.1.1 \x1b[31mnobody\x07 " + strings.Repeat("x", 3000) + "\u202e"})
	h.admin.api("POST", "/invitations", map[string]any{"email": "bad@example.com", "roles": []string{"Fleet"}, "name": evil}).want(422)
	h.admin.api("POST", "/invitations", map[string]any{"email": "bad@example.com", "roles": []string{"Fleet"}}).want(201)
	if err := product.Eventually("the refusal is kept", func() error {
		for _, l := range h.admin.api("GET", "/outbox?limit=200", nil).items() {
			if l["to"] == "bad@example.com" && l["state"] != "queued" {
				if d := str(l["detail"]); strings.ContainsAny(d, "\x1b\x07\u202e\r\n") || len(d) > 1000 {
					t.Errorf("the mail server's words are kept as they came: %q", d)
				}
				return nil
			}
		}
		return fmt.Errorf("it is not there")
	}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(h.Log.String()) {
		if strings.ContainsAny(line, "\x1b\x07\x00\u202e") || strings.HasPrefix(line, "time=2030") || strings.HasPrefix(line, "level=") || strings.HasPrefix(line, "{\"level\"") || len(line) > 4000 {
			t.Errorf("a line of the log is not ours: %.200q", line)
		}
	}
	out := h.command("outbox")
	if strings.ContainsAny(out, "\x1b\x07\u202e") {
		t.Errorf("the shell shows escapes: %q", out)
	}
}

var _ = item("94", "passwords and tokens in the log, also where the mail server says them back", secretsInLog)

// The mail server refuses the login and repeats the password in its answer; a
// proxy sends a token to a wrong path; an operator reads the log at its most
// talkative. (Every row of this suite looks through its own log for every secret
// that it met, too.)
func secretsInLog(t *testing.T) {
	h := furnish(t, "--log-level", "debug")
	token := h.token("Admin")
	for _, path := range []string{"/login/" + token, "/" + token, "/api/v1/members/" + token, "/api/v1/me?token=" + token} {
		h.guest(bearer(token)).get(path)
		h.guest(header("Authorization", "Basic "+token), header("X-Api-Key", token), header("Referer", "http://x/"+token)).get(path)
	}
	const password = "open sesame"
	both := base64.StdEncoding.EncodeToString([]byte("\x00doorward\x00" + password))
	h.Mail.Script(mailtest.Fault{At: mailtest.Auth, Reply: "535 5.7.8 no: doorward " + password + " " + both})
	h.admin.api("POST", "/invitations", map[string]any{"email": "ada@example.com", "roles": []string{"Fleet"}}).want(201)
	if err := product.Eventually("the refusal is noticed", func() error {
		if strings.Contains(h.Log.String(), "535") {
			return nil
		}
		return fmt.Errorf("the log says nothing of it")
	}); err != nil {
		t.Fatal(err)
	}
	said := h.Log.String() + h.command("outbox", "--json") + h.admin.api("GET", "/outbox", nil).body + h.admin.api("GET", "/overview", nil).body
	s, err := h.Run("doctor")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{password, both, base64.StdEncoding.EncodeToString([]byte(password)), strings.TrimPrefix(token, "dw_")} {
		if strings.Contains(said+s.Out+s.Err, secret) {
			t.Errorf("%q is told", secret)
		}
	}
}

var _ = item("95", "requests that nobody foresaw: what does the answer tell of the inside?", insides)

// Ids of 3,000 characters (Badger prints an oversized key into its error), odd
// bytes, wrong types, at every operation. Nothing is a fault of ours, and nothing
// tells a path, a type or a trace.
func insides(t *testing.T) {
	h := furnish(t)
	odd := []string{strings.Repeat("a", 3000), strings.Repeat("%ff", 300), "%00", "..", "%2e%2e%2f", "'", "\"", "%7b%7d", "-1", "null", "%e2%80%ae", strings.Repeat("b", 26)}
	for _, op := range h.operations() {
		if op.path == "/api/v1/events" {
			continue
		}
		for _, id := range odd {
			for _, body := range []string{"{}", `{"email":1,"roles":{},"name":[]}`} {
				a := h.admin.do(op.method, op.fill(map[string]string{"id": id, "name": id, "session": id})+"?q="+id+"&limit=x", op.body(body), header("Content-Type", "application/json"), header("Sec-Fetch-Site", "same-origin"))
				if a.code >= 500 {
					t.Errorf("%s %s with %.20q = %d: %.200s", op.method, op.path, id, a.code, a.body)
				}
				a.lacks(".go:", "goroutine", "/store/", "badger", "runtime.", "doorward/backend", "desk.", h.Dir)
			}
		}
	}
	if text := h.Log.String(); strings.Contains(text, "panic") || strings.Contains(text, "goroutine ") {
		t.Errorf("something panicked: %s", text)
	}
	h.alive()
}

var _ = item("96", "another user of the machine reads the data, or lays out the directory beforehand", otherUsers)

// The directory is ours alone, whatever the umask; one that others can read, that
// is a file, or that holds somebody else's things, is not used.
func otherUsers(t *testing.T) {
	h := furnish(t)
	h.member("ada@example.com")
	if err := filepath.WalkDir(h.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others can read %s (%v)", filepath.Base(path), info.Mode())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	toml := filepath.Join(h.Dir, "doorward.toml")
	if err := errorsOf(os.WriteFile(toml, []byte("smtp_url = \"smtp://user:password@mail.example.com\"\n"), 0o600), os.Chmod(toml, 0o644)); err != nil {
		t.Fatal(err)
	}
	if s, err := h.Run("members"); err != nil || s.Code == 0 || strings.Contains(s.Err, "password@") {
		t.Errorf("a password that others can read is taken: %+v, %v", s, err)
	}
	os.Remove(toml)
	dir := t.TempDir()
	file, foreign, linked := filepath.Join(dir, "file"), filepath.Join(dir, "foreign"), filepath.Join(dir, "linked")
	for _, err := range []error{os.WriteFile(file, nil, 0o600), os.Mkdir(foreign, 0o700), os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("x"), 0o600), os.Mkdir(linked, 0o700), os.Symlink(filepath.Join(dir, "victim"), filepath.Join(linked, "instance.key")), os.WriteFile(filepath.Join(dir, "victim"), []byte("theirs"), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{file, foreign, linked, "/proc", "/dev/null"} {
		if s, err := h.Run("setup", "--email", "x@example.com", "--data", bad); err != nil || s.Code == 0 || s.Err == "" {
			t.Errorf("%s is taken as a data directory: %+v, %v", filepath.Base(bad), s, err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "victim")); err != nil || string(b) != "theirs" {
		t.Errorf("a file behind a link was overwritten: %q, %v", b, err)
	}
	if os.Geteuid() == 0 { // only root can lay out a directory of another user
		theirs := filepath.Join(dir, "theirs")
		if err := errorsOf(os.Mkdir(theirs, 0o700), os.Chown(theirs, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
		if s, err := h.Run("setup", "--email", "x@example.com", "--data", theirs); err != nil || s.Code == 0 {
			t.Errorf("a directory of another user is taken: %+v, %v", s, err)
		}
	}
}

func errorsOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

var _ = item("97", "a backup is read by others, cut short, garbled, or poured over a directory in use", garbledBackups)

// A backup that is not whole must not become a server that is half. It is ours
// alone to read; whatever byte is changed or missing, it is refused and nothing is
// left; a directory that holds something is not touched.
func garbledBackups(t *testing.T) {
	h := furnish(t)
	h.member("ada@example.com")
	dir := t.TempDir()
	backup := filepath.Join(dir, "backup")
	h.command("backup", backup)
	info, err := os.Stat(backup)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup's mode is %v (%v)", info.Mode(), err)
	}
	if s, err := h.Run("backup", backup); err != nil || s.Code == 0 {
		t.Errorf("a backup is overwritten: %+v, %v", s, err)
	}
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	harm := map[string][]byte{"empty": {}, "half": whole[:len(whole)/2], "one byte short": whole[:len(whole)-1], "one byte more": append(bytes.Clone(whole), 'x'), "twice": append(bytes.Clone(whole), whole...), "not one": []byte("hello\n"), "zeros": make([]byte, 4096)}
	for i := range 12 {
		bad, at := bytes.Clone(whole), i*(len(whole)-1)/11
		bad[at] ^= 0x40
		harm[fmt.Sprintf("byte %d", at)] = bad
	}
	for name, bytes := range harm {
		file, data := filepath.Join(dir, "harmed"), filepath.Join(dir, "data")
		if err := os.WriteFile(file, bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := h.Run("restore", file, "--data", data)
		if err != nil || s.Code == 0 || s.Err == "" || strings.Contains(s.Err, "panic") {
			t.Errorf("%s is restored: %+v, %v", name, s, err)
		}
		if _, err := os.Stat(data); err == nil {
			t.Errorf("%s left a directory behind", name)
			os.RemoveAll(data)
		}
	}
	if s, err := h.Run("restore", backup, "--data", h.Dir); err != nil || s.Code == 0 {
		t.Errorf("a backup is restored over a directory in use: %+v, %v", s, err)
	}
	h.alive()
}

var _ = item("98", "a backup brings links and sessions back that were used or ended since", resurrected)

// After a restore the past is the present again: a link that was used since the
// backup would be good once more, a session that was ended open. None of them is.
func resurrected(t *testing.T) {
	h := furnish(t)
	_, link := h.invite("ada@example.com")
	bob, _ := h.member("bob@example.com")
	ask := h.guest()
	ask.ask("bob@example.com")
	signed := path(h.mail("bob@example.com", signIn, 1).Link)
	dir := t.TempDir()
	h.command("backup", filepath.Join(dir, "backup"))
	h.guest().press(link, link).leads("/pending")
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	h.command("restore", filepath.Join(dir, "backup"), "--data", data)
	h.Dir = data
	h.Env = append(h.Env, "DOORWARD_DATA="+data)
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	h.guest().get(link).want(410)
	ask.get(signed).want(403, 410)
	bob.api("GET", "/me", nil).want(401)
	h.admin.api("GET", "/me", nil).want(401)
	h.guest().get(h.Setup[strings.Index(h.Setup, "/setup/"):]).want(410)
}

var _ = item("99", "doors beside the front door: metrics, profiles, other ports, the shell's socket", sideDoors)

// Whatever a framework opens by itself is looked for: profiles, metrics, debug
// pages; another port; the operator's own API over the network. There is one
// port, and one socket that only its owner can open.
func sideDoors(t *testing.T) {
	h := furnish(t)
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/vars", "/pprof", "/monitor", "/status", "/_internal", "/server-status", "/actuator", "/swagger", "/docs", "/api/v1/docs", "/schemas", "/wails/ipc.js", "/desktop", "/local", "/local/v1/members/by-email?email=" + boss} {
		if a := h.guest().get(path); a.code != 404 && a.code != 401 && a.code != 303 {
			t.Errorf("GET %s = %d", path, a.code)
		}
	}
	info, err := os.Stat(filepath.Join(h.Dir, "doorward.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode is %v (%v)", info.Mode(), err)
	}
	if ports := listening(t, h.Server.Process.Pid); len(ports) != 1 || ports[0] != h.Listen {
		t.Errorf("the program listens on %v", ports)
	}
}

// listening are the TCP addresses that a process listens on.
func listening(t *testing.T, pid int) (all []string) {
	t.Helper()
	sockets := map[string]bool{}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd.Name())); err == nil {
			sockets[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] = true
		}
	}
	for _, file := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, file))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != "0A" || !sockets[f[9]] {
				continue
			}
			var ip, port uint32
			if _, err := fmt.Sscanf(f[1], "%08X:%04X", &ip, &port); err != nil {
				all = append(all, f[1])
				continue
			}
			all = append(all, net.JoinHostPort(net.IPv4(byte(ip), byte(ip>>8), byte(ip>>16), byte(ip>>24)).String(), fmt.Sprint(port)))
		}
	}
	return all
}

var _ = item("100", "old TLS, weak suites, and plain requests to the port that speaks TLS", oldTLS)

// A client that only knows old TLS is led down to what can be broken, or a plain
// request is answered beside the encrypted ones.
func oldTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	p := product.New(t, "--tls-cert", cert, "--tls-key", key)
	p.Client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c, err := tls.Dial("tcp", p.Listen, &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version})
		if err == nil {
			c.Close()
		}
		if (err == nil) != want {
			t.Errorf("TLS %x: %v", version, err)
		}
	}
	for _, suite := range tls.InsecureCipherSuites() {
		c, err := tls.Dial("tcp", p.Listen, &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}})
		if err == nil {
			c.Close()
			t.Errorf("the suite %s is taken", suite.Name)
		}
	}
	resp, err := p.Client.Get(p.URL + "/login")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Errorf("over TLS: %d, %v", resp.StatusCode, resp.Header)
	}
	for _, c := range resp.Cookies() {
		if !c.Secure || !strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("the cookie %s is not secure", c.Name)
		}
	}
	h := adopt(t, p)
	if a, ok := h.raw("GET /login HTTP/1.1\r\nHost: " + p.Listen + "\r\n\r\n"); ok && a.code == 200 {
		t.Error("a plain request is answered on the port that speaks TLS")
	}
}

// certificate is one for 127.0.0.1 that signs itself, in two files.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	if err := errorsOf(os.WriteFile(cert, text, 0o600), os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600)); err != nil {
		t.Fatal(err)
	}
	return cert, key, pool
}

var _ = item("104", "what is left of somebody who was rejected, or removed", whatIsLeft)

// Somebody was turned away and wants to be forgotten. After compacting, their
// address, name and words are in no file, in no list, in no entry of the audit
// log, whatever their spelling.
func whatIsLeft(t *testing.T) {
	h := furnish(t)
	const who, name, note, own = "zebedee@forgotten.example", "Zebedee Quux", "Knows-The-Elephant", "Please-Let-Zebedee"
	h.admin.api("POST", "/invitations", map[string]any{"email": who, "roles": []string{"Fleet"}, "name": name, "note": note}).want(201)
	link := path(h.mail(who, invited, 1).Link)
	eve := h.guest()
	eve.press(link, link).leads("/pending")
	eve.press("/pending", "/pending/note", "note", own).want(303)
	h.admin.api("POST", "/members/"+h.idOf(who)+"/reject", map[string]any{"reason": "Not-An-Elephant"}).want(200, 204)

	_, gone := h.member("removed@forgotten.example")
	h.admin.api("DELETE", "/members/"+gone, nil).want(200, 204)
	h.command("compact")
	backup := filepath.Join(t.TempDir(), "backup")
	h.command("backup", backup)
	stolen, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	told := h.command("audit", "--json", "--limit", "0") + h.command("outbox", "--json") + h.command("members", "--json") + h.Log.String() + string(stolen) + h.admin.api("GET", "/audit/export?format=json", nil).body
	var needles []string
	for _, word := range []string{who, "forgotten.example", "zebedee", name, note, own, "Not-An-Elephant", "removed@"} {
		needles = append(needles, word, strings.ToUpper(word), base64.StdEncoding.EncodeToString([]byte(word)), hex.EncodeToString([]byte(word)), strings.ReplaceAll(word, "@", "%40"))
	}
	for _, n := range needles {
		if strings.Contains(told, n) {
			t.Errorf("%q is still told", n)
		}
	}
	if err := h.Stop(); err != nil {
		t.Fatal(err)
	}
	found, err := h.Traces(needles)
	if err != nil {
		t.Fatal(err)
	}
	for n, files := range found {
		if len(files) > 0 {
			t.Errorf("%q is in %v", n, files)
		}
	}
}
