package store

import (
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// LettersKept is how long a letter that is done with stays in the list.
const LettersKept = 90 * 24 * time.Hour

// Post puts a new letter with its words into the outbox, in the transaction that
// caused it.
func (tx *Tx) Post(l access.Letter, w access.Words) error {
	if l.Class == 0 {
		l.Class = l.Kind.Class()
	}
	tx.unused(key("o/", string(l.ID)))
	if err := tx.putWords(key("O/", string(l.ID)), l.ID, w); err != nil {
		return err
	}
	return tx.PutLetter(l)
}

// Letter is the letter of that id, or NotFound.
func (tx *Tx) Letter(id access.LetterID) (access.Letter, error) {
	l, ok, err := tx.letter(id)
	if err == nil && !ok {
		err = access.NoSuch("letter")
	}
	return l, err
}

func (tx *Tx) letter(id access.LetterID) (access.Letter, bool, error) {
	return getDecoded(tx, tx.recent.letters, key("o/", string(id)))
}

// PutLetter keeps a letter with its place in every list. A rejection that is
// done with is deleted: it is the last thing that holds the address.
func (tx *Tx) PutLetter(l access.Letter) error {
	old, had, err := tx.letter(l.ID)
	if err != nil {
		return err
	}
	if had && l.Done() && l.Kind == access.RejectedLetter {
		return tx.DeleteLetter(l.ID)
	}
	before, now := map[string]bool{}, letterEntries(&l)
	if had {
		before = letterEntries(&old)
	}
	for k := range before {
		if !now[k] {
			if err := tx.unmark([]byte(k)); err != nil {
				return err
			}
		}
	}
	for k := range now {
		if !before[k] {
			if err := tx.mark([]byte(k), ""); err != nil {
				return err
			}
		}
	}
	if !had || old.State != l.State {
		if err := tx.count(func(c *access.Counters) {
			if had {
				countLetter(c, old.State, -1)
			}
			countLetter(c, l.State, 1)
		}); err != nil {
			return err
		}
	}
	return setDecoded(tx, tx.recent.letters, key("o/", string(l.ID)), l)
}

func countLetter(c *access.Counters, s access.LetterState, n int) {
	if c.Letters == nil {
		c.Letters = map[access.LetterState]int{}
	}
	if c.Letters[s] += n; c.Letters[s] == 0 {
		delete(c.Letters, s)
	}
}

// keptFor is the due time of kept letters: never by itself.
var keptFor = time.UnixMicro(1<<62 - 1)

func letterEntries(l *access.Letter) map[string]bool {
	id := string(l.ID)
	e, line := map[string]bool{"n/" + down(l.QueuedAt) + id: true}, lineOf(l.Class)
	if l.Member != "" {
		e["M/"+string(l.Member)+id] = true
	}
	switch {
	case l.State == access.LetterKept:
		e[line+up(keptFor)+id] = true
	case !l.Done() && !l.Lease.Until.IsZero():
		e[line+up(l.Lease.Until)+id] = true
	case !l.Done():
		e[line+up(l.NextTry)+id] = true
	}
	switch {
	case l.Done():
		e[string(dueKey(l.At.Add(LettersKept), DueLetter, id))] = true
	case !l.GoodUntil.IsZero():
		e[string(dueKey(l.GoodUntil, DueLetter, id))] = true
	}
	return e
}

// DeleteLetter deletes a letter and its words.
func (tx *Tx) DeleteLetter(id access.LetterID) error {
	l, ok, err := tx.letter(id)
	if err != nil || !ok {
		return err
	}
	for k := range letterEntries(&l) {
		if err := tx.unmark([]byte(k)); err != nil {
			return err
		}
	}
	if err := tx.count(func(c *access.Counters) { countLetter(c, l.State, -1) }); err != nil {
		return err
	}
	return tx.unmark(key("o/", string(id)), key("O/", string(id)))
}

// lineOf is the prefix of the line in which letters of a class wait. Those that
// were written before there were classes stay in the line that they stood in.
func lineOf(c access.Class) string {
	if c == 0 {
		return "d/"
	}
	return "Q/" + string(rune('0'+c))
}

// lines are the prefixes of all lines, the most urgent first.
var lines = func() (all []string) {
	for _, c := range access.Classes() {
		all = append(all, lineOf(c))
	}
	return append(all, lineOf(0))
}()

// DueLetters are up to n letters to be sent now, the most urgent first: queued or
// retrying, their time come, and not under anybody's lease.
func (tx *Tx) DueLetters(n int) (due []access.Letter, err error) {
	for _, line := range lines {
		some, err := tx.kv.Scan([]byte(line), key(line, up(tx.Now), "\xff"), n-len(due))
		if err != nil {
			return nil, err
		}
		letters, err := tx.letters(some)
		if err != nil {
			return nil, err
		}
		if due = append(due, letters...); len(due) == n {
			break
		}
	}
	return due, nil
}

// NextLetterDue is when the next letter is due; zero where none is.
func (tx *Tx) NextLetterDue() (at time.Time, err error) {
	for _, line := range lines {
		next, err := tx.kv.Scan([]byte(line), key(line, up(keptFor)), 1)
		if err != nil {
			return time.Time{}, err
		}
		if len(next) == 0 {
			continue
		}
		if t := lineTime(next[0].Key); at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at, nil
}

// lineTime is the time in a key of a line: before the letter's id.
func lineTime(k []byte) time.Time { return timeOf(k[len(k)-idLength-8 : len(k)-idLength]) }

// KeptLetters are up to n letters that wait for a mail server to be configured.
func (tx *Tx) KeptLetters(n int) (all []access.Letter, err error) {
	for _, line := range lines {
		kept, err := tx.scan(key(line, up(keptFor)), n-len(all))
		if err != nil {
			return nil, err
		}
		letters, err := tx.letters(kept)
		if err != nil {
			return nil, err
		}
		if all = append(all, letters...); len(all) == n {
			break
		}
	}
	return all, nil
}

// WaitingLetters are up to n letters that are not done with, whoever holds them.
func (tx *Tx) WaitingLetters(n int) (all []access.Letter, err error) {
	for _, line := range lines {
		some, err := tx.scan([]byte(line), n-len(all))
		if err != nil {
			return nil, err
		}
		letters, err := tx.letters(some)
		if err != nil {
			return nil, err
		}
		if all = append(all, letters...); len(all) == n {
			break
		}
	}
	return all, nil
}

// Unclassified are up to n of the letters that an older version queued, from the
// one after a given place on, and the place to go on from; empty: there are no
// more. Their class is that of their kind.
func (tx *Tx) Unclassified(from string, n int) (old []access.Letter, next string, err error) {
	line := lineOf(0)
	start := []byte(line)
	if from != "" {
		start = append([]byte(from), 0)
	}
	found, err := tx.kv.Scan(start, after([]byte(line)), n)
	if err != nil || len(found) == 0 {
		return nil, "", err
	}
	if old, err = tx.letters(found); err != nil {
		return nil, "", err
	}
	for i := range old {
		old[i].Class = old[i].Kind.Class()
	}
	return old, string(found[len(found)-1].Key), nil
}

func (tx *Tx) letters(entries []kv.KV) ([]access.Letter, error) {
	all := make([]access.Letter, 0, len(entries))
	for _, e := range entries {
		l, err := tx.Letter(letterOf(e))
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

func letterOf(e kv.KV) access.LetterID { return access.LetterID(e.Key[len(e.Key)-idLength:]) }

// LeaseLetter gives one worker the claim on a letter until a time, under a new
// epoch.
func (tx *Tx) LeaseLetter(id access.LetterID, owner string, until time.Time) (access.Letter, error) {
	l, err := tx.Letter(id)
	if err != nil {
		return l, err
	}
	if l.Done() || (l.Lease.Owner != "" && tx.Now.Before(l.Lease.Until)) {
		return l, access.Errorf(access.Conflict, "This letter is being sent, or is done with.").WithCode("letter_taken")
	}
	l.Lease = access.Lease{Owner: owner, Epoch: l.Lease.Epoch + 1, Until: until}
	return l, tx.PutLetter(l)
}

// LeasedLetters are letters that some worker holds, of those that are next due
// before until.
func (tx *Tx) LeasedLetters(until time.Time) (held []access.Letter, err error) {
	for _, line := range lines {
		some, err := tx.leasedIn(line, until)
		if err != nil {
			return nil, err
		}
		held = append(held, some...)
	}
	return held, nil
}

func (tx *Tx) leasedIn(line string, until time.Time) (held []access.Letter, err error) {
	end := key(line, up(until))
	for from := key(line, up(tx.Now)); ; {
		batch, err := tx.kv.Scan(from, end, scanAtOnce)
		if err != nil {
			return nil, err
		}
		some, err := tx.letters(batch)
		if err != nil {
			return nil, err
		}
		for _, l := range some {
			if l.Lease.Owner != "" {
				held = append(held, l)
			}
		}
		if len(batch) < scanAtOnce {
			return held, nil
		}
		from = append(batch[len(batch)-1].Key, 0)
	}
}

// Letters is a page of the outbox, newest first.
func (tx *Tx) Letters(cursor string, limit int) (Page[access.Letter], error) {
	p, err := list(tx, []byte("n/"), cursor, limit, "letters", func(e kv.KV) (access.Letter, error) {
		return tx.Letter(letterOf(e))
	})
	if err != nil {
		return p, err
	}
	c, err := tx.counts()
	for _, n := range c.Letters {
		p.Total += n
	}
	return p, err
}
