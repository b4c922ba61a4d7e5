package api

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/text"

	"github.com/danielgtaylor/huma/v2"
)

// The objects of the API, as section "The contract" of the design has them.
// What is not known is absent.

// A MemberJSON is a member.
type MemberJSON struct {
	ID                string        `json:"id" doc:"Stable; has no meaning." example:"mfrggzdfmztwq2lknnwg23tpoa"`
	Email             string        `json:"email" doc:"As it was entered." example:"Ada@Example.com"`
	EmailCanonical    string        `json:"email_canonical,omitempty" doc:"The normalized address, if it differs." example:"ada@example.com"`
	Name              string        `json:"name,omitempty" example:"Ada Lovelace"`
	Language          string        `json:"language,omitempty" doc:"Of their emails; absent: English." example:"de"`
	State             string        `json:"state" enum:"pending,active,suspended" example:"pending"`
	Roles             []string      `json:"roles" doc:"Of a pending member: the requested roles." example:"Fleet"`
	InvitedBy         string        `json:"invited_by,omitempty" doc:"Absent of the first Admin, like decided_by and decided_at." example:"grace@example.com"`
	InvitedByName     string        `json:"invited_by_name,omitempty" doc:"The name of that member, if they have one." example:"Grace Hopper"`
	InvitedAt         time.Time     `json:"invited_at,omitzero" doc:"Of the first Admin: when they set the workspace up."`
	InvitationNote    string        `json:"invitation_note,omitempty" doc:"From the Admin who invited, included in the email."`
	ExpiresAt         time.Time     `json:"expires_at,omitzero" doc:"When the invitation expires; absent once it was accepted."`
	InvitationExpired bool          `json:"invitation_expired,omitempty" doc:"The invitation expired before it was accepted."`
	EndsAt            time.Time     `json:"ends_at,omitzero" doc:"When the pending account is removed if no one decides on it."`
	AcceptedAt        time.Time     `json:"accepted_at,omitzero" doc:"When they accepted the invitation, with any link."`
	EmailVerifiedAt   time.Time     `json:"email_verified_at,omitzero" doc:"When they first used a link or code that was emailed to the address. Absent until then: see link_handed_over_by."`
	LinkHandedOverBy  string        `json:"link_handed_over_by,omitempty" doc:"Who shared the link with which they accepted. It was not emailed, so the address is not verified. Absent once they sign in with an emailed link or code." example:"grace@example.com"`
	LinkHandedByName  string        `json:"link_handed_over_by_name,omitempty" doc:"The name of that member, if they have one." example:"Grace Hopper"`
	InviterMayNot     bool          `json:"inviter_may_not,omitempty" doc:"The person who invited them can no longer grant these roles: choose roles to approve with."`
	DecidedBy         string        `json:"decided_by,omitempty" example:"grace@example.com"`
	DecidedByName     string        `json:"decided_by_name,omitempty" doc:"The name of that member, if they have one." example:"Grace Hopper"`
	DecidedAt         time.Time     `json:"decided_at,omitzero"`
	LastSignInAt      time.Time     `json:"last_sign_in_at,omitzero"`
	Note              string        `json:"note,omitempty" doc:"Their message to the administrators." example:"I am the new pilot."`
	InternalNote      string        `json:"internal_note,omitempty" doc:"What Admins wrote about the member for each other. Only in GET /members/{id}, for who may change members, and never about oneself."`
	Delivery          *deliveryJSON `json:"delivery,omitempty" doc:"The delivery of the last invitation or sign-in email."`
	UndoUntil         time.Time     `json:"undo_until,omitzero" doc:"Until when the last change can be undone, by the person who made it."`
}

type deliveryJSON struct {
	State   string    `json:"state" enum:"queued,sent,retrying,failed,held,withdrawn" doc:"sent: accepted by the mail server; held: no mail server is set up; withdrawn: its link no longer works, and it is not sent." example:"sent"`
	Detail  string    `json:"detail,omitempty" doc:"The mail server's own words." example:"250 2.0.0 Ok: queued"`
	At      time.Time `json:"at"`
	NextTry time.Time `json:"next_try,omitzero"`
}

