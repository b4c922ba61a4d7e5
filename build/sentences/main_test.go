package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestSentencesSideBySide(t *testing.T) {
	catalogues := fstest.MapFS{
		"en.json": {Data: []byte(`{"b.days": {"description": "How long.", "one": "{{.N}} day", "other": "{{.N}} days"},
			"a.sign_in": {"description": "A verb.", "other": "Sign in"}, "c.new": "New"}`)},
		"ja.json":      {Data: []byte(`{"a.sign_in": "ログイン", "b.days": "{{.N}}日"}`)},
		"zh-Hans.json": {Data: []byte(`{"a.sign_in": "登录", "b.days": {"other": "{{.N}} 天"}, "c.new": "新"}`)},
	}
	for _, row := range []struct {
		languages []string
		want      string
	}{
		{nil, `a.sign_in
  (A verb.)
  en       Sign in

b.days
  (How long.)
  en       one: {{.N}} day
  en       other: {{.N}} days

c.new
  en       New

`},
		{[]string{"ja", "zh-Hans"}, `a.sign_in
  (A verb.)
  en       Sign in
  ja       ログイン
  zh-Hans  登录

b.days
  (How long.)
  en       one: {{.N}} day
  en       other: {{.N}} days
  ja       {{.N}}日
  zh-Hans  {{.N}} 天

c.new
  en       New
  ja       is missing
  zh-Hans  新

`},
	} {
		var got bytes.Buffer
		if err := write(&got, catalogues, row.languages); err != nil || got.String() != row.want {
			t.Errorf("%q: %v\n%s\nwant\n%s", row.languages, err, &got, row.want)
		}
	}
	err := write(&bytes.Buffer{}, catalogues, []string{"tlh"})
	if want := `there is no language "tlh": choose from en ja zh-Hans`; err == nil || err.Error() != want {
		t.Errorf("an unknown language: %v, want %s", err, want)
	}
}

// The catalogues of this tree can be printed, all of them.
func TestEverySentenceIsPrinted(t *testing.T) {
	var got bytes.Buffer
	languages := strings.Fields("ar de es fr it ja pl pt-BR zh-Hans")
	if err := write(&got, os.DirFS("../../frontend/messages"), languages); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"console.nav.settings\n", "  de       Einstellungen\n", "  ja       設定\n"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("there is no %q", want)
		}
	}
}
