package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// Get returns the login link with that hash; an expired link if there is none.
func (tx LoginLinks) Get(h access.SecretHash) (access.LoginLink, error) {
	var l access.LoginLink
	ok, err := tx.get(loginLinkPrefix.ofHash(h), &l)
	if err == nil && !ok {
		err = access.LinkExpired().Because(access.ErrUnknownCode)
	}
	return l, err
}

// Put stores a login link until some time after its use.
func (tx LoginLinks) Put(l access.LoginLink) error {
	if err := tx.reindex(nil, loginLinkEntries(&l)); err != nil {
		return err
	}
	return tx.set(loginLinkPrefix.ofHash(l.Hash), &l)
}

// loginLinkEntries returns the index entries of a login link.
func loginLinkEntries(l *access.LoginLink) map[string]string {
	forgotten := l.ExpiresAt.Add(access.UsedLinkTTL)
	return entriesAt(memberLinkKey(l), dueKey(forgotten, DueLoginLink, string(l.Hash[:])))
}

// Delete deletes a login link, and the sign-in request that it answered.
func (tx LoginLinks) Delete(h access.SecretHash) error {
	var l access.LoginLink
	ok, err := tx.get(loginLinkPrefix.ofHash(h), &l)
	if err != nil || !ok {
		return err
	}
	if !l.Browser.IsZero() {
		a, ok, err := tx.SignInRequests.Get(l.Browser)
		if err != nil {
			return err
		}
		if ok && a.Link == h {
			if err := tx.SignInRequests.Delete(a); err != nil {
				return err
			}
		}
	}
	if err := tx.reindex(loginLinkEntries(&l), nil); err != nil {
		return err
	}
	return tx.unmark(loginLinkPrefix.ofHash(h))
}

// Get returns the sign-in request of the browser with that secret; false if there is none.
func (tx SignInRequests) Get(browser access.SecretHash) (access.SignInRequest, bool, error) {
	var a access.SignInRequest
	ok, err := tx.get(signInPrefix.ofHash(browser), &a)
	return a, ok, err
}

// Put stores a browser's sign-in request, and queues it to be answered.
func (tx SignInRequests) Put(a access.SignInRequest) error {
	if err := tx.mark(signInQueueKey(&a), ""); err != nil {
		return err
	}
	return tx.SignInRequests.Change(a)
}

// Change stores a changed request.
func (tx SignInRequests) Change(a access.SignInRequest) error {
	if err := tx.reindex(nil, signInEntries(&a)); err != nil {
		return err
	}
	return tx.set(signInPrefix.ofHash(a.Browser), &a)
}

// signInEntries returns the index entries of a sign-in request, except its place in the
// queue, which it has until it is answered.
func signInEntries(a *access.SignInRequest) map[string]string {
	return entriesAt(dueKey(a.ExpiresAt, DueSignInRequest, string(a.Browser[:])))
}

// Delete deletes a browser's sign-in request.
func (tx SignInRequests) Delete(a access.SignInRequest) error {
	if err := tx.reindex(signInEntries(&a), nil); err != nil {
		return err
	}
	return tx.unmark(signInPrefix.ofHash(a.Browser), signInQueueKey(&a))
}

// Next returns up to n unanswered requests, oldest first.
func (tx SignInRequests) Next(n int) ([]access.SignInRequest, error) {
	waiting, err := tx.scan(signInQueuePrefix.key(), n)
	if err != nil {
		return nil, err
	}
	var requests []access.SignInRequest
	for _, e := range waiting {
		a, ok, err := tx.SignInRequests.Get(hashOf(e.Key))
		if err == nil && !ok { // who replaces or deletes a request takes it off the queue
			err = fmt.Errorf("%w: a queued sign-in request is missing", kv.ErrCorrupt)
		}
		if err != nil {
			return nil, err
		}
		requests = append(requests, a)
	}
	return requests, nil
}

// Answered removes a request from the queue.
func (tx SignInRequests) Answered(a access.SignInRequest) error {
	return tx.unmark(signInQueueKey(&a))
}

// CodeHash is the keyed hash of a login code, bound to the requesting browser. The hash of
// 40 bits alone could be reversed from a copy of the store.
func (tx *Tx) CodeHash(browser access.SecretHash, code string) access.SecretHash {
	mac := hmac.New(sha256.New, tx.keys.code)
	mac.Write(browser[:])
	mac.Write([]byte(code))
	return access.SecretHash(mac.Sum(nil))
}
