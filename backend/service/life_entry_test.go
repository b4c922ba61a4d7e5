package service_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

func (l *life) invite(rt *rapid.T) {
	a, on := l.draw(rt)
	roles := l.drawRoles(rt)
	lasts := rapid.SampledFrom([]time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}).Draw(rt, "lasts")
	in, err := l.Invitations.Invite(l.ctx, a.by, NewInvitation{
		Email: l.address(rt, strings.ToUpper(on.email)),
		Roles: roles,
		TTL:   lasts,
	})
	if !(actor{a.by, nil, a.rights}).judgeInvite(rt, a, on, err, roles) {
		return
	}
	on.id, on.state, on.roles, on.invited, on.deleted = in.Card.ID, access.Pending, roles, roles, false
	on.links = append(on.links, &opener{
		secret: secretOf(in.Link),
		made:   l.clock.now(),
		until:  l.clock.now().Add(lasts),
	})
}

func (actor) judgeInvite(rt *rapid.T, a actor, on *soul, err error, roles []access.RoleName) bool {
	if a.soul == on && on.id == "" { // nobody, inviting their own address
		a.soul = &soul{}
	}
	return a.judge(
		rt,
		"invite",
		on,
		err,
		access.May(access.DoInvite, access.ResMembers),
		on.id == "",
		!within(roles, a.rights),
	)
}

func (l *life) resend(rt *rapid.T) {
	a, on := l.draw(rt)
	_, err := l.Invitations.Resend(l.ctx, a.by, on.target())
	if err != nil && access.Explain(err).Kind == access.Internal {
		rt.Fatalf("resend: %v", err)
	}
	if err == nil && (!a.rights[access.May(access.DoInvite, access.ResMembers)] || on.id == "") {
		rt.Fatalf("resend on %s (%s) went through", on.email, on.state)
	}
	if err == nil && on.state == access.Pending && len(on.sessions) == 0 {
		spend(on.links) // the new one is in the email
		on.links = append(on.links, &opener{
			secret: secretOf(l.newestLink(rt, on)),
			made:   l.clock.now(),
			until:  l.clock.now().Add(time.Hour),
		})
	}
}

func spend(all []*opener) {
	for _, o := range all {
		o.spent = true
	}
}

var (
	linkInWords = regexp.MustCompile(`https://door\.example\.com/login/[A-Za-z0-9_-]{43}`)
	codeInWords = regexp.MustCompile(`(?m)^([0-9A-Z]{4}-[0-9A-Z]{4})\r?$`)
)

// words are those of the newest email to somebody that holds a link.
func (l *life) words(rt *rapid.T, on *soul) (text string) {
	l.must(rt, l.store.View(l.ctx, func(tx *store.Tx) error {
		p, err := tx.Messages.Page("", 5000)
		for _, letter := range p.Items {
			if text != "" || letter.Recipient != on.email {
				continue
			}
			if f, err := tx.Messages.Facts(letter.ID); err == nil && linkInWords.MatchString(f.Link) {
				text = f.Link + "\n" + f.Code + "\n"
			}
		}
		return err
	}))
	return text
}

func (l *life) newestLink(rt *rapid.T, on *soul) string {
	link := linkInWords.FindString(l.words(rt, on))
	if link == "" {
		rt.Fatalf("no email to %s holds a link", on.email)
	}
	return link
}

// browser is one that nobody knows yet.
func (l *life) browser() Browser {
	l.n++
	return Browser{
		Secret: access.Secret(fmt.Sprintf("browser %d", l.n)),
		From:   fmt.Sprintf("192.0.2.%d", l.n%250+1),
		Agent:  "Firefox",
	}
}

func (l *life) redeem(rt *rapid.T) {
	on := l.souls[rapid.IntRange(0, len(l.souls)-1).Draw(rt, "on")]
	if len(on.links) == 0 {
		return
	}
	link := on.links[rapid.IntRange(0, len(on.links)-1).Draw(rt, "link")]
	l.use(rt, on, link, l.browser())
}

// use redeems a link, and holds the outcome to what the model knows of it.
func (l *life) use(rt *rapid.T, on *soul, link *opener, b Browser) {
	entry, err := l.SignIn.RedeemLink(l.ctx, link.secret, b)
	now := l.clock.now()
	if err != nil {
		if access.Explain(err).Kind == access.Internal {
			rt.Fatalf("redeem: %v", err)
		}
		return
	}
	if link.spent || on.id == "" || on.state == access.Suspended ||
		!now.Before(link.made.Add(access.MaxInvitationTTL)) ||
		!link.until.IsZero() && now.After(link.until) && link.until.Sub(link.made) > time.Hour {
		rt.Fatalf("a link of %s (%s) opened: spent %v, good until %s, now %s",
			on.email, on.state, link.spent, link.until, now)
	}
	link.spent = true
	if entry.Member.ID != on.id {
		rt.Fatalf("the link of %s opened the account of %s", on.email, entry.Member.Email)
	}
	l.entered(rt, on, entry)
}