func memberOf(c service.MemberView) MemberJSON {
	m := MemberJSON{
		ID:               string(c.ID),
		Email:            c.Email.Typed,
		Name:             c.Name,
		Language:         string(c.Language),
		State:            string(c.State),
		Roles:            text.Strings(c.Roles),
		InvitedBy:        c.InvitedBy,
		InvitedByName:    c.InvitedByName,
		InvitedAt:        c.Invitation.At,
		InvitationNote:   c.Invitation.Note,
		AcceptedAt:       c.JoinedAt(),
		EmailVerifiedAt:  c.EmailVerifiedAt,
		LinkHandedOverBy: c.HandedOver,
		LinkHandedByName: c.HandedOverName,
		InviterMayNot:    c.InviterLacks,
		DecidedBy:        c.DecidedBy,
		DecidedByName:    c.DecidedByName,
		DecidedAt:        c.Decision.At,
		LastSignInAt:     c.LastSignIn,
		Note:             c.Note,
		InternalNote:     c.AdminsNote,
		UndoUntil:        c.UndoUntil,
	}
	if c.Email.Canonical != c.Email.Typed {
		m.EmailCanonical = c.Email.Canonical
	}
	if c.State == access.Pending {
		m.EndsAt = c.RemovedAt()
		if c.JoinedAt().IsZero() {
			m.ExpiresAt, m.InvitationExpired = c.Invitation.ExpiresAt, c.Invitation.Expired
		}
	}
	if msg := c.Delivery; msg != nil {
		m.Delivery = &deliveryJSON{State: string(msg.State), Detail: msg.Detail, At: msg.At, NextTry: msg.NextTry}
	}
	return m
}

// A MemberListJSON is a page of members.
type MemberListJSON struct {
	Items        []MemberJSON `json:"items"`
	Next         string       `json:"next,omitempty" doc:"The cursor of the next page; absent on the last one."`
	Total        int          `json:"total" example:"42"`
	TotalIsFloor bool         `json:"total_is_floor,omitempty" doc:"total is a lower bound: counting stopped at 1,000."`

	OnlyBeginnings bool `json:"only_beginnings,omitempty" doc:"The search by any part is not ready yet: total counts, and the first items are, those with a word that begins with the search text. The following pages have the others; so does the same search a few seconds later."`
}

func listOf(p service.MemberPage) MemberListJSON {
	return MemberListJSON{
		Items:          membersOf(p.Items),
		Next:           p.Next,
		Total:          p.Total,
		TotalIsFloor:   p.TotalIsFloor,
		OnlyBeginnings: p.OnlyBeginnings,
	}
}

func membersOf(cards []service.MemberView) []MemberJSON {
	items := make([]MemberJSON, len(cards))
	for i, c := range cards {
		items[i] = memberOf(c)
	}
	return items
}

type rejectionJSON struct {
	At time.Time `json:"at"`
	By string    `json:"by" doc:"Who rejected them: the id of a member, or another kind of actor." example:"the operator"`
}

// actorName names an actor without reading the store.
func actorName(actor access.Actor) string {
	switch {
	case actor.Member != "":
		return string(actor.Member)
	case actor.Token != "":
		return "an API token"
	case actor.IsSystem():
		return "Doorward"
	}
	return "the operator"
}

