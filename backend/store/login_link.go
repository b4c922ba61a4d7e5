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

// LoginLink is the login link with that hash; a dead link where there is none.
func (tx *Tx) LoginLink(h access.SecretHash) (access.LoginLink, error) {
	var l access.LoginLink
	ok, err := tx.get(hashKey("l/", h), &l)
	if err == nil && !ok {
		err = access.LinkExpired().Because(access.ErrUnknownCode)
	}
	return l, err
}

// PutLoginLink keeps a login link until some time after its use.
func (tx *Tx) PutLoginLink(l access.LoginLink) error {
	if err := tx.mark(key("L/", string(l.Member), string(l.Hash[:])), ""); err != nil {
		return err
	}
	if err := tx.mark(loginDue(&l), ""); err != nil {
		return err
	}
	return tx.set(hashKey("l/", l.Hash), &l)
}

func loginDue(l *access.LoginLink) []byte {
	return dueKey(l.ExpiresAt.Add(access.UsedLinkTTL), DueLoginLink, string(l.Hash[:]))
}

// DeleteLoginLink deletes a login link, and what the browser asked that it was for.
func (tx *Tx) DeleteLoginLink(h access.SecretHash) error {
	var l access.LoginLink
	ok, err := tx.get(hashKey("l/", h), &l)
	if err != nil || !ok {
		return err
	}
	if !l.Browser.IsZero() {
		a, ok, err := tx.SignInRequest(l.Browser)
		if err != nil {
			return err
		}
		if ok && a.Link == h {
			if err := tx.DeleteSignInRequest(a); err != nil {
				return err
			}
		}
	}
	return tx.unmark(hashKey("l/", h), key("L/", string(l.Member), string(h[:])),
		loginDue(&l))
}

// SignInRequest is what the browser with that secret asked for; false where it asked for
// nothing.
func (tx *Tx) SignInRequest(browser access.SecretHash) (access.SignInRequest, bool, error) {
	var a access.SignInRequest
	ok, err := tx.get(hashKey("b/", browser), &a)
	return a, ok, err
}

// PutSignInRequest keeps what a browser asked for, and queues it to be answered.
func (tx *Tx) PutSignInRequest(a access.SignInRequest) error {
	if err := tx.mark(key("B/", up(a.CreatedAt), string(a.Browser[:])), ""); err != nil {
		return err
	}
	return tx.ChangeSignInRequest(a)
}

// ChangeSignInRequest keeps a changed ask.
func (tx *Tx) ChangeSignInRequest(a access.SignInRequest) error {
	if err := tx.mark(askDue(&a), ""); err != nil {
		return err
	}
	return tx.set(hashKey("b/", a.Browser), &a)
}

func askDue(a *access.SignInRequest) []byte {
	return dueKey(a.ExpiresAt, DueSignInRequest, string(a.Browser[:]))
}

// DeleteSignInRequest deletes what a browser asked for.
func (tx *Tx) DeleteSignInRequest(a access.SignInRequest) error {
	return tx.unmark(hashKey("b/", a.Browser), key("B/", up(a.CreatedAt), string(a.Browser[:])),
		askDue(&a))
}

// NextSignInRequests are up to n asks that wait to be answered, oldest first.
func (tx *Tx) NextSignInRequests(n int) ([]access.SignInRequest, error) {
	waiting, err := tx.scan([]byte("B/"), n)
	if err != nil {
		return nil, err
	}
	var asks []access.SignInRequest
	for _, e := range waiting {
		a, ok, err := tx.SignInRequest(hashOf(e.Key))
		if err != nil {
			return nil, err
		}
		if ok && key2(e.Key) == up(a.CreatedAt) {
			asks = append(asks, a)
		} else if err := tx.unmark(e.Key); err != nil { // asked again since
			return nil, err
		}
	}
	return asks, nil
}

func key2(k []byte) string { return string(k[2:10]) }

// Answered takes an ask off the queue.
func (tx *Tx) Answered(a access.SignInRequest) error {
	return tx.unmark(key("B/", up(a.CreatedAt), string(a.Browser[:])))
}

// CodeHash is the keyed hash of a login code, bound to the browser that asked:
// 40 bits alone would be guessed from a copy of the store.
func (tx *Tx) CodeHash(browser access.SecretHash, code string) access.SecretHash {
	mac := hmac.New(sha256.New, tx.keys.code)
	mac.Write(browser[:])
	mac.Write([]byte(code))
	return access.SecretHash(mac.Sum(nil))
}