// entered notes a session that was just opened: it is good now.
func (l *life) entered(rt *rapid.T, on *soul, entry NewSession) {
	if _, err := l.Gate.Principal(l.ctx, entry.Session); err != nil {
		rt.Fatalf("the session that %s just opened: %v", on.email, err)
	}
	on.sessions = append(on.sessions, &opener{secret: entry.Session, made: l.clock.now()})
}

func (l *life) signInByLink(rt *rapid.T) {
	on, b := l.ask(rt)
	if on == nil {
		return
	}
	link := &opener{
		secret: secretOf(l.newestLink(rt, on)),
		made:   l.clock.now(),
		until:  l.clock.now().Add(access.SignInTTL),
	}
	// The last email that strangers can cause opens anywhere, and says so.
	anywhere := strings.Contains(strings.Join(strings.Fields(l.words(rt, on)), " "), "in any browser")
	entry, err := l.SignIn.RedeemLink(l.ctx, link.secret, l.browser())
	switch {
	case err == nil && !anywhere:
		rt.Fatalf("the sign-in link of %s opened in another browser", on.email)
	case err != nil && anywhere:
		rt.Fatalf("the link of %s is said to open in any browser: %v", on.email, err)
	case err == nil:
		link.spent = true
		l.entered(rt, on, entry)
	}
	l.use(rt, on, link, b)
	if link.spent {
		on.links = append(on.links, link)
	}
}

func (l *life) signInByCode(rt *rapid.T) {
	on, b := l.ask(rt)
	if on == nil {
		return
	}
	m := codeInWords.FindStringSubmatch(l.words(rt, on))
	if m == nil {
		rt.Fatalf("the email to %s holds no code: %s", on.email, l.words(rt, on))
	}
	if _, err := l.SignIn.RedeemCode(l.ctx, m[1], l.browser()); err == nil {
		rt.Fatalf("the code of %s opened in another browser", on.email)
	}
	entry, err := l.SignIn.RedeemCode(l.ctx, m[1], b)
	if err != nil {
		if access.Explain(err).Kind == access.Internal {
			rt.Fatalf("code: %v", err)
		}
		return
	}
	if _, err := l.SignIn.RedeemCode(l.ctx, m[1], b); err == nil {
		rt.Fatalf("the code of %s opened twice", on.email)
	}
	l.entered(rt, on, entry)
}

// ask asks for a sign-in email; on is nil where none came.
func (l *life) ask(rt *rapid.T) (on *soul, b Browser) {
	on, b = l.souls[rapid.IntRange(0, len(l.souls)-1).Draw(rt, "on")], l.browser()
	before := l.words(rt, on)
	l.must(rt, l.SignIn.Request(l.ctx, l.address(rt, on.email), b))
	l.clock.forward(time.Second)
	_, err := l.SignIn.AnswerRequests(l.ctx)
	l.must(rt, err)
	after := l.words(rt, on)
	if after == before || after == "" {
		return nil, b
	}
	if on.id == "" || on.state == access.Suspended {
		rt.Fatalf("an email went to %s (%s)", on.email, on.state)
	}
	return on, b
}

func (l *life) note(rt *rapid.T) {
	a, _ := l.draw(rt)
	err := l.Account.Note(l.ctx, a.by, rapid.StringMatching(`[a-z ]{0,20}`).Draw(rt, "note"))
	if err == nil && (a.soul == nil || a.soul.state != access.Pending || a.soul.id == "") {
		rt.Fatalf("somebody who does not wait left a note")
	}
}

func (l *life) withdraw(rt *rapid.T) {
	a, _ := l.draw(rt)
	if err := l.Account.Withdraw(l.ctx, a.by); err == nil {
		if a.soul == nil || a.soul.state != access.Pending || a.soul.id == "" {
			rt.Fatalf("somebody who does not wait withdrew")
		}
		a.soul.end()
	}
}

// end is what deletion leaves: nothing that opens.
func (s *soul) end() {
	spend(s.links)
	spend(s.sessions)
	s.id, s.state, s.roles, s.invited, s.deleted = "", "", nil, nil, true
	s.sessions = slices.Clone(s.sessions)
}
