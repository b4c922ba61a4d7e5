package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"

	"doorward/backend/access"
)

// LoginLink is the login link with that hash; a dead link where there is none.
func (tx *Tx) LoginLink(h access.SecretHash) (access.LoginLink, error) {
	var l access.LoginLink
	ok, err := tx.get(loginLinkPrefix.ofHash(h), &l)
	if err == nil && !ok {
		err = access.LinkExpired().Because(access.ErrUnknownCode)
	}
	return l, err
}

// PutLoginLink keeps a login link until some time after its use.
func (tx *Tx) PutLoginLink(l access.LoginLink) error {
	if err := tx.reindex(nil, loginLinkEntries(&l)); err != nil {
		return err
	}
	return tx.set(loginLinkPrefix.ofHash(l.Hash), &l)
}

// loginLinkEntries are the index entries of a login link.
func loginLinkEntries(l *access.LoginLink) map[string]string {
	forgotten := l.ExpiresAt.Add(access.UsedLinkTTL)
	return entriesAt(memberLinkKey(l), dueKey(forgotten, DueLoginLink, string(l.Hash[:])))
}

// DeleteLoginLink deletes a login link, and what the browser asked that it was for.
func (tx *Tx) DeleteLoginLink(h access.SecretHash) error {
	var l access.LoginLink
	ok, err := tx.get(loginLinkPrefix.ofHash(h), &l)
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
	if err := tx.reindex(loginLinkEntries(&l), nil); err != nil {
		return err
	}
	return tx.unmark(loginLinkPrefix.ofHash(h))
}

// SignInRequest is what the browser with that secret asked for; false where it asked for
// nothing.
func (tx *Tx) SignInRequest(browser access.SecretHash) (access.SignInRequest, bool, error) {
	var a access.SignInRequest
	ok, err := tx.get(signInPrefix.ofHash(browser), &a)
	return a, ok, err
}

// PutSignInRequest keeps what a browser asked for, and queues it to be answered.
func (tx *Tx) PutSignInRequest(a access.SignInRequest) error {
	if err := tx.mark(signInQueueKey(&a), ""); err != nil {
		return err
	}
	return tx.ChangeSignInRequest(a)
}

// ChangeSignInRequest keeps a changed ask.
func (tx *Tx) ChangeSignInRequest(a access.SignInRequest) error {
	if err := tx.reindex(nil, signInEntries(&a)); err != nil {
		return err
	}
	return tx.set(signInPrefix.ofHash(a.Browser), &a)
}

// signInEntries are the index entries of a sign-in request, beside its place in the
// queue, which it has until it is answered.
func signInEntries(a *access.SignInRequest) map[string]string {
	return entriesAt(dueKey(a.ExpiresAt, DueSignInRequest, string(a.Browser[:])))
}

// DeleteSignInRequest deletes what a browser asked for.
func (tx *Tx) DeleteSignInRequest(a access.SignInRequest) error {
	if err := tx.reindex(signInEntries(&a), nil); err != nil {
		return err
	}
	return tx.unmark(signInPrefix.ofHash(a.Browser), signInQueueKey(&a))
}

// NextSignInRequests are up to n asks that wait to be answered, oldest first.
func (tx *Tx) NextSignInRequests(n int) ([]access.SignInRequest, error) {
	waiting, err := tx.scan(signInQueuePrefix.key(), n)
	if err != nil {
		return nil, err
	}
	var asks []access.SignInRequest
	for _, e := range waiting {
		a, ok, err := tx.SignInRequest(hashOf(e.Key))
		if err != nil {
			return nil, err
		}
		if ok && bytes.Equal(e.Key, signInQueueKey(&a)) {
			asks = append(asks, a)
		} else if err := tx.unmark(e.Key); err != nil { // asked again since
			return nil, err
		}
	}
	return asks, nil
}

// Answered takes an ask off the queue.
func (tx *Tx) Answered(a access.SignInRequest) error {
	return tx.unmark(signInQueueKey(&a))
}

// CodeHash is the keyed hash of a login code, bound to the browser that asked:
// 40 bits alone would be guessed from a copy of the store.
func (tx *Tx) CodeHash(browser access.SecretHash, code string) access.SecretHash {
	mac := hmac.New(sha256.New, tx.keys.code)
	mac.Write(browser[:])
	mac.Write([]byte(code))
	return access.SecretHash(mac.Sum(nil))
}
