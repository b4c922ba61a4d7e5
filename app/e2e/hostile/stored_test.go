package hostile

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var _ = item("5", "the disk, a backup or the log is stolen: does anything in it give access?", stolenDisk)

// A thief of the data directory, a backup and the log searches them for links,
// sessions and tokens, in plain text, hexadecimal and base64. Only hashes are stored,
// and the links inside queued emails are encrypted.
func stolenDisk(t *testing.T) {
	h := openWithAdmin(t, "--log-level", "debug")
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
	needles = append(
		needles,
		h.admin.cookie("dw"),
		strings.TrimPrefix(token, "dw_"),
		h.Setup[strings.LastIndexByte(h.Setup, '/')+1:],
	)
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
		all = append(
			all,
			n,
			hex.EncodeToString([]byte(n)),
			base64.StdEncoding.EncodeToString([]byte(n)),
			hex.EncodeToString(raw),
			string(raw),
		)
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
	said := strings.ReplaceAll(h.Log.String(), h.Setup, "") // the program prints it once, for the operator
	for _, n := range all {
		if bytes.Contains(stolen, []byte(n)) || strings.Contains(said, n) {
			t.Errorf("%.12q… is in the backup or the log", n)
		}
	}
}

var _ = item("68", "someone with access to the file alters an entry of the audit log", alteredAudit)

// Somebody with a backup changes who did something, corrects every checksum, and
// restores it. The hash chain of the entries shows which one was altered.
func alteredAudit(t *testing.T) {
	h := openWithAdmin(t)
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
		if s, err = h.Run("audit", "verify", "--data", data); err != nil || s.Code == 0 ||
			!strings.Contains(s.Err+s.Out, "altered") {
			t.Errorf("the altered log verifies: %+v, %v", s, err)
		}
	}
	good := filepath.Join(dir, "good")
	h.command("restore", backup, "--data", good)
	if s, err := h.Run("audit", "verify", "--data", good); err != nil || s.Code != 0 {
		t.Errorf("the log that nobody altered: %+v, %v", s, err)
	}
}

// remake is a backup with change applied to every value, and correct lengths and
// checksums.
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

var _ = item("104", "what is left of someone who was rejected or removed", whatIsLeft)

// Somebody was rejected and wants their data deleted. After compacting, their address,
// name and texts are in no file, list or audit entry, in any spelling.
func whatIsLeft(t *testing.T) {
	h := openWithAdmin(t)
	const who, name, note, own = "zebedee@forgotten.example", "Zebedee Quux", "Knows-The-Elephant", "Please-Let-Zebedee"
	h.admin.api("POST", "/invitations", map[string]any{
		"email": who,
		"roles": []string{"Fleet"},
		"name":  name,
		"note":  note,
	}).want(201)
	link := path(h.mail(who, invited, 1).Link)
	eve := h.browser()
	eve.press(link, link).leads("/pending")
	eve.press("/pending", "/pending/note", "note", own).want(303)
	reject := "/members/" + h.idOf(who) + "/reject"
	h.admin.api("POST", reject, map[string]any{"reason": "Not-An-Elephant"}).want(422) // nobody would read it
	h.admin.api("POST", reject, map[string]any{}).want(200, 204)

	_, gone := h.member("removed@forgotten.example")
	h.admin.api("DELETE", "/members/"+gone, nil).want(200, 204)
	h.command("compact")
	backup := filepath.Join(t.TempDir(), "backup")
	h.command("backup", backup)
	stolen, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	told := h.command("audit", "--json", "--limit", "0") + h.command("outbox", "--json") +
		h.command("members", "--json") + h.Log.String() + string(stolen) +
		h.admin.api("GET", "/audit/export?format=json", nil).body
	var needles []string
	for _, word := range []string{who, "forgotten.example", "zebedee", name, note, own, "Not-An-Elephant", "removed@"} {
		needles = append(
			needles,
			word,
			strings.ToUpper(word),
			base64.StdEncoding.EncodeToString([]byte(word)),
			hex.EncodeToString([]byte(word)),
			strings.ReplaceAll(word, "@", "%40"),
		)
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
