package desk

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// LetWindow lets a native window act for the member who asks, who must be one
// who uses the console. It returns a code, good once and for a minute, for the
// window that holds the secret whose hash challenge is (PKCE, S256).
func (d *Desk) LetWindow(ctx context.Context, by access.By, challenge access.SecretHash) (access.Secret, error) {
	code := access.NewSecret()
	return code, d.store.Update(ctx, func(tx *store.Tx) error {
		if by.Member == "" || by.Token != "" {
			return access.Errorf(access.Forbidden, "Only a member who is signed in can let a window in.").WithCode("members_only")
		}
		p, err := d.policyNow(tx)
		if err != nil {
			return err
		}
		rights, err := d.rights(tx, p, by)
		if err != nil {
			return err
		}
		if !rights.Manage() {
			return access.NotAllowed(access.May(access.Read, access.ResMembers))
		}
		m, err := confirmed(tx, by, "let a window in")
		if err != nil {
			return err
		}
		l := access.Login{Hash: code.Hash(), Purpose: access.ForWindow, Member: m.ID, Address: m.Email.Canonical,
			Browser: challenge, Epoch: m.Epoch, MadeAt: tx.Now, ExpiresAt: tx.Now.Add(access.WindowLasts)}
		return firstOf(tx.PutLogin(l), tx.Record(by, access.DidLetWindow, string(m.ID), ""))
	})
}

// EnterWindow opens a session with a code of LetWindow, for the window that
// holds the secret it was made for. A try with another secret voids the code.
// The error is DeadWindow for every code that does not open.
func (d *Desk) EnterWindow(ctx context.Context, code access.Secret, b Browser) (out Entry, err error) {
	session := access.NewWindowSecret()
	var verdict error
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		verdict = access.DeadWindow()
		l, err := tx.Login(code.Hash())
		if access.Expired.Is(err) || err == nil && l.Purpose != access.ForWindow {
			verdict = access.DeadWindow().Because(err)
			return nil
		}
		if err != nil {
			return err
		}
		if l.Check(b.hash(), tx.Now) != nil {
			l.Revoked = true
			return tx.PutLogin(l)
		}
		m, err := stillOf(tx, &l)
		if access.Expired.Is(err) || err == nil && m.State != access.Active {
			return nil
		}
		if err != nil {
			return err
		}
		verdict = nil
		l.UsedAt = tx.Now
		if err := tx.PutLogin(l); err != nil {
			return err
		}
		if out, err = d.enter(tx, &m, session, access.MethodWindow, b); err != nil {
			return err
		}
		by := access.By{Member: m.ID, Via: access.ViaWindow, From: b.From}
		return firstOf(tx.PutMember(out.Member), tx.Record(by, access.DidSignIn, string(m.ID), access.MethodWindow))
	})
	return out, firstOf(err, verdict)
}
