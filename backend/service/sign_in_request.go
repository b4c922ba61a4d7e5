package service

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Request records that a browser requests a sign-in email. It does the same for
// every address, known or not: one record, in one transaction; whether an email
// is sent is decided after the answer. An older request of the browser is void,
// and with it its code and its link, which are valid only while the request names
// them. Looking for that link here would take longer where there is one.
func (s SignIn) Request(ctx context.Context, a access.Address, b Browser) error {
	if err := s.checkFlood(ctx, a, b); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *store.Tx) error {
		may, err := s.allowSignInRequest(tx, a, b)
		if err := unlessTooMany(err); err != nil {
			return err
		}
		ask, failed := newSignInRequest(tx, a, b, may)
		if failed != nil {
			return failed
		}
		// the answer is the same; over the limit there is no email
		return putSignInRequest(tx, ask, err == nil)
	})
}

// checkFlood refuses a request before anything is written when strangers, all
// together, send too many. A browser that has signed that member in before does
// not count as a stranger.
func (s *core) checkFlood(ctx context.Context, a access.Address, b Browser) (err error) {
	known := false
	err = s.store.View(ctx, func(tx *store.Tx) error {
		known, err = tx.Browsers.Knows(a.Canonical, b.hash())
		return err
	})
	if err != nil || known {
		return err
	}
	return s.asks.take(s.store.Now())
}

func unlessTooMany(err error) error {
	if access.TooMany.Is(err) {
		return nil
	}
	return err
}

func newSignInRequest(tx *store.Tx, a access.Address, b Browser, may allowance) (access.SignInRequest, error) {
	settings, err := tx.Settings()
	return access.SignInRequest{
		Browser:         b.hash(),
		Address:         a,
		KnownBrowser:    may.known,
		AnyBrowserUntil: may.last,
		FromAddress:     b.From,
		UserAgent:       access.Shorten(b.Agent, 200),
		CreatedAt:       tx.Now,
		ExpiresAt:       tx.Now.Add(settings.Lifetimes.Of(access.LifetimeSignInLink)),
	}, err
}

// putSignInRequest stores a request, which replaces an older one of the same
// browser. A request that gets no email does not replace one for the same
// address: otherwise one press too many would void the email that is on its way.
func putSignInRequest(tx *store.Tx, a access.SignInRequest, answer bool) error {
	old, had, err := tx.SignInRequests.Get(a.Browser)
	if err != nil {
		return err
	}
	if had && !answer && old.Address.Canonical == a.Address.Canonical && tx.Now.Before(old.ExpiresAt) {
		return tx.SignInRequests.Change(old)
	}
	if had {
		if err := tx.SignInRequests.Delete(old); err != nil {
			return err
		}
	}
	if answer {
		return tx.SignInRequests.Put(a)
	}
	return tx.SignInRequests.Change(a)
}

// RenewLink requests a fresh email from the page of a link that is no longer
// valid, or that another browser requested. The email goes to the link's own
// address. So that strangers learn nothing there is no result: only an internal
// error, or TooMany.
func (s SignIn) RenewLink(ctx context.Context, secret access.Secret, b Browser) error {
	if err := s.checkFlood(ctx, s.linkAddress(ctx, secret), b); err != nil {
		return err
	}
	fresh := access.NewSecret()
	return s.store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.LoginLinks.Get(secret.Hash())
		if access.Expired.Is(err) || err == nil && l.Purpose == access.ForDesktop {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := tx.Members.Get(l.Member)
		if access.NotFound.Is(err) || err == nil && (m.State == access.Suspended || m.Email.Canonical != l.Address) {
			return nil
		}
		if err != nil {
			return err
		}
		may, err := s.allowSignInRequest(tx, m.Email, b)
		if err != nil {
			return unlessTooMany(err)
		}
		if l.Purpose == access.ForInvitation && m.State == access.Pending && m.JoinedAt().IsZero() {
			if err := s.renewNow(tx, &m, fresh, access.PriorityRequested); err != nil {
				return err
			}
			return tx.Record(b.by(m.ID), access.ActionRenew, string(m.ID), "")
		}
		if b.Secret == "" {
			return nil
		}
		ask, err := newSignInRequest(tx, m.Email, b, may)
		if err != nil {
			return err
		}
		return putSignInRequest(tx, ask, true)
	})
}

// linkAddress returns the address that a link was made for; zero where it is
// unknown.
func (s *core) linkAddress(ctx context.Context, secret access.Secret) (a access.Address) {
	_ = s.store.View(ctx, func(tx *store.Tx) error { // the Update meets the same error again
		l, err := tx.LoginLinks.Get(secret.Hash())
		a.Canonical = l.Address
		return err
	})
	return a
}

// RequestedAddress returns the address that a browser requested an email for, as
// typed; empty where it requested none.
func (s SignIn) RequestedAddress(ctx context.Context, b Browser) (typed string, err error) {
	err = s.store.View(ctx, func(tx *store.Tx) error {
		a, ok, err := tx.SignInRequests.Get(b.hash())
		if ok && tx.Now.Before(a.ExpiresAt) {
			typed = a.Address.Typed
		}
		return err
	})
	return typed, err
}

