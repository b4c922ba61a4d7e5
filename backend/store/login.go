package store

import (
	"crypto/hmac"
	"crypto/sha256"

	"doorward/backend/access"
)

func hashKey(prefix string, h access.SecretHash) []byte { return key(prefix, string(h[:])) }

// hashOf is the hash that a key ends with.
func hashOf(k []byte) (h access.SecretHash) {
	copy(h[:], k[len(k)-len(h):])
	return h
}

// Login is the login link with that hash; a dead link where there is none.
func (tx *Tx) Login(h access.SecretHash) (access.Login, error) {
	var l access.Login
	ok, err := tx.get(hashKey("l/", h), &l)
	if err == nil && !ok {
		err = access.DeadLink().Because(access.ErrUnknown)
	}
	return l, err
}

// PutLogin keeps a login link until some time after its use.
func (tx *Tx) PutLogin(l access.Login) error {
	if err := tx.mark(key("L/", string(l.Member), string(l.Hash[:])), ""); err != nil {
		return err
	}
	if err := tx.mark(loginDue(&l), ""); err != nil {
		return err
	}
	return tx.set(hashKey("l/", l.Hash), &l)
}

func loginDue(l *access.Login) []byte {
	return dueKey(l.ExpiresAt.Add(access.LinksRemembered), DueLogin, string(l.Hash[:]))
}

// DeleteLogin deletes a login link, and what the browser asked that it was for.
func (tx *Tx) DeleteLogin(h access.SecretHash) error {
	var l access.Login
	ok, err := tx.get(hashKey("l/", h), &l)
	if err != nil || !ok {
		return err
	}
	if !l.Browser.IsZero() {
		a, ok, err := tx.Ask(l.Browser)
		if err != nil {
			return err
		}
		if ok && a.Link == h {
			if err := tx.DeleteAsk(a); err != nil {
				return err
			}
		}
	}
	return tx.unmark(hashKey("l/", h), key("L/", string(l.Member), string(h[:])),
		loginDue(&l))
}

// Ask is what the browser with that secret asked for; false where it asked for
// nothing.
func (tx *Tx) Ask(browser access.SecretHash) (access.Ask, bool, error) {
	var a access.Ask
	ok, err := tx.get(hashKey("b/", browser), &a)
	return a, ok, err
}

// PutAsk keeps what a browser asked for, and queues it to be answered.
func (tx *Tx) PutAsk(a access.Ask) error {
	if err := tx.mark(key("B/", up(a.At), string(a.Browser[:])), ""); err != nil {
		return err
	}
	return tx.ChangeAsk(a)
}

// ChangeAsk keeps a changed ask.
func (tx *Tx) ChangeAsk(a access.Ask) error {
	if err := tx.mark(askDue(&a), ""); err != nil {
		return err
	}
	return tx.set(hashKey("b/", a.Browser), &a)
}

func askDue(a *access.Ask) []byte { return dueKey(a.ExpiresAt, DueAsk, string(a.Browser[:])) }

// DeleteAsk deletes what a browser asked for.
func (tx *Tx) DeleteAsk(a access.Ask) error {
	return tx.unmark(hashKey("b/", a.Browser), key("B/", up(a.At), string(a.Browser[:])),
		askDue(&a))
}

// NextAsks are up to n asks that wait to be answered, oldest first.
func (tx *Tx) NextAsks(n int) ([]access.Ask, error) {
	waiting, err := tx.scan([]byte("B/"), n)
	if err != nil {
		return nil, err
	}
	var asks []access.Ask
	for _, e := range waiting {
		a, ok, err := tx.Ask(hashOf(e.Key))
		if err != nil {
			return nil, err
		}
		if ok && key2(e.Key) == up(a.At) {
			asks = append(asks, a)
		} else if err := tx.unmark(e.Key); err != nil { // asked again since
			return nil, err
		}
	}
	return asks, nil
}

func key2(k []byte) string { return string(k[2:10]) }

// Answered takes an ask off the queue.
func (tx *Tx) Answered(a access.Ask) error {
	return tx.unmark(key("B/", up(a.At), string(a.Browser[:])))
}

// CodeHash is the keyed hash of a login code, bound to the browser that asked:
// 40 bits alone would be guessed from a copy of the store.
func (tx *Tx) CodeHash(browser access.SecretHash, code string) access.SecretHash {
	mac := hmac.New(sha256.New, tx.keys.code)
	mac.Write(browser[:])
	mac.Write([]byte(code))
	return access.SecretHash(mac.Sum(nil))
}
