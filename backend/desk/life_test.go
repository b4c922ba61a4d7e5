package desk

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/store"
)

// lifeChecks is how many lives one ordinary run leads; -rapid.checks leads more.
const lifeChecks = "30"

// Random sequences of everything that members, Admins, the operator, time and a
// restart can do are led beside a small model of what ought to come of it. After
// every step the rules that hold everywhere are looked at.
func TestLives(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		must(t, f.Value.Set(lifeChecks))
		defer f.Value.Set(f.DefValue)
	}
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(rt)
		defer l.store.Close()
		rt.Repeat(map[string]func(*rapid.T){
			"":                       l.invariants,
			"invite":                 l.invite,
			"resend":                 l.resend,
			"redeem a link":          l.redeem,
			"ask, and use the link":  l.signInByLink,
			"ask, and type the code": l.signInByCode,
			"note":                   l.note,
			"withdraw":               l.withdraw,
			"approve":                l.approve,
			"reject":                 l.reject,
			"change roles":           l.changeRoles,
			"suspend":                l.suspend,
			"restore":                l.restore,
			"remove":                 l.remove,
			"sign out":               l.signOut,
			"use a token":            l.useToken,
			"time passes":            l.timePasses,
			"restart":                l.restart,
		})
	})
}

// A soul is one address in the model: who has it, if anybody.
type soul struct {
	email    string
	id       access.MemberID // empty: nobody
	state    access.State
	roles    []access.RoleName
	invited  []access.RoleName // what an undecided member was invited to
	deleted  bool              // it was somebody's, and nobody was invited since
	links    []*opener         // all links ever made for it
	sessions []*opener         // all sessions ever opened
}

// An opener is a secret, and whether it may open something still.
type opener struct {
	secret access.Secret
	spent  bool // used, replaced, ended or revoked: it may never open anything again
	until  time.Time
	made   time.Time
}

// life is a desk and the model of it.
type life struct {
	*Desk
	store *store.Store
	clock *clock
	ctx   context.Context
	souls []*soul
	token access.Secret // the operator's, of the role Fleet
	n     int           // browsers so far
}

// Clerk is a role with fewer rights than Admin, which acts on others all the same.
const Clerk access.RoleName = "Clerk"

var clerkMay = []access.Permission{
	access.May(access.Read, access.ResMembers), access.May(access.DoInvite, access.ResMembers), access.May(access.Decide, access.ResMembers),
	access.May(access.Change, access.ResMembers), access.May(access.Open, access.ResFleet), access.May(access.Open, access.ResFleetLake), access.May(access.Open, access.ResFleetFlows),
}

func newLife(rt *rapid.T) *life {
	l := &life{clock: newClock(), ctx: context.Background()}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	l.store, err = store.Open(store.Options{Now: l.clock.now, Logger: quiet, Twice: true, MinFree: 1})
	l.must(rt, err)
	l.openDesk(rt)
	for i := range 5 {
		l.souls = append(l.souls, &soul{email: fmt.Sprintf("soul%d@lives.example", i)})
	}
	first := l.souls[0]
	card, link, err := l.SetUpHere(l.ctx, FirstAdmin{Email: l.address(rt, first.email), Name: "First"})
	l.must(rt, err)
	first.id, first.state, first.roles = card.ID, access.Active, []access.RoleName{access.Admin}
	first.links = []*opener{{secret: secretOf(link), made: l.clock.now(), until: l.clock.now().Add(access.RescueLasts)}}
	l.must(rt, l.PutRole(l.ctx, access.Operator, access.Role{Name: Clerk, Permissions: clerkMay}))
	_, l.token, err = l.MakeToken(l.ctx, access.Operator, "suite", []access.RoleName{access.Fleet}, 300*24*time.Hour)
	l.must(rt, err)
	return l
}

func (l *life) openDesk(rt *rapid.T) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	l.Desk, err = New(l.ctx, Options{Store: l.store, Frontend: os.DirFS("../../frontend"), PublicURL: "https://door.example.com", Mail: true, Logger: quiet})
	l.must(rt, err)
}

func (l *life) must(rt *rapid.T, err error) {
	if err != nil {
		rt.Fatalf("%v", err)
	}
}

func (l *life) address(rt *rapid.T, s string) access.Address {
	a, err := address.Parse(s)
	l.must(rt, err)
	return a
}

