package access

import "time"

// A MessageKind says why an email is written.
type MessageKind string

const (
	InvitationMessage   MessageKind = "invitation"   // to the invited person, with the login link
	SignInMessage       MessageKind = "sign_in"      // to a member who asked, with a link and a code
	ConfirmationMessage MessageKind = "confirmation" // to a member who is to confirm a session, with a code
	ApprovedMessage     MessageKind = "approved"     // to the member, once let in
	RejectedMessage     MessageKind = "rejected"     // to the person turned away, only when the Admin asks for it
	ReceivedMessage     MessageKind = "received"     // to the invited person, once the address is proved
	RequestsMessage     MessageKind = "waiting"      // to Admins: somebody is waiting
	ExpiringMessage     MessageKind = "expiring"     // to the invited person, a day before the invitation ends
	UndecidedMessage    MessageKind = "abandoned"    // to Admins: nobody decided for 30 days, the account is gone
	TestMessage         MessageKind = "test"         // to an Admin who wants to know whether mail works
)

// HoldsSecret reports whether emails of this kind carry a link or a code, so
// that their words are wiped as soon as they are sent, expired or dead.
func (k MessageKind) HoldsSecret() bool {
	return k == InvitationMessage || k == SignInMessage || k == ConfirmationMessage || k == ExpiringMessage
}

// A Priority says how soon an email goes: those of a lower class first, and of one
// class the oldest first. No email may keep back one that somebody waits for.
type Priority int

const (
	PriorityAwaited Priority = iota + 1 // somebody sits and waits, in a browser that is known here
	// somebody waits, or a stranger pretends to: strangers can cause as many as the limits let
	PriorityRequested
	PriorityDecision   // what was decided about one person, or has become of their request
	PriorityInvitation // invitations, which come by the thousand
	PriorityDigest     // reminders and digests
	lastPriority
)

// Priorities are all classes, the most urgent first.
func Priorities() []Priority {
	all := make([]Priority, 0, lastPriority-1)
	for c := PriorityAwaited; c < lastPriority; c++ {
		all = append(all, c)
	}
	return all
}

var priorities = map[MessageKind]Priority{
	TestMessage:         PriorityAwaited,
	ConfirmationMessage: PriorityAwaited,
	SignInMessage:       PriorityRequested, // Awaited, where a browser asks that is known
	ApprovedMessage:     PriorityDecision,
	RejectedMessage:     PriorityDecision,
	ReceivedMessage:     PriorityDecision,
	InvitationMessage:   PriorityInvitation, // PriorityRequested, where the invited person asks again
	RequestsMessage:     PriorityDigest,
	ExpiringMessage:     PriorityDigest,
	UndecidedMessage:    PriorityDigest,
}

// Priority is how soon emails of this kind go; zero for a kind that nobody has
// classified, which no email may be of.
func (k MessageKind) Priority() Priority { return priorities[k] }

// A MessageState is what is known of an email's way, and never more than that.
type MessageState string

const (
	MessageQueued   MessageState = "queued"   // waiting for its turn
	MessageSent     MessageState = "sent"     // accepted by the mail server
	MessageRetrying MessageState = "retrying" // refused or not reached for now; NextTry says when again
	MessageFailed   MessageState = "failed"   // refused for good, or its time ran out
	MessageHeld     MessageState = "held"     // no mail server is configured; it can be read here
)

// UnmarshalText reads a state as it is kept. A held message was called kept once,
// and a store of that time still says so.
func (s *MessageState) UnmarshalText(text []byte) error {
	if *s = MessageState(text); *s == "kept" {
		*s = MessageHeld
	}
	return nil
}

// A Message is mail in the outbox, written in the transaction that caused it.
// The facts that it tells are kept apart, sealed, until it is done with.
type Message struct {
	ID              MessageID    `json:"id"`
	Kind            MessageKind  `json:"kind"`
	Member          MemberID     `json:"member,omitempty"` // whose it is, and with whom it is deleted
	Recipient       string       `json:"to"`               // canonical address, the only recipient
	Subject         string       `json:"subject"`
	HeaderMessageID string       `json:"message_id"` // without angle brackets; fixed when queued, the same at each try
	State           MessageState `json:"state"`
	// the mail server's own words, or ours when it was not reached
	Detail    string    `json:"detail,omitempty"`
	At        time.Time `json:"at"` // when State became what it is
	QueuedAt  time.Time `json:"queued_at"`
	NextTry   time.Time `json:"next_try,omitzero"`
	ExpiresAt time.Time `json:"good_until,omitzero"` // when what it says ends; zero: never
	Attempts  int       `json:"attempts,omitempty"`
	Lease     Lease     `json:"lease,omitzero"`
	Priority  Priority  `json:"class,omitempty"` // zero: written before there were classes
}

