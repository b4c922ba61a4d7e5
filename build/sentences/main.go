// Command sentences prints the sentences of the catalogue, for an editor who reads them all: the
// key of each, the English sentence, and below it those of the languages that it is given.
//
//	make sentences LANGUAGES='de ja'
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := write(os.Stdout, os.DirFS("frontend/messages"), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sentences:", err)
		os.Exit(1)
	}
}

// A message is its plural forms, by their names; of one that has none, other. The description
// for translators is among them.
type message map[string]string

// UnmarshalJSON reads a message that may be written as its only form.
func (m *message) UnmarshalJSON(text []byte) error {
	var other string
	if json.Unmarshal(text, &other) == nil {
		*m = message{"other": other}
		return nil
	}
	var forms map[string]string
	err := json.Unmarshal(text, &forms)
	*m = forms
	return err
}

const description = "description"

// write prints the sentences in the order of their keys. It fails if there is no catalogue of a
// language, and says which there are.
func write(w io.Writer, catalogues fs.FS, languages []string) error {
	languages = append([]string{"en"}, languages...)
	said := make([]map[string]message, len(languages))
	for i, language := range languages {
		file, err := fs.ReadFile(catalogues, language+".json")
		if errors.Is(err, fs.ErrNotExist) {
			there, _ := fs.Glob(catalogues, "*.json")
			return fmt.Errorf("there is no language %q: choose from %s", language,
				strings.ReplaceAll(strings.Join(there, " "), ".json", ""))
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal(file, &said[i]); err != nil {
			return fmt.Errorf("%s: %w", language, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(said[0])) {
		fmt.Fprintln(w, key)
		if about := said[0][key][description]; about != "" {
			fmt.Fprintf(w, "  (%s)\n", about)
		}
		for i, language := range languages {
			sayForms(w, language, said[i][key])
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}

func sayForms(w io.Writer, language string, forms message) {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(forms)), func(name string) bool { return name == description })
	if len(names) == 0 {
		fmt.Fprintf(w, "  %-7s  is missing\n", language)
	}
	for _, name := range names {
		of := ""
		if len(names) > 1 {
			of = name + ": "
		}
		fmt.Fprintf(w, "  %-7s  %s%s\n", language, of, forms[name])
	}
}