// rightsOf are those of roles, as the model has them.
func rightsOf(roles []access.RoleName) map[access.Permission]bool {
	all := map[access.Permission]bool{}
	for _, r := range append(access.BuiltIn(), access.Role{Name: Clerk, Permissions: clerkMay}) {
		if slices.Contains(roles, r.Name) {
			for _, p := range r.Permissions {
				all[p] = true
			}
		}
	}
	return all
}

// within reports whether one may do no more than the other.
func within(roles []access.RoleName, rights map[access.Permission]bool) bool {
	for p := range rightsOf(roles) {
		if !rights[p] {
			return false
		}
	}
	return true
}

// An actor is who does a step.
type actor struct {
	by     access.By
	soul   *soul // nil: the operator
	rights map[access.Permission]bool
}

// draw picks who acts, and on whom.
func (l *life) draw(rt *rapid.T) (a actor, on *soul) {
	who := rapid.IntRange(-1, len(l.souls)-1).Draw(rt, "actor")
	on = l.souls[rapid.IntRange(0, len(l.souls)-1).Draw(rt, "on")]
	if who < 0 {
		return actor{access.Operator, nil, rightsOf([]access.RoleName{access.Admin})}, on
	}
	s := l.souls[who]
	a = actor{access.By{Member: s.id, Via: access.ViaConsole}, s, nil}
	if s.id == "" {
		a.by.Member = "aaaaaaaaaaaaaaaaaaaaaaaaaa" // nobody's
	}
	if s.state == access.Active {
		a.rights = rightsOf(s.roles)
	}
	return a, on
}

func (l *life) drawRoles(rt *rapid.T) []access.RoleName {
	return rapid.SampledFrom([][]access.RoleName{{access.Fleet}, {access.AILoop}, {Clerk}, {access.Admin}, {access.Fleet, access.AILoop}}).Draw(rt, "roles")
}

// id is the target's, or one that nobody has.
func (s *soul) target() access.MemberID {
	if s.id == "" {
		return "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	}
	return s.id
}

// judge holds the outcome of a verb to the rules. fits: the target is in the state
// that the verb is for; above: what is touched or granted goes beyond the actor.
// The operator has to succeed where a verb fits; for members more may be asked.
func (a actor) judge(rt *rapid.T, verb string, on *soul, err error, right access.Permission, fits, above bool) (done bool) {
	self := a.soul != nil && a.soul == on
	switch {
	case err != nil && access.Explain(err).Kind == access.Internal:
		rt.Fatalf("%s: a fault of ours: %v", verb, err)
	case err == nil && (!a.rights[right] || !fits || above || self):
		rt.Fatalf("%s on %s (%s, %v): it went through; right %v, fits %v, above %v, self %v", verb, on.email, on.state, on.roles, a.rights[right], fits, above, self)
	case err != nil && a.soul == nil && fits && access.Explain(err).Code != "last_admin" && !access.TooMany.Is(err):
		rt.Fatalf("%s by the operator on %s (%s): %v", verb, on.email, on.state, err)
	}
	return err == nil
}

func (l *life) invite(rt *rapid.T) {
	a, on := l.draw(rt)
	roles := l.drawRoles(rt)
	lasts := rapid.SampledFrom([]time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}).Draw(rt, "lasts")
	in, err := l.Invite(l.ctx, a.by, Invitation{Email: l.address(rt, strings.ToUpper(on.email)), Roles: roles, Lasts: lasts})
	if !(actor{a.by, nil, a.rights}).judgeInvite(rt, a, on, err, roles) {
		return
	}
	on.id, on.state, on.roles, on.invited, on.deleted = in.Card.ID, access.Pending, roles, roles, false
	on.links = append(on.links, &opener{secret: secretOf(in.Link), made: l.clock.now(), until: l.clock.now().Add(lasts)})
}

func (actor) judgeInvite(rt *rapid.T, a actor, on *soul, err error, roles []access.RoleName) bool {
	if a.soul == on && on.id == "" { // nobody, inviting their own address
		a.soul = &soul{}
	}
	return a.judge(rt, "invite", on, err, access.May(access.DoInvite, access.ResMembers), on.id == "", !within(roles, a.rights))
}

