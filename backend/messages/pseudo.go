package messages

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"doorward/backend/access"
)

var accents = strings.NewReplacer(
	"a", "å", "c", "ç", "e", "é", "i", "î", "n", "ñ", "o", "ö", "s", "š", "u", "û", "y", "ý",
	"A", "Å", "C", "Ç", "E", "É", "I", "Î", "N", "Ñ", "O", "Ö", "S", "Š", "U", "Û", "Y", "Ý",
)

var placeholder = regexp.MustCompile(`\{\{[^}]*\}\}`)

// loadPseudo reads the English catalogue and marks every sentence of it.
func loadPseudo(frontend fs.FS, english *Printer) (*Printer, error) {
	buf, err := fs.ReadFile(frontend, "messages/en.json")
	if err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(buf, &all); err != nil {
		return nil, err
	}
	mark(all)
	if buf, err = json.Marshal(all); err != nil {
		return nil, err
	}
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("json", unmarshal)
	_, err = b.ParseMessageFileBytes(buf, string(access.Pseudo)+".json")
	return newPrinter(b, access.Pseudo, english), err
}

func mark(messages map[string]any) {
	for key, m := range messages {
		switch m := m.(type) {
		case string:
			messages[key] = pseudo(m)
		case map[string]any:
			mark(m)
		}
	}
}

// pseudo marks a sentence and makes it about a third longer, as German is, by words that a
// line may break between. Placeholders stay as they are.
func pseudo(s string) string {
	var b strings.Builder
	b.WriteString("[")
	last := 0
	for _, at := range placeholder.FindAllStringIndex(s, -1) {
		b.WriteString(accents.Replace(s[last:at[0]]) + s[at[0]:at[1]])
		last = at[1]
	}
	b.WriteString(accents.Replace(s[last:]) + longer(len(s)/3) + "]")
	return b.String()
}

// longer is n characters in words of eleven.
func longer(n int) string {
	words := strings.Repeat(strings.Repeat("~", 11)+" ", n/12) + strings.Repeat("~", n%12)
	return strings.TrimSuffix(words, " ")
}
