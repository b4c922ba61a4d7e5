package store

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"doorward/backend/access"
)

const (
	foldBatch  = 80 // members that one Update reads
	foldWrites = 60 // index entries after which it stops; the last member may add 36
)

// foldSearchWords: the words of the search index had accents and apostrophes, so that Pat
// O’Brien was found by nothing that people type. They are folded now.
func foldSearchWords(tx *Tx, last []byte) (now []byte, err error) {
	from := memberPrefix.key()
	if last != nil {
		from = append(last, 0)
	}
	found, err := tx.kv.Scan(from, after(memberPrefix.key()), foldBatch)
	if err != nil {
		return nil, err
	}
	written := 0
	for _, e := range found {
		var m access.Member
		if err := decode(e.Key, e.Value, &m); err != nil {
			return nil, err
		}
		before, now := unfoldedEntries(&m), memberEntries(&m)
		if !maps.Equal(before, now) {
			if err := tx.reindex(before, now); err != nil {
				return nil, err
			}
			written += 2 * maxWords
		}
		if written > foldWrites {
			return e.Key, nil
		}
	}
	if len(found) < foldBatch {
		return nil, nil
	}
	return found[len(found)-1].Key, nil
}

// unfoldedEntries returns the index entries of a member as they were up to schema 5.
func unfoldedEntries(m *access.Member) map[string]string {
	e := memberEntries(m)
	var text string
	for key, value := range e {
		if strings.HasPrefix(key, string(wordPrefix.key())) {
			text = value
			delete(e, key)
		}
	}
	words := unfoldedWords(m)
	filter, _, _ := strings.Cut(text, "\x00")
	for _, w := range words {
		e[string(wordPrefix.key(w, "\x00", string(m.ID)))] = filter + "\x00" + strings.Join(words, " ")
	}
	return e
}

func unfoldedWords(m *access.Member) []string {
	address := m.Email.Canonical
	at := strings.LastIndexByte(address, '@')
	all := []string{address}
	for d := address[at+1:]; strings.Contains(d, ".") && len(all) < maxWords/2; d = d[strings.IndexByte(d, '.')+1:] {
		all = append(all, d)
	}
	all = append(all, strings.FieldsFunc(strings.ToLower(m.Name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '-' && !unicode.IsMark(r)
	})...)
	betweenParts := func(r rune) bool { return strings.ContainsRune("._+-", r) }
	all = append(all, strings.FieldsFunc(address[:max(at, 0)], betweenParts)...)
	all = all[:min(len(all), maxWords)]
	for i, w := range all {
		all[i] = cut(w, maxWordLength)
	}
	slices.Sort(all)
	words := make([]string, 0, len(all))
	for i, w := range all {
		if w != "" && (i+1 == len(all) || !strings.HasPrefix(all[i+1], w)) {
			words = append(words, w)
		}
	}
	return words
}