// answerBatch is how many requests one transaction answers.
const answerBatch = 4

// What one answer writes, the same for every address: more than the longest email
// needs.
const (
	answerKeys  = 15
	answerBytes = 6 << 10
)

// AnswerRequests posts the sign-in emails that were requested. It returns how
// many requests it took off the queue. After an error, those that are left are answered by the
// next call.
func (s SignIn) AnswerRequests(ctx context.Context) (n int, err error) {
	for {
		var took int
		err := s.store.Update(ctx, func(tx *store.Tx) error {
			asks, err := tx.SignInRequests.Next(answerBatch)
			if took = len(asks); err != nil {
				return err
			}
			for _, a := range asks {
				if err := tx.Evenly(answerKeys, answerBytes, func() error { return s.answer(tx, a) }); err != nil {
					return err
				}
			}
			return nil
		})
		if n += took; err != nil || took == 0 {
			return n, err
		}
	}
}

// answer writes the requested email. For an address that gets none it does the
// same with a decoy, whose secrets open nothing: neither the work nor the number
// of bytes written may reveal which it was.
func (s *core) answer(tx *store.Tx, a access.SignInRequest) error {
	if err := tx.SignInRequests.Answered(a); err != nil {
		return err
	}
	if err := tx.TouchCounters(); err != nil {
		return err
	}
	if !tx.Now.Before(a.ExpiresAt) {
		return nil
	}
	m, err := tx.Members.ByAddress(a.Address.Canonical)
	real := err == nil && m.State != access.Suspended
	if err := unlessNotFound(err); err != nil {
		return err
	}
	if !real {
		m = access.Member{ID: access.MemberID(access.NewID()), Email: a.Address, State: access.Active, Epoch: 1}
	}
	closed, err := codesClosed(tx, a)
	if err != nil {
		return err
	}
	in, err := s.site(tx)
	if err != nil {
		return err
	}
	secret, code := access.NewSecret(), access.NewCode()
	f := access.MessageFacts{
		Link:     in.link(secret),
		Until:    a.ExpiresAt,
		Device:   a.UserAgent,
		CodesOff: closed,
		NextAt:   a.AnyBrowserUntil,
	}
	l := access.LoginLink{Hash: secret.Hash(), Purpose: access.ForSignIn, Member: m.ID, Address: m.Email.Canonical,
		HandedOverBy: in.unmailed(), Browser: a.Browser, Epoch: m.Epoch, CreatedAt: tx.Now, ExpiresAt: a.ExpiresAt}
	if !a.AnyBrowserUntil.IsZero() {
		l.Browser, l.ExpiresAt = access.SecretHash{}, tx.Now.Add(access.AnyBrowserLinkTTL)
		f.Until = l.ExpiresAt
	}
	a.Link, a.Member, a.Epoch = l.Hash, m.ID, m.Epoch
	if closed.IsZero() {
		f.Code, f.CodeUntil = code.String(), a.ExpiresAt
	}
	a.Code = tx.CodeHash(a.Browser, string(code))
	if !real {
		return s.answerWithDecoy(tx, a, &m, f)
	}
	if err := tx.LoginLinks.Put(l); err != nil {
		return err
	}
	if err := tx.SignInRequests.Change(a); err != nil {
		return err
	}
	return s.postSignIn(tx, a, &m, l, f)
}

func (s *core) postSignIn(tx *store.Tx, a access.SignInRequest, m *access.Member, l access.LoginLink,
	f access.MessageFacts) error {
	id, err := s.postAs(tx, priorityOf(a), access.SignInMessage, m, f.Until, f)
	if err != nil {
		return err
	}
	anyBrowser := l.Browser.IsZero()
	if anyBrowser {
		m.AnyBrowserLink = l.Hash
	}
	if m.State == access.Active {
		m.Message = id
	} else if !anyBrowser {
		return tx.Members.Pretend(*m)
	}
	return tx.Members.Put(*m)
}

// answerWithDecoy stores a decoy instead of an email.
func (s *core) answerWithDecoy(tx *store.Tx, a access.SignInRequest, m *access.Member, f access.MessageFacts) error {
	a.Code = access.NewSecret().Hash() // no code has this hash
	msg, f, err := s.compose(tx, access.SignInMessage, m, f.Until, f)
	if err != nil {
		return err
	}
	// a stranger's address must not be readable
	msg.Priority, msg.Recipient = priorityOf(a), strings.Repeat("x", len(msg.Recipient))
	if err := tx.SignInRequests.Change(a); err != nil {
		return err
	}
	if err := tx.Decoys.Post(msg, f); err != nil {
		return err
	}
	return tx.Members.Pretend(*m)
}

func priorityOf(a access.SignInRequest) access.Priority {
	if a.KnownBrowser {
		return access.PriorityAwaited
	}
	return access.SignInMessage.Priority()
}