func (l *life) resend(rt *rapid.T) {
	a, on := l.draw(rt)
	_, err := l.Resend(l.ctx, a.by, on.target())
	if err != nil && access.Explain(err).Kind == access.Internal {
		rt.Fatalf("resend: %v", err)
	}
	if err == nil && (!a.rights[access.May(access.DoInvite, access.ResMembers)] || on.id == "") {
		rt.Fatalf("resend on %s (%s) went through", on.email, on.state)
	}
	if err == nil && on.state == access.Pending && len(on.sessions) == 0 {
		spend(on.links) // the new one is in the email
		on.links = append(on.links, &opener{secret: secretOf(l.newestLink(rt, on)), made: l.clock.now(), until: l.clock.now().Add(time.Hour)})
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
		p, err := tx.Letters("", 5000)
		for _, letter := range p.Items {
			if text != "" || letter.To != on.email {
				continue
			}
			if w, err := tx.Words(letter.ID); err == nil && linkInWords.MatchString(w.Text) {
				text = w.Text
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
	return Browser{Secret: access.Secret(fmt.Sprintf("browser %d", l.n)), From: fmt.Sprintf("192.0.2.%d", l.n%250+1), Agent: "Firefox"}
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
	entry, err := l.RedeemLink(l.ctx, link.secret, b)
	now := l.clock.now()
	if err != nil {
		if access.Explain(err).Kind == access.Internal {
			rt.Fatalf("redeem: %v", err)
		}
		return
	}
	if link.spent || on.id == "" || on.state == access.Suspended || !now.Before(link.made.Add(access.LongestInvite)) || !link.until.IsZero() && now.After(link.until) && link.until.Sub(link.made) > time.Hour {
		rt.Fatalf("a link of %s (%s) opened: spent %v, good until %s, now %s", on.email, on.state, link.spent, link.until, now)
	}
	link.spent = true
	if entry.Member.ID != on.id {
		rt.Fatalf("the link of %s opened the account of %s", on.email, entry.Member.Email)
	}
	l.entered(rt, on, entry)
}

// entered notes a session that was just opened: it is good now.
func (l *life) entered(rt *rapid.T, on *soul, entry Entry) {
	if _, err := l.Who(l.ctx, entry.Session); err != nil {
		rt.Fatalf("the session that %s just opened: %v", on.email, err)
	}
	on.sessions = append(on.sessions, &opener{secret: entry.Session, made: l.clock.now()})
}

func (l *life) signInByLink(rt *rapid.T) {
	on, b := l.ask(rt)
	if on == nil {
		return
	}
	link := &opener{secret: secretOf(l.newestLink(rt, on)), made: l.clock.now(), until: l.clock.now().Add(access.SignInLasts)}
	if _, err := l.RedeemLink(l.ctx, link.secret, l.browser()); err == nil {
		rt.Fatalf("the sign-in link of %s opened in another browser", on.email)
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
	if _, err := l.RedeemCode(l.ctx, m[1], l.browser()); err == nil {
		rt.Fatalf("the code of %s opened in another browser", on.email)
	}
	entry, err := l.RedeemCode(l.ctx, m[1], b)
	if err != nil {
		if access.Explain(err).Kind == access.Internal {
			rt.Fatalf("code: %v", err)
		}
		return
	}
	if _, err := l.RedeemCode(l.ctx, m[1], b); err == nil {
		rt.Fatalf("the code of %s opened twice", on.email)
	}
	l.entered(rt, on, entry)
}

// ask asks for a sign-in email; on is nil where none came.
func (l *life) ask(rt *rapid.T) (on *soul, b Browser) {
	on, b = l.souls[rapid.IntRange(0, len(l.souls)-1).Draw(rt, "on")], l.browser()
	before := l.words(rt, on)
	l.must(rt, l.Ask(l.ctx, l.address(rt, on.email), b))
	l.clock.forward(time.Second)
	_, err := l.AnswerAsks(l.ctx)
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
	err := l.Note(l.ctx, a.by, rapid.StringMatching(`[a-z ]{0,20}`).Draw(rt, "note"))
	if err == nil && (a.soul == nil || a.soul.state != access.Pending || a.soul.id == "") {
		rt.Fatalf("somebody who does not wait left a note")
	}
}

func (l *life) withdraw(rt *rapid.T) {
	a, _ := l.draw(rt)
	if err := l.Withdraw(l.ctx, a.by); err == nil {
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

func (l *life) approve(rt *rapid.T) {
	a, on := l.draw(rt)
	var roles []access.RoleName
	if rapid.Bool().Draw(rt, "choose roles") {
		roles = l.drawRoles(rt)
	}
	granted := roles
	if granted == nil {
		granted = on.roles
	}
	_, err := l.Approve(l.ctx, a.by, on.target(), roles)
	if err != nil && roles == nil && a.soul == nil && access.Explain(err).Code == "inviter_lost_rights" {
		return // the roles have to be named
	}
	if a.judge(rt, "approve", on, err, access.May(access.Decide, access.ResMembers), on.state == access.Pending, !within(granted, a.rights) || !within(on.invited, a.rights)) {
		on.state, on.roles = access.Active, granted
	}
}

func (l *life) reject(rt *rapid.T) {
	a, on := l.draw(rt)
	err := l.Reject(l.ctx, a.by, on.target(), "no", false)
	if a.judge(rt, "reject", on, err, access.May(access.Decide, access.ResMembers), on.state == access.Pending, !within(on.invited, a.rights)) {
		on.end()
	}
}

var mayChange = access.May(access.Change, access.ResMembers)

func (l *life) changeRoles(rt *rapid.T) {
	a, on := l.draw(rt)
	roles := l.drawRoles(rt)
	_, err := l.ChangeAccess(l.ctx, a.by, on.target(), roles)
	if a.judge(rt, "change roles", on, err, mayChange, on.id != "", !within(roles, a.rights) || !within(on.roles, a.rights)) {
		on.roles = roles
		if on.state == access.Pending {
			on.invited = roles
		}
	}
}

func (l *life) suspend(rt *rapid.T) {
	a, on := l.draw(rt)
	_, err := l.Suspend(l.ctx, a.by, on.target())
	if a.judge(rt, "suspend", on, err, mayChange, on.state == access.Active, !within(on.roles, a.rights)) {
		on.state = access.Suspended
		spend(on.sessions)
		spend(on.links)
	}
}

func (l *life) restore(rt *rapid.T) {
	a, on := l.draw(rt)
	_, err := l.Restore(l.ctx, a.by, on.target())
	if a.judge(rt, "restore", on, err, mayChange, on.state == access.Suspended, !within(on.roles, a.rights)) {
		on.state = access.Active
	}
}

func (l *life) remove(rt *rapid.T) {
	a, on := l.draw(rt)
	err := l.Remove(l.ctx, a.by, on.target())
	if a.judge(rt, "remove", on, err, mayChange, on.id != "", !within(on.roles, a.rights)) {
		on.end()
	}
}

func (l *life) signOut(rt *rapid.T) {
	on := l.souls[rapid.IntRange(0, len(l.souls)-1).Draw(rt, "on")]
	if len(on.sessions) == 0 || on.id == "" {
		return
	}
	s := on.sessions[rapid.IntRange(0, len(on.sessions)-1).Draw(rt, "session")]
	if err := l.SignOut(l.ctx, access.By{Member: on.id, Via: access.ViaDoor}, s.secret); err == nil {
		s.spent = true
	}
}

// useToken uses the operator's token, which opens what the role Fleet does.
func (l *life) useToken(rt *rapid.T) {
	p, err := l.WhoToken(l.ctx, l.token)
	if now := l.clock.now(); err != nil && now.Before(noon.Add(299*24*time.Hour)) {
		rt.Fatalf("the token: %v", err)
	} else if err != nil {
		return
	}
	for _, g := range access.Grantable() {
		if allowed := p.May(g) == nil; allowed != rightsOf([]access.RoleName{access.Fleet})[g] {
			rt.Fatalf("the token may %s: %v", g, allowed)
		}
	}
}

// timePasses moves the clock, never further than a machine's may jump, and does
// what has fallen due.
func (l *life) timePasses(rt *rapid.T) {
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 8, 40}).Draw(rt, "times") {
		l.clock.forward(rapid.SampledFrom([]time.Duration{time.Minute, 20 * time.Minute, 19 * time.Hour}).Draw(rt, "how long"))
		_, err := l.Sweep(l.ctx)
		l.must(rt, err)
	}
	for _, s := range l.souls { // whom nobody decides is removed after 30 days
		if s.state == access.Pending {
			if _, err := l.Member(l.ctx, access.Operator, s.id); access.Explain(err).Kind == access.NotFound || err != nil && access.Conflict.Is(err) {
				s.end()
			}
		}
	}
}

func (l *life) restart(rt *rapid.T) { l.openDesk(rt) }

// invariants are the rules that hold everywhere, looked at after every step.
func (l *life) invariants(rt *rapid.T) {
	admins := 0
	for _, s := range l.souls {
		l.asModelled(rt, s)
		if s.state == access.Active && slices.Contains(s.roles, access.Admin) {
			admins++
		}
		for _, o := range s.sessions {
			l.session(rt, s, o)
		}
	}
	if admins == 0 {
		rt.Fatalf("no active Admin is left")
	}
	if _, err := l.VerifyAudit(l.ctx, access.Operator); err != nil {
		rt.Fatalf("the audit log: %v", err)
	}
	if _, err := l.store.Verify(l.ctx); err != nil { // counters and indexes are those of a scan
		rt.Fatalf("the store: %v", err)
	}
	l.nothingLeft(rt)
}

// asModelled holds the member that is kept to the one that ought to be.
func (l *life) asModelled(rt *rapid.T, s *soul) {
	var m access.Member
	err := l.store.View(l.ctx, func(tx *store.Tx) (err error) { m, err = tx.MemberByAddress(s.email); return err })
	if access.NotFound.Is(err) && s.id == "" {
		return
	}
	if err != nil || m.ID != s.id || m.State != s.state || !slices.Equal(sorted(m.Roles), sorted(s.roles)) {
		rt.Fatalf("%s is kept as %s %s %v (%v), and ought to be %s %s %v", s.email, m.ID, m.State, m.Roles, err, s.id, s.state, s.roles)
	}
}

func sorted(roles []access.RoleName) []access.RoleName {
	roles = slices.Clone(roles)
	slices.Sort(roles)
	return roles
}

// session holds what a session may do now to its member's state and roles: a
// spent one opens nothing, a pending one nothing but the wait.
func (l *life) session(rt *rapid.T, s *soul, o *opener) {
	p, err := l.Who(l.ctx, o.secret)
	if err != nil {
		if fresh := l.clock.now().Before(o.made.Add(20 * time.Minute)); !o.spent && fresh && s.id != "" && s.state != access.Suspended && l.openSessions(s) <= 15 {
			rt.Fatalf("a session of %s (%s) that was opened at %s: %v", s.email, s.state, o.made, err)
		}
		return
	}
	if o.spent || s.id == "" || p.Member.ID != s.id || s.state == access.Suspended {
		rt.Fatalf("a session of %s (%s) opens: spent %v", s.email, s.state, o.spent)
	}
	rights := rightsOf(s.roles)
	for _, g := range access.Grantable() {
		if allowed := p.May(g) == nil; allowed != (s.state == access.Active && rights[g]) {
			rt.Fatalf("%s (%s, %v) may %s: %v", s.email, s.state, s.roles, g, allowed)
		}
	}
	if waits := p.May(access.May(access.Wait, access.ResDoor)) == nil; s.state == access.Pending && !waits {
		rt.Fatalf("%s waits, and may not", s.email)
	}
}

func (l *life) openSessions(s *soul) (n int) {
	for _, o := range s.sessions {
		if !o.spent {
			n++
		}
	}
	return n
}

// nothingLeft holds what is kept to this: of an address that was deleted nothing is.
// What a browser asked for before there was such a member is the browser's: it has
// the address for as long as a sign-in email is good. What is more than one
// transaction holds is deleted by the sweeper, which has it at once.
func (l *life) nothingLeft(rt *rapid.T) {
	_, err := l.Sweep(l.ctx)
	l.must(rt, err)
	l.must(rt, l.store.Each(l.ctx, func(key, value []byte) error {
		if strings.HasPrefix(string(key), "b/") {
			return nil
		}
		for _, s := range l.souls {
			if s.deleted && (strings.Contains(string(key), s.email) || strings.Contains(string(value), s.email)) {
				rt.Fatalf("of %s, who was deleted, there is still %q", s.email, key)
			}
		}
		return nil
	}))
}
