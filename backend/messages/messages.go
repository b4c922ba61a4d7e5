// Package messages has every sentence that people read on pages and in emails, in their own
// language.
//
// It owns the catalogues under frontend/messages, one for each language, in the format of
// go-i18n, and the choice between languages; it is the only package that imports go-i18n and
// the tables of dates and numbers (CLDR). It promises that a key that it was asked to Require
// exists in English when Open returns, and that a sentence which a catalogue lacks is shown in
// English rather than not at all. A language is read when it is used for the first time,
// which takes three milliseconds and 200 KiB. The console's own sentences are in the same
// files and are skipped, since its build has them, but for the names of permissions and
// unusual events; a released program is built without them.
//
// go-i18n is used because its files are plain JSON, which translators' tools know, and its
// plural forms are those of the CLDR. The console compiles the same files when it is built
// (frontend/console/messages.ts).
package messages

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"doorward/backend/access"
)

// A Catalog has the sentences of all languages. It may be used by several goroutines, and a
// program needs one.
type Catalog struct {
	english  *Printer
	printers map[access.Language]func() (*Printer, error)
}

// Open reads the English catalogue under messages/. It fails if there is none or if it has a
// message that go-i18n cannot read.
func Open(frontend fs.FS) (*Catalog, error) {
	english, err := load(frontend, access.English, nil)
	if err != nil {
		return nil, err
	}
	english.refusals = sync.OnceValue(func() map[string]refusal { return refusalsIn(frontend) })
	english.replies = sync.OnceValue(func() []reply { return repliesOf(english.refusals()) })
	c := &Catalog{english: english, printers: map[access.Language]func() (*Printer, error){
		access.English: func() (*Printer, error) { return english, nil },
		access.Pseudo:  sync.OnceValues(func() (*Printer, error) { return loadPseudo(frontend, english) }),
	}}
	for _, l := range access.Languages {
		if l != access.English {
			c.printers[l] = sync.OnceValues(func() (*Printer, error) { return load(frontend, l, english) })
		}
	}
	return c, nil
}

// load reads the catalogue of one language. What it lacks is printed as instead prints it.
func load(frontend fs.FS, l access.Language, instead *Printer) (*Printer, error) {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("json", unmarshal)
	if _, err := b.LoadMessageFileFS(frontend, "messages/"+string(l)+".json"); err != nil {
		return nil, fmt.Errorf("read the messages in %s: %w", l, err)
	}
	return newPrinter(b, l, instead), nil
}

// unmarshal reads a catalogue without the sentences of the console, except for the names of
// permissions and unusual events, which stand in refusals and in the doctor's report.
func unmarshal(file []byte, all any) error {
	if err := json.Unmarshal(file, all); err != nil {
		return err
	}
	if read, ok := all.(*any); ok {
		if messages, ok := (*read).(map[string]any); ok {
			maps.DeleteFunc(messages, func(key string, _ any) bool { return isConsoles(key) })
		}
	}
	return nil
}

// isConsoles reports whether only the console has the message of that key.
func isConsoles(key string) bool {
	return strings.HasPrefix(key, "console.") &&
		!strings.HasPrefix(key, permissionPrefix) && !strings.HasPrefix(key, tracePrefix)
}

// WithoutConsole returns the content of a catalogue without what Open skips, which is more than
// half of it. It fails if that is not a JSON object.
func WithoutConsole(catalogue []byte) ([]byte, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(catalogue, &all); err != nil {
		return nil, err
	}
	maps.DeleteFunc(all, func(key string, _ json.RawMessage) bool { return isConsoles(key) })
	return json.Marshal(all)
}

// In returns what prints sentences in that language. An unknown language is English, and so
// is one whose catalogue cannot be read: that is a fault of the build, which a test finds.
func (c *Catalog) In(l access.Language) *Printer {
	if open, ok := c.printers[l]; ok {
		if p, err := open(); err == nil {
			return p
		}
	}
	return c.english
}

// Require returns an error that names the first of the keys that has no English message.
func (c *Catalog) Require(keys ...string) error {
	for _, k := range keys {
		if !c.english.has(k) {
			return fmt.Errorf("messages/en.json has no message %q", k)
		}
	}
	return nil
}
