package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// An email that was sealed by an earlier version is read with the dictionary it
// was packed with.
func TestTheDictionaryOfWordsNeverChanges(t *testing.T) {
	sum := sha256.Sum256(wordsDict)
	if got, want := hex.EncodeToString(sum[:]), "e867b9a75e979070c973e559bd13e7860321726921ce69ffc0dd0162e2456976"; got != want {
		t.Errorf("words.dict has the checksum %s, not %s: letters that wait could not be read. Add another dictionary instead.", got, want)
	}
}

func TestWordsCanBeUnpacked(t *testing.T) {
	long := strings.Repeat("<p>Ünïcödé & \x00 \"quotes\"</p>\n", 5000)
	for name, w := range map[string]access.MessageBody{
		"nothing": {}, "a little": {Subject: "Come in", Text: "a link", HTML: "<p>a link"}, "much": {Subject: "s", Text: long, HTML: long + "x"},
		"the dictionary itself": {HTML: string(wordsDict)},
	} {
		if got, err := unpack(pack(w)); err != nil || got != w {
			t.Errorf("%s: unpack(pack) = %.80v, %v", name, got, err)
		}
	}
}

func TestDamagedWordsAreRefused(t *testing.T) {
	whole := pack(access.MessageBody{Subject: "Come in", Text: "a link", HTML: "<p>a link"})
	other := append([]byte{packing + 1}, whole[1:]...)
	for name, b := range map[string][]byte{"nothing": {}, "another packing": other, "cut": whole[:len(whole)-3], "only a length": pack(access.MessageBody{})[:2]} {
		if w, err := unpack(b); !isCorrupt(err) {
			t.Errorf("%s: unpack = %v, %v", name, w, err)
		}
	}
}

func TestALetterIsPackedSmall(t *testing.T) {
	html, err := os.ReadFile("../email/testdata/emails/sign-in-renew.html") // not one of those the dictionary was made of
	if err != nil {
		t.Fatal(err)
	}
	if n := len(pack(access.MessageBody{HTML: string(html)})); n*4 > len(html) {
		t.Errorf("a letter of %d bytes is kept in %d: the dictionary is no longer like the letters, add a newer one", len(html), n)
	}
}

func isCorrupt(err error) bool { return err != nil && errors.Is(err, kv.ErrCorrupt) }
