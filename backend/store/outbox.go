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
	tx.unused(key("o/", string(l.ID)))
	if err := tx.putWords(l.ID, w); err != nil {
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
	e := map[string]bool{"n/" + down(l.QueuedAt) + id: true}
	if l.Member != "" {
		e["M/"+string(l.Member)+id] = true
	}
	switch {
	case l.State == access.LetterKept:
		e["d/"+up(keptFor)+id] = true
	case !l.Done() && !l.Lease.Until.IsZero():
		e["d/"+up(l.Lease.Until)+id] = true
	case !l.Done():
		e["d/"+up(l.NextTry)+id] = true
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

// DueLetters are up to n letters to be sent now: queued or retrying, their time
// come, and not under anybody's lease.
func (tx *Tx) DueLetters(n int) ([]access.Letter, error) {
	due, err := tx.kv.Scan([]byte("d/"), key("d/", up(tx.Now), "\xff"), n)
	if err != nil {
		return nil, err
	}
	return tx.letters(due)
}

// NextLetterDue is when the next letter is due; zero where none is.
func (tx *Tx) NextLetterDue() (time.Time, error) {
	next, err := tx.kv.Scan([]byte("d/"), key("d/", up(keptFor)), 1)
	if err != nil || len(next) == 0 {
		return time.Time{}, err
	}
	return timeOf(next[0].Key[2:10]), nil
}

// KeptLetters are up to n letters that wait for a mail server to be configured.
func (tx *Tx) KeptLetters(n int) ([]access.Letter, error) {
	kept, err := tx.scan(key("d/", up(keptFor)), n)
	if err != nil {
		return nil, err
	}
	return tx.letters(kept)
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
	end := key("d/", up(until))
	for from := key("d/", up(tx.Now)); ; {
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