// A MessageJSON is an email in the outbox, without its body.
type MessageJSON struct {
	ID        string    `json:"id" example:"mfrggzdfmztwq2lknnwg23tpoa"`
	Kind      string    `json:"kind" enum:"invitation,sign_in,confirmation,approved,rejected,received,waiting,expiring,abandoned,test" example:"invitation"`
	Member    string    `json:"member,omitempty" doc:"The id of the member whom it is about."`
	To        string    `json:"to" example:"ada@example.com"`
	Subject   string    `json:"subject" example:"You are invited to AI Loop"`
	MessageID string    `json:"message_id" doc:"The same on every try."`
	State     string    `json:"state" enum:"queued,sent,retrying,failed,held,withdrawn" example:"retrying"`
	Detail    string    `json:"detail,omitempty" doc:"The mail server's own words."`
	At        time.Time `json:"at" doc:"Since when it has been in this state."`
	QueuedAt  time.Time `json:"queued_at"`
	NextTry   time.Time `json:"next_try,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Attempts  int       `json:"attempts,omitempty"`
	HasBody   bool      `json:"has_body" doc:"Its content is still stored. It is deleted after sending and withdrawing; a link or code also after a failure."`
}

func messageOf(m access.Message) MessageJSON {
	return MessageJSON{
		ID:        string(m.ID),
		Kind:      string(m.Kind),
		Member:    string(m.Member),
		To:        m.Recipient,
		Subject:   m.Subject,
		MessageID: m.HeaderMessageID,
		State:     string(m.State),
		Detail:    m.Detail,
		At:        m.At,
		QueuedAt:  m.QueuedAt,
		NextTry:   m.NextTry,
		HasBody:   m.HasBody(),
		ExpiresAt: m.ExpiresAt,
		Attempts:  m.Attempts,
	}
}

// A messageBodyJSON is an email with its body, as far as that may be shown.
type messageBodyJSON struct {
	MessageJSON
	Text     string `json:"text,omitempty"`
	HTML     string `json:"html,omitempty"`
	Redacted bool   `json:"redacted,omitempty" doc:"A login link or code was left out of the content."`
	Withheld string `json:"withheld,omitempty" doc:"Why the content is not here."`
}

type auditJSON struct {
	Seq        uint64     `json:"seq" example:"17"`
	At         time.Time  `json:"at"`
	Actor      string     `json:"actor" doc:"Their address while they are a member; otherwise their id." example:"grace@example.com"`
	ActorName  string     `json:"actor_name,omitempty" doc:"The name of that member, if they have one." example:"Grace Hopper"`
	ActorID    string     `json:"actor_id,omitempty"`
	Token      string     `json:"token,omitempty" doc:"The id of the API token that was used."`
	Source     string     `json:"source" enum:"console,desktop,cli,api,portal,system" example:"console"`
	From       string     `json:"from,omitempty" doc:"Their network address." example:"192.0.2.7"`
	Action     actionName `json:"action" example:"approved"`
	Target     string     `json:"target,omitempty" doc:"A member's address while they are a member; otherwise an id or a name." example:"ada@example.com"`
	TargetName string     `json:"target_name,omitempty" doc:"The name of that member, if they have one." example:"Ada Lovelace"`
	TargetID   string     `json:"target_id,omitempty"`
	Detail     string     `json:"detail,omitempty" example:"Fleet"`
	Machine    string     `json:"machine,omitempty" doc:"Where several machines keep the data: on which one the operator gave the command, or which one did it by itself." example:"one"`
	Prev       string     `json:"prev" doc:"The hash of the previous entry."`
	Hash       string     `json:"hash" doc:"Covers the entry and prev."`
}

// An actionName is the name of an audit action. The OpenAPI document lists them all
// with their phrases: whoever shows entries takes the words from there.
type actionName string

// Schema is the type in the OpenAPI document.
func (actionName) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Extensions: map[string]any{}}
	phrases := map[string]string{}
	for _, a := range access.AuditActions() {
		s.Enum = append(s.Enum, a.Name())
		phrases[a.Name()] = a.Phrase()
	}
	s.Description = "What was done. x-phrases has the words that stand between the actor and the target."
	s.Extensions["x-phrases"] = phrases
	return s
}

func auditOf(lines []service.AuditLine) []auditJSON {
	items := make([]auditJSON, len(lines))
	for i, l := range lines {
		items[i] = auditJSON{
			Seq:        l.Seq,
			At:         l.At,
			Actor:      l.ActorName,
			ActorName:  l.ActorCalled,
			TargetName: l.TargetCalled,
			ActorID:    string(l.Actor.Member),
			Token:      string(l.Actor.Token),
			Source:     l.Actor.Source.Name(),
			From:       l.Actor.From,
			Action:     actionName(l.Action.Name()),
			Target:     cmp.Or(l.TargetName, l.Target),
			Detail:     l.Detail,
			Machine:    l.Machine,
			Prev:       l.Prev,
			Hash:       l.Hash,
		}
		if l.TargetName != "" {
			items[i].TargetID = l.Target
		}
	}
	return items
}

// permissionPhrases writes permissions as the API does: "open ailoop/flows". Those about
// applications are left out while nothing can be connected: a role may hold them, but
// no Admin has to decide about what is not there.
func permissionPhrases(all []access.Permission) []string {
	out := make([]string, 0, len(all))
	for _, p := range all {
		if p.Resource != access.ResApplications {
			out = append(out, p.String())
		}
	}
	return out
}

// parsePermissions reads what permissionPhrases writes. Unknown permissions are
// left for access.CheckRole to refuse.
func parsePermissions(texts []string) []access.Permission {
	out := make([]access.Permission, len(texts))
	for i, w := range texts {
		action, resource, _ := strings.Cut(strings.Clone(w), " ")
		out[i] = access.May(access.Action(action), access.Resource(resource))
	}
	return out
}

// roleNames converts the names. The service checks that the roles exist.
func roleNames(texts []string) []access.RoleName {
	out := make([]access.RoleName, len(texts))
	for i, w := range texts {
		out[i] = access.RoleName(strings.Clone(strings.TrimSpace(w)))
	}
	return out
}

var units = map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}

// parseLasts parses a duration: 7d, 36h or 90m. Empty is zero.
func parseLasts(field, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	lasts, err := readLasts(s)
	if err != nil {
		return 0, access.Errorf(access.Invalid, "Enter a number followed by d, h or m, such as 7d, 36h or 90m.").
			On(field).WithCode("bad_duration")
	}
	return lasts, nil
}

// readLasts reads what parseLasts parses. A number that is 0, or too large to be counted, is
// strconv.ErrRange.
func readLasts(s string) (time.Duration, error) {
	var unit time.Duration
	if s != "" {
		unit = units[s[len(s)-1]]
	}
	if unit == 0 {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 20)
	if err == nil && (n == 0 || n > uint64(math.MaxInt64/unit)) {
		err = strconv.ErrRange
	}
	return time.Duration(n) * unit, err
}

// lifetimeText writes what parseLasts parses.
func lifetimeText(d time.Duration) string {
	for _, unit := range []byte("dhm") {
		if u := units[unit]; d%u == 0 {
			return strconv.FormatInt(int64(d/u), 10) + string(unit)
		}
	}
	return d.String()
}
