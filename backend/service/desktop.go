package service

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// AuthorizeDesktop lets a native window act for the calling member, who must be
// one who uses the console. It returns a code that works once, within a minute,
// for the window that holds the secret whose hash is challenge (PKCE, S256). It needs a
// confirmed session; the operator and API tokens are Forbidden.
func (s SignIn) AuthorizeDesktop(ctx context.Context, actor access.Actor, challenge access.SecretHash) (access.Secret,
	error) {
	code := access.NewSecret()
	return code, s.store.Update(ctx, func(tx *store.Tx) error {
		if actor.Member == "" || actor.Token != "" {
			return access.Errorf(access.Forbidden, "Only a member who is signed in can authorize the desktop app.").
				WithCode("members_only")
		}
		rights, err := s.gate.Permissions(tx, actor)
		if err != nil {
			return err
		}
		if !rights.CanManage() {
			return access.NotAllowed(access.May(access.Read, access.ResMembers))
		}
		m, err := confirmed(tx, actor)
		if err != nil {
			return err
		}
		l := access.LoginLink{Hash: code.Hash(), Purpose: access.ForDesktop, Member: m.ID, Address: m.Email.Canonical,
			Browser: challenge, Epoch: m.Epoch, CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(access.DesktopCodeTTL)}
		if err := tx.LoginLinks.Put(l); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionAuthorizeDesktop, string(m.ID), "")
	})
}

// RedeemDesktopCode opens a session with a code of AuthorizeDesktop, for the
// window that holds the matching secret. A try with another secret voids the
// code. The error is DesktopCodeExpired for every code that does not work.
func (s SignIn) RedeemDesktopCode(ctx context.Context, code access.Secret, b Browser) (out NewSession, err error) {
	session := access.NewDesktopSecret()
	var verdict error
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		verdict = access.DesktopCodeExpired()
		l, err := tx.LoginLinks.Get(code.Hash())
		if access.Expired.Is(err) || err == nil && l.Purpose != access.ForDesktop {
			verdict = access.DesktopCodeExpired().Because(err)
			return nil
		}
		if err != nil {
			return err
		}
		if l.Check(b.hash(), tx.Now) != nil {
			l.Revoked = true
			return tx.LoginLinks.Put(l)
		}
		m, err := loginMember(tx, &l)
		if access.Expired.Is(err) || err == nil && m.State != access.Active {
			return nil
		}
		if err != nil {
			return err
		}
		verdict = nil
		l.UsedAt = tx.Now
		if err := tx.LoginLinks.Put(l); err != nil {
			return err
		}
		if out, err = s.openSession(tx, &m, session, access.MethodDesktop, b); err != nil {
			return err
		}
		actor := access.Actor{Member: m.ID, Source: access.SourceDesktop, From: b.From}
		if err := tx.Members.Put(out.Member); err != nil {
			return err
		}
		return tx.Record(actor, access.ActionSignIn, string(m.ID), access.MethodDesktop)
	})
	if err != nil {
		return out, err
	}
	return out, verdict
}
