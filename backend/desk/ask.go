package desk

import (
	"context"
	"strings"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Ask notes that a browser asks for a sign-in letter. It does the same for
// every address, known or not: one record, in one transaction; whether there is
// a letter is found out after the answer. An older ask of the browser is void,
// and with it its code and its link, which are good only while the ask names
// them: to look for that link here would take longer where there is one.
func (d *Desk) Ask(ctx context.Context, a access.Address, b Browser) error {
	if err := d.letAsk(ctx, a, b); err != nil {
		return err
	}
	return d.store.Update(ctx, func(tx *store.Tx) error {
		may, err := d.allowAsk(tx, a, b)
		if err := unlessTooMany(err); err != nil {
			return err
		}
		return putAsk(tx, ask(tx, a, b, may), err == nil) // reads alike; too many: there is no letter
	})
}

// letAsk refuses an ask before anything is written where strangers in their
// numbers ask. A browser that has signed that member in is none of them.
func (d *Desk) letAsk(ctx context.Context, a access.Address, b Browser) (err error) {
	known := false
	err = d.store.View(ctx, func(tx *store.Tx) error {
		known, err = tx.Known(a.Canonical, b.hash())
		return err
	})
	if err != nil || known {
		return err
	}
	return d.asks.take(d.store.Now())
}

func unlessTooMany(err error) error {
	if access.TooMany.Is(err) {
		return nil
	}
	return err
}

func ask(tx *store.Tx, a access.Address, b Browser, may allowance) access.Ask {
	return access.Ask{Browser: b.hash(), Address: a, Known: may.known, Last: may.last, From: b.From,
		Agent: access.Shorten(b.Agent, 200), At: tx.Now, ExpiresAt: tx.Now.Add(access.SignInLasts)}
}

// putAsk keeps an ask in place of an older one of the same browser. One that
// gets no letter leaves alone what was asked for the same address before:
// otherwise one press too many would void the letter that is on its way.
func putAsk(tx *store.Tx, a access.Ask, answer bool) error {
	old, had, err := tx.Ask(a.Browser)
	if err != nil {
		return err
	}
	if had && !answer && old.Address.Canonical == a.Address.Canonical && tx.Now.Before(old.ExpiresAt) {
		return tx.ChangeAsk(old)
	}
	if had {
		if err := tx.DeleteAsk(old); err != nil {
			return err
		}
	}
	if answer {
		return tx.PutAsk(a)
	}
	return tx.ChangeAsk(a)
}

// RenewLink answers a wish for a fresh letter on the page of a link that is no
// longer good, or that was asked for in another browser. The letter goes to the
// link's own address; a stranger learns nothing, so there is no answer but an
// error of ours, and that too many ask.
func (d *Desk) RenewLink(ctx context.Context, secret access.Secret, b Browser) error {
	if err := d.letAsk(ctx, d.linkAddress(ctx, secret), b); err != nil {
		return err
	}
	fresh := access.NewSecret()
	return d.store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.Login(secret.Hash())
		if access.Expired.Is(err) || err == nil && l.Purpose == access.ForWindow {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := tx.Member(l.Member)
		if access.NotFound.Is(err) || err == nil && (m.State == access.Suspended || m.Email.Canonical != l.Address) {
			return nil
		}
		if err != nil {
			return err
		}
		may, err := d.allowAsk(tx, m.Email, b)
		if err != nil {
			return unlessTooMany(err)
		}
		if l.Purpose == access.ForInvitation && m.State == access.Pending && m.Came().IsZero() {
			if err := d.renewNow(tx, &m, fresh, access.AskedFor); err != nil {
				return err
			}
			return tx.Record(b.by(m.ID), access.DidRenew, string(m.ID), "")
		}
		if b.Secret == "" {
			return nil
		}
		return putAsk(tx, ask(tx, m.Email, b, may), true)
	})
}

// linkAddress is the address that a link was made for; zero where nobody knows.
func (d *Desk) linkAddress(ctx context.Context, secret access.Secret) (a access.Address) {
	_ = d.store.View(ctx, func(tx *store.Tx) error { // an error is met again in the Update
		l, err := tx.Login(secret.Hash())
		a.Canonical = l.Address
		return err
	})
	return a
}

// Asked is the address that a browser asked a letter for, as typed; empty
// where it asked for none.
func (d *Desk) Asked(ctx context.Context, b Browser) (typed string, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		a, ok, err := tx.Ask(b.hash())
		if ok && tx.Now.Before(a.ExpiresAt) {
			typed = a.Address.Typed
		}
		return err
	})
	return typed, err
}