// A Lease is one worker's claim on an email: while it holds, nobody else sends
// it. Epoch rises with each claim and is compared in each write, so that a
// worker that slept through its lease cannot overrule the next.
type Lease struct {
	Owner string    `json:"owner,omitempty"`
	Epoch int64     `json:"epoch,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

// MessageFacts are what an email tells of: each kind takes what it needs of them. They
// are kept sealed in place of the email, which is rendered when it is sent or shown,
// and wiped with the secrets in them.
type MessageFacts struct {
	Workspace string `json:"workspace,omitempty"` // its name
	PublicURL string `json:"url,omitempty"`       // where links lead
	To        string `json:"to,omitempty"`        // the recipient's address, as typed
	ToName    string `json:"to_name,omitempty"`   // may be empty

	Inviter      string     `json:"inviter,omitempty"`       // name, or address, or what it was
	InviterEmail string     `json:"inviter_email,omitempty"` // empty for the operator and for programs
	Roles        []RoleName `json:"roles,omitempty"`
	Note         string     `json:"note,omitempty"`   // the inviting Admin's
	Reason       string     `json:"reason,omitempty"` // the rejecting Admin's

	Link   string `json:"link,omitempty"`   // the login link, in emails that hold one
	Code   string `json:"code,omitempty"`   // eight letters and digits in two groups, in emails that hold one
	Device string `json:"device,omitempty"` // what the browser that asked for a sign-in calls itself

	At    time.Time `json:"at,omitzero"`    // when the email was queued
	Until time.Time `json:"until,omitzero"` // how long the link is good, and the code

	CodeUntil time.Time `json:"code_until,omitzero"` // how long the code is good, where that is shorter
	CodesOff  time.Time `json:"codes_off,omitzero"`  // no code opens before then: wrong ones were tried
	NextAt    time.Time `json:"next_at,omitzero"`    // no other sign-in email can be asked for before then

	Pending []PendingPerson `json:"pending,omitempty"` // whom an email to Admins is about

	Rendered *MessageBody `json:"rendered,omitempty"` // the whole email, where an older version kept that
}

// A PendingPerson waits for a decision, or did so until nobody had decided.
type PendingPerson struct {
	Name  string     `json:"name,omitempty"`
	Email string     `json:"email,omitempty"`
	Roles []RoleName `json:"roles,omitempty"`
	Since time.Time  `json:"since,omitzero"`
}

// MessageBody is what an email says, as it is sent and shown.
type MessageBody struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// backoff is how long an email waits after its first, second, … failed try.
var backoff = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

// Done reports whether nothing more will happen to the email by itself.
func (l *Message) Done() bool { return l.State == MessageSent || l.State == MessageFailed }

// Sent records that the mail server accepted the email.
func (l *Message) Sent(words string, now time.Time) {
	l.State, l.Detail, l.At, l.NextTry, l.Lease = MessageSent, words, now, time.Time{}, Lease{Epoch: l.Lease.Epoch}
}

// Failed records that the email will not be tried again.
func (l *Message) Failed(words string, now time.Time) {
	l.State, l.Detail, l.At, l.NextTry, l.Lease = MessageFailed, words, now, time.Time{}, Lease{Epoch: l.Lease.Epoch}
}

// Retry counts a failed try and says when the next one is due, spread by
// jitter, a number from 0 up to 1. An email whose words would have expired by
// then fails instead.
func (l *Message) Retry(words string, jitter float64, now time.Time) {
	wait := backoff[min(l.Attempts, len(backoff)-1)]
	l.Attempts++
	next := now.Add(wait + time.Duration(jitter*float64(wait)/2))
	if !l.ExpiresAt.IsZero() && !next.Before(l.ExpiresAt) {
		l.Failed(words, now)
		return
	}
	l.State, l.Detail, l.At, l.NextTry, l.Lease = MessageRetrying, words, now, next, Lease{Epoch: l.Lease.Epoch}
}

// Requeue makes an email due at once, as an Admin asks who has mended what was
// wrong. An email that was sent, or whose words are gone, cannot be sent again.
func (l *Message) Requeue(now time.Time) error {
	switch {
	case l.State == MessageSent:
		return Errorf(Conflict, "This letter was sent already. To send another, use resend on the member.").
			WithCode("already_sent")
	case l.State == MessageFailed && l.Kind.HoldsSecret():
		return Errorf(Conflict,
			"The link in this letter was wiped when it failed. Use resend on the member: it makes a new one.").
			WithCode("letter_gone")
	case !l.ExpiresAt.IsZero() && !now.Before(l.ExpiresAt):
		return Errorf(Conflict, "What this letter says has expired. Send a new one.").WithCode("letter_expired")
	}
	l.State, l.NextTry, l.At = MessageQueued, now, now
	return nil
}
