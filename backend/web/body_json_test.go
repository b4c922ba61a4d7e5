package web

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func keyed(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

// Bodies at each limit and one beyond it, and bodies that two parsers could read
// differently. want is a part of the refusal; empty: the body is accepted.
func TestReadJSON(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"lists at the limit", nested(maxDepth), ""},
		{"lists, one deeper", nested(maxDepth + 1), "nested too deeply"},
		{"objects at the limit", strings.Repeat(`{"a":`, maxDepth) + "1" + strings.Repeat("}", maxDepth), ""},
		{"objects, one deeper", strings.Repeat(`{"a":`, maxDepth+1), "nested too deeply"},
		{"both, one deeper", strings.Repeat(`[{"a":`, maxDepth/2) + "[", "nested too deeply"},
		{"beside each other", "[" + nested(maxDepth-1) + "," + nested(maxDepth-1) + "]", ""},
		{"keys at the limit", keyed(maxKeys), ""},
		{"one key more", keyed(maxKeys + 1), "more than 64 keys"},
		{"a number at the limit", strings.Repeat("1", maxDigits), ""},
		{"one digit more", strings.Repeat("1", maxDigits+1), "longer than 32 digits"},
		{"out of range", "1e999", "out of range"},
		{"a key twice", `{"a":1,"a":2}`, "given twice"},
		{"a key twice, once escaped", `{"a":1,"\u0061":2}`, "given twice"},
		{"a key twice, further in", `[{"a":{"b":1,"b":1}}]`, "given twice"},
		{"a key in two objects", `[{"a":1},{"a":2}]`, ""},
		{"two values", `{} {}`, "continues after the JSON value"},
		{"a value and a bracket", `1]`, "continues after the JSON value"},
		{"space around", " \t\r\n{} \n", ""},
		{"nothing", "", "ends too early"},
		{"space alone", " \n\t ", "ends too early"},
		{"no end", `{"a":[1,`, "ends too early"},
		{"no end of a text", `"abc`, "ends too early"},
		{"another space", "\u00a0{}", "cannot be read after byte 0"},
		{"a comma at the end", `[1,]`, "cannot be read"},
		{"a comma at the beginning", `[,1]`, "cannot be read"},
		{"no comma", `[1 2]`, "cannot be read"},
		{"no colon", `{"a" 1}`, "cannot be read"},
		{"no value", `{"a":}`, "cannot be read"},
		{"a key without marks", `{a:1}`, "cannot be read"},
		{"a key that is no text", `{1:1}`, "cannot be read"},
		{"the wrong bracket", `[1}`, "cannot be read"},
		{"the other wrong bracket", `{"a":1]`, "cannot be read"},
		{"a comment", `/* */1`, "cannot be read"},
		{"a zero in front", `01`, "continues after the JSON value"},
		{"no digits after the point", `1.`, "ends too early"},
		{"a plus", `+1`, "cannot be read"},
		{"not a number", `NaN`, "cannot be read"},
		{"a line break in a text", "\"a\nb\"", "cannot be read"},
		{"no escape", `"\x41"`, "cannot be read"},
		{"three digits", `"\u123"`, "cannot be read"},
		{"a byte order mark", "\ufeff{}", "byte order mark"},
		{"not UTF-8", "\"\xff\"", "not valid text"},
		{"half of a surrogate in UTF-8", "\"\xed\xa0\xbd\"", "not valid text"},
		{"a pair", `"\ud83d\ude00"`, ""},
		{"a pair, then the second half", `"\ud83d\ude00\ude00"`, "an incomplete character"},
		{"the first half alone", `"\ud83d"`, "an incomplete character"},
		{"the second half alone", `"\ude00"`, "an incomplete character"},
		{"two first halves", `"\ud83d\ud83d\ude00"`, "an incomplete character"},
		{"a letter between", `"\ud83dx\ude00"`, "an incomplete character"},
		{"another escape between", `"\ud83d\n\ude00"`, "an incomplete character"},
		{"in two texts", `["\ud83d","\ude00"]`, "an incomplete character"},
		{"half in a key", `{"\ud83d":1}`, "an incomplete character"},
		{"what looks like a half", `"\\ud83d"`, ""},
		{"the mark of a missing character", `"\ufffd` + "\ufffd" + `"`, ""},
	}
	for _, tt := range tests {
		got, err := readJSON([]byte(tt.text))
		if tt.want != "" {
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		alike(t, tt.text, got)
	}
}

// alike compares the result with what encoding/json parses.
func alike(t *testing.T, text string, got any) {
	t.Helper()
	var want any
	if err := json.Unmarshal([]byte(text), &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q is read as %v; encoding/json reads %v, %v", text, got, want, err)
	}
}

// Any bytes are sent as a body. What is accepted is valid JSON, and means the
// same to us as to encoding/json, which parses it a second time.
func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e3,"\ud83d\ude00\\u",null,true]}`, `"\ud83d`, `[1,`, "{}x",
		`{"a":1,"\u0061":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := readJSON(text); err == nil {
			alike(t, string(text), got)
		}
	})
}