// answersAtOnce is how many asks one transaction answers.
const answersAtOnce = 4

// What one answer writes, whoever it is for: more than the longest letter needs.
const (
	answerKeys  = 15
	answerBytes = 6 << 10
)

// AnswerAsks posts the sign-in letters that were asked for. It returns how many
// asks it took off the queue.
func (d *Desk) AnswerAsks(ctx context.Context) (n int, err error) {
	for {
		var took int
		err := d.store.Update(ctx, func(tx *store.Tx) error {
			asks, err := tx.NextAsks(answersAtOnce)
			if took = len(asks); err != nil {
				return err
			}
			for _, a := range asks {
				if err := tx.Evenly(answerKeys, answerBytes, func() error { return d.answer(tx, a) }); err != nil {
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

// answer writes the letter that was asked for. For an address that gets none it
// does the same with a decoy, whose secrets open nothing: the work, and what is
// written, must not tell which it was.
func (d *Desk) answer(tx *store.Tx, a access.Ask) error {
	if err := firstOf(tx.Answered(a), tx.TouchCounters()); err != nil {
		return err
	}
	if !tx.Now.Before(a.ExpiresAt) {
		return nil
	}
	m, err := tx.MemberByAddress(a.Address.Canonical)
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
	secret, code := access.NewSecret(), access.NewCode()
	f := LetterFacts{Link: d.link(secret), Until: a.ExpiresAt, Device: a.Agent, CodesOff: closed, NextAt: a.Last}
	l := access.Login{Hash: secret.Hash(), Purpose: access.ForSignIn, Member: m.ID, Address: m.Email.Canonical,
		Handed: d.unmailed(), Browser: a.Browser, Epoch: m.Epoch, MadeAt: tx.Now, ExpiresAt: a.ExpiresAt}
	if !a.Last.IsZero() {
		l.Browser, l.ExpiresAt = access.SecretHash{}, tx.Now.Add(access.AnyLinkLasts)
		f.Until = l.ExpiresAt
	}
	a.Link, a.Member, a.Epoch = l.Hash, m.ID, m.Epoch
	if closed.IsZero() {
		f.Code, f.CodeUntil = code.String(), a.ExpiresAt
	}
	a.Code = tx.CodeHash(a.Browser, string(code))
	if !real {
		return d.pretend(tx, a, &m, f)
	}
	if err := firstOf(tx.PutLogin(l), tx.ChangeAsk(a)); err != nil {
		return err
	}
	return d.postSignIn(tx, a, &m, l, f)
}

func (d *Desk) postSignIn(tx *store.Tx, a access.Ask, m *access.Member, l access.Login, f LetterFacts) error {
	id, err := d.postAs(tx, classOf(a), access.SignInLetter, m, f.Until, f)
	if err != nil {
		return err
	}
	anyBrowser := l.Browser.IsZero()
	if anyBrowser {
		m.AnyLink = l.Hash
	}
	if m.State == access.Active {
		m.Letter = id
	} else if !anyBrowser {
		return tx.PretendMember(*m)
	}
	return tx.PutMember(*m)
}

// pretend keeps a decoy in place of a letter.
func (d *Desk) pretend(tx *store.Tx, a access.Ask, m *access.Member, f LetterFacts) error {
	a.Code = access.NewSecret().Hash() // no code has it
	l, words, err := d.write(tx, access.SignInLetter, m, f.Until, f)
	if err != nil {
		return err
	}
	l.Class, l.To = classOf(a), strings.Repeat("x", len(l.To)) // a stranger's address is nobody's business
	return firstOf(tx.ChangeAsk(a), tx.PostDecoy(l, words), tx.PretendMember(*m))
}

func classOf(a access.Ask) access.Class {
	if a.Known {
		return access.Awaited
	}
	return access.SignInLetter.Class()
}

// decoyDue deletes a decoy that waited for a mail server for as long as a letter
// would have.
func (d *Desk) decoyDue(tx *store.Tx, id access.LetterID) error {
	l, ok, err := tx.Decoy(id)
	if err != nil || !ok || tx.Now.Before(l.GoodUntil) {
		return err
	}
	l.Failed("", tx.Now)
	return firstOf(tx.TouchCounters(), tx.PutDecoy(l))
}
