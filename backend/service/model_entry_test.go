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

func (md *model) invite(rt *rapid.T) {
	a, on := md.draw(rt)
	roles := md.drawRoles(rt)
	lasts := rapid.SampledFrom([]time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}).Draw(rt, "lasts")
	in, err := md.Invitations.Invite(md.ctx, a.by, NewInvitation{
		Email: md.address(rt, strings.ToUpper(on.email)),
		Roles: roles,
		TTL:   lasts,
	})
	if !(actor{a.by, nil, a.rights}).judgeInvite(rt, a, on, err, roles) {
		return
	}
	on.id, on.state, on.roles, on.invited, on.deleted = in.Member.ID, access.Pending, roles, roles, false
	on.links = append(on.links, &credential{
		secret: secretOf(in.Link),
		made:   md.clock.now(),
		until:  md.clock.now().Add(lasts),
	})
}

func (actor) judgeInvite(rt *rapid.T, a actor, on *person, err error, roles []access.RoleName) bool {
	if a.person == on && on.id == "" { // without an account, inviting their own address
		a.person = &person{}
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

func (md *model) resend(rt *rapid.T) {
	a, on := md.draw(rt)
	_, err := md.Invitations.Resend(md.ctx, a.by, on.target())
	if err != nil && access.Explain(err).Kind == access.Internal {
		rt.Fatalf("resend: %v", err)
	}
	if err == nil && (!a.rights[access.May(access.DoInvite, access.ResMembers)] || on.id == "") {
		rt.Fatalf("resend on %s (%s) went through", on.email, on.state)
	}
	if err == nil && on.state == access.Pending && len(on.sessions) == 0 {
		spend(on.links) // the new link is in the email
		on.links = append(on.links, &credential{
			secret: secretOf(md.newestLink(rt, on)),
			made:   md.clock.now(),
			until:  md.clock.now().Add(time.Hour),
		})
	}
}

func spend(all []*credential) {
	for _, o := range all {
		o.spent = true
	}
}

var (
	linkPattern = regexp.MustCompile(`https://door\.example\.com/login/[A-Za-z0-9_-]{43}`)
	codePattern = regexp.MustCompile(`(?m)^([0-9A-Z]{4}-[0-9A-Z]{4})\r?$`)
)

const anyBrowser = "in any browser"

// body is what the newest email to a person that holds a link says.
func (md *model) body(rt *rapid.T, on *person) (text string) {
	md.must(rt, md.store.View(md.ctx, func(tx *store.Tx) error {
		p, err := tx.Messages.Find(store.MessageQuery{Limit: 5000})
		for _, message := range p.Items {
			if text != "" || message.Recipient != on.email {
				continue
			}
			if f, err := tx.Messages.Facts(message.ID); err == nil && linkPattern.MatchString(f.Link) {
				text = f.Link + "\n" + f.Code + "\n"
				if !f.NextAt.IsZero() {
					text += anyBrowser + "\n" // as the email says then
				}
			}
		}
		return err
	}))
	return text
}

func (md *model) newestLink(rt *rapid.T, on *person) string {
	link := linkPattern.FindString(md.body(rt, on))
	if link == "" {
		rt.Fatalf("no email to %s holds a link", on.email)
	}
	return link
}

// browser is a browser that nobody knows yet.
func (md *model) browser() Browser {
	md.n++
	return Browser{
		Secret: access.Secret(fmt.Sprintf("browser %d", md.n)),
		From:   fmt.Sprintf("192.0.2.%d", md.n%250+1),
		Agent:  "Firefox",
	}
}

func (md *model) redeem(rt *rapid.T) {
	on := md.people[rapid.IntRange(0, len(md.people)-1).Draw(rt, "on")]
	if len(on.links) == 0 {
		return
	}
	link := on.links[rapid.IntRange(0, len(on.links)-1).Draw(rt, "link")]
	md.use(rt, on, link, md.browser())
}

// use redeems a link, and checks that the result is the one the model expects.
func (md *model) use(rt *rapid.T, on *person, link *credential, b Browser) {
	entry, err := md.SignIn.RedeemLink(md.ctx, link.secret, b)
	now := md.clock.now()
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
	md.entered(rt, on, entry)
}

// entered records a session that was just opened: it is valid now.
func (md *model) entered(rt *rapid.T, on *person, entry NewSession) {
	if _, err := md.Gate.Principal(md.ctx, entry.Session); err != nil {
		rt.Fatalf("the session that %s just opened: %v", on.email, err)
	}
	on.sessions = append(on.sessions, &credential{secret: entry.Session, made: md.clock.now()})
}

func (md *model) signInByLink(rt *rapid.T) {
	on, b := md.ask(rt)
	if on == nil {
		return
	}
	link := &credential{
		secret: secretOf(md.newestLink(rt, on)),
		made:   md.clock.now(),
		until:  md.clock.now().Add(access.SignInTTL),
	}
	// The last email that strangers can cause works in any browser, and says so.
	anywhere := strings.Contains(md.body(rt, on), anyBrowser)
	entry, err := md.SignIn.RedeemLink(md.ctx, link.secret, md.browser())
	switch {
	case err == nil && !anywhere:
		rt.Fatalf("the sign-in link of %s opened in another browser", on.email)
	case err != nil && anywhere:
		rt.Fatalf("the link of %s is said to open in any browser: %v", on.email, err)
	case err == nil:
		link.spent = true
		md.entered(rt, on, entry)
	}
	md.use(rt, on, link, b)
	if link.spent {
		on.links = append(on.links, link)
	}
}

func (md *model) signInByCode(rt *rapid.T) {
	on, b := md.ask(rt)
	if on == nil {
		return
	}
	m := codePattern.FindStringSubmatch(md.body(rt, on))
	if m == nil {
		rt.Fatalf("the email to %s holds no code: %s", on.email, md.body(rt, on))
	}
	if _, err := md.SignIn.RedeemCode(md.ctx, m[1], md.browser()); err == nil {
		rt.Fatalf("the code of %s opened in another browser", on.email)
	}
	entry, err := md.SignIn.RedeemCode(md.ctx, m[1], b)
	if err != nil {
		if access.Explain(err).Kind == access.Internal {
			rt.Fatalf("code: %v", err)
		}
		return
	}
	if _, err := md.SignIn.RedeemCode(md.ctx, m[1], b); err == nil {
		rt.Fatalf("the code of %s opened twice", on.email)
	}
	md.entered(rt, on, entry)
}

// ask requests a sign-in email; on is nil where none came.
func (md *model) ask(rt *rapid.T) (on *person, b Browser) {
	on, b = md.people[rapid.IntRange(0, len(md.people)-1).Draw(rt, "on")], md.browser()
	before := md.body(rt, on)
	md.must(rt, md.SignIn.Request(md.ctx, md.address(rt, on.email), b))
	md.clock.forward(time.Second)
	_, err := md.SignIn.AnswerRequests(md.ctx)
	md.must(rt, err)
	after := md.body(rt, on)
	if after == before || after == "" {
		return nil, b
	}
	if on.id == "" || on.state == access.Suspended {
		rt.Fatalf("an email went to %s (%s)", on.email, on.state)
	}
	return on, b
}

func (md *model) note(rt *rapid.T) {
	a, _ := md.draw(rt)
	err := md.Account.Note(md.ctx, a.by, rapid.StringMatching(`[a-z ]{0,20}`).Draw(rt, "note"))
	if err == nil && (a.person == nil || a.person.state != access.Pending || a.person.id == "") {
		rt.Fatalf("somebody who does not wait left a note")
	}
}

func (md *model) withdraw(rt *rapid.T) {
	a, _ := md.draw(rt)
	if err := md.Account.Withdraw(md.ctx, a.by); err == nil {
		if a.person == nil || a.person.state != access.Pending || a.person.id == "" {
			rt.Fatalf("somebody who does not wait withdrew")
		}
		a.person.end()
	}
}

// end is the state after deletion: every credential is spent.
func (s *person) end() {
	spend(s.links)
	spend(s.sessions)
	s.id, s.state, s.roles, s.invited, s.deleted = "", "", nil, nil, true
	s.sessions, s.undo = slices.Clone(s.sessions), nil
}
