package store

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// packRendered packs an email as schemas 1 and 2 stored it.
func packRendered(dict *s2.Dict, w access.MessageBody) []byte {
	var plain []byte
	for _, part := range []string{w.Subject, w.Text, w.HTML} {
		plain = binary.AppendUvarint(plain, uint64(len(part)))
		plain = append(plain, part...)
	}
	return append([]byte{packing}, dict.Encode(nil, plain)...)
}

func TestRenderedEmailsCanBeUnpacked(t *testing.T) {
	dict := s2.MakeDict(renderedDict, nil)
	long := strings.Repeat("<p>Ünïcödé & \x00 \"quotes\"</p>\n", 5000)
	for name, w := range map[string]access.MessageBody{
		"nothing":               {},
		"a little":              {Subject: "Come in", Text: "a link", HTML: "<p>a link"},
		"much":                  {Subject: "s", Text: long, HTML: long + "x"},
		"the dictionary itself": {HTML: string(renderedDict)},
	} {
		if got, err := unpackRendered(dict, packRendered(dict, w)); err != nil || got != w {
			t.Errorf("%s: unpack(pack) = %.80v, %v", name, got, err)
		}
	}
}

func TestDamagedRenderedEmailsAreRefused(t *testing.T) {
	dict := s2.MakeDict(renderedDict, nil)
	whole := packRendered(dict, access.MessageBody{Subject: "Come in", Text: "a link", HTML: "<p>a link"})
	for name, b := range map[string][]byte{
		"only the mark": whole[:1],
		"cut":           whole[:len(whole)-3],
		"only a length": packRendered(dict, access.MessageBody{})[:2],
	} {
		if w, err := unpackRendered(dict, b); !errors.Is(err, kv.ErrCorrupt) {
			t.Errorf("%s: unpack = %v, %v", name, w, err)
		}
	}
}
