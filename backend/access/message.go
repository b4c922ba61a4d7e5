package access

import "time"

// A MessageKind says why an email is sent.
type MessageKind string

const (
	InvitationMessage   MessageKind = "invitation"   // to the invited person, with the login link
	SignInMessage       MessageKind = "sign_in"      // to a member who asked, with a link and a code
	ConfirmationMessage MessageKind = "confirmation" // to a member who is to confirm a session, with a code
	ApprovedMessage     MessageKind = "approved"     // to the member, once approved
	RejectedMessage     MessageKind = "rejected"     // to the rejected person, only if the Admin asks for it
	ReceivedMessage     MessageKind = "received"     // to the invited person, once the address is verified
	RequestsMessage     MessageKind = "waiting"      // to Admins: somebody is waiting for a decision
	ExpiringMessage     MessageKind = "expiring"     // to the invited person, a day before the invitation expires
	UndecidedMessage    MessageKind = "abandoned"    // to Admins: nobody decided for long, the account was removed
	TestMessage         MessageKind = "test"         // to an Admin who wants to know whether mail works
)

// HoldsSecret reports whether emails of this kind contain a link or a code. Their content
// is wiped as soon as they are sent, have expired or have failed.
func (k MessageKind) HoldsSecret() bool {
	return k == InvitationMessage || k == SignInMessage || k == ConfirmationMessage || k == ExpiringMessage
}

// A Priority says how soon an email is sent: lower numbers first, and within one priority
// the oldest first. No email may delay one that somebody is waiting for.
type Priority int

const (
	PriorityAwaited Priority = iota + 1 // somebody is waiting, in a browser that we know
	// somebody is waiting, or a stranger pretends to: strangers can cause as many as the
	// limits allow
	PriorityRequested
	PriorityDecision   // the decision about one person, or news of their request
	PriorityInvitation // invitations, which come in thousands
	PriorityDigest     // reminders and digests
	lastPriority
)

// Priorities are all priorities, the most urgent first.
func Priorities() []Priority {
	all := make([]Priority, 0, lastPriority-1)
	for c := PriorityAwaited; c < lastPriority; c++ {
		all = append(all, c)
	}
	return all
}

// IsAwaited reports whether somebody is waiting for emails of this priority, or may be.
func (p Priority) IsAwaited() bool { return p == PriorityAwaited || p == PriorityRequested }

var priorities = map[MessageKind]Priority{
	TestMessage:         PriorityAwaited,
	ConfirmationMessage: PriorityAwaited,
	SignInMessage:       PriorityRequested, // PriorityAwaited if a known browser asks
	ApprovedMessage:     PriorityDecision,
	RejectedMessage:     PriorityDecision,
	ReceivedMessage:     PriorityDecision,
	InvitationMessage:   PriorityInvitation, // PriorityRequested if the invited person asks again
	RequestsMessage:     PriorityDigest,
	ExpiringMessage:     PriorityDigest,
	UndecidedMessage:    PriorityDigest,
}

// Priority is the priority of emails of this kind; zero for a kind that has none, which no
// email may be of.
func (k MessageKind) Priority() Priority { return priorities[k] }

// A MessageState is what is known about the delivery of an email, and never more than that.
type MessageState string

const (
	MessageQueued   MessageState = "queued"   // waiting for its turn
	MessageSent     MessageState = "sent"     // accepted by the mail server
	MessageRetrying MessageState = "retrying" // refused or not reached for now; NextTry is the time of the next attempt
	MessageFailed   MessageState = "failed"   // refused for good, or expired
	MessageHeld     MessageState = "held"     // no mail server is configured; it can be read here
	// not sent, and never will be, because its link does not work any more
	MessageWithdrawn MessageState = "withdrawn"
)

// UnmarshalText reads a stored state. The state held used to be called kept, and stores of
// that time still contain that name.
func (s *MessageState) UnmarshalText(text []byte) error {
	if *s = MessageState(text); *s == "kept" {
		*s = MessageHeld
	}
	return nil
}

// A Message is an email in the outbox, written in the transaction that caused it. Its facts
// are stored separately, sealed, until it is sent or has failed.
type Message struct {
	ID              MessageID    `json:"id"`
	Kind            MessageKind  `json:"kind"`
	Member          MemberID     `json:"member,omitempty"` // the member it belongs to and is deleted with
	Recipient       string       `json:"to"`               // canonical address, the only recipient
	Subject         string       `json:"subject"`
	HeaderMessageID string       `json:"message_id"` // no angle brackets; the same for every attempt
	State           MessageState `json:"state"`
	// the mail server's reply, or our own sentence if it was not reached
	Detail    string    `json:"detail,omitempty"`
	At        time.Time `json:"at"` // when State last changed
	QueuedAt  time.Time `json:"queued_at"`
	NextTry   time.Time `json:"next_try,omitzero"`
	ExpiresAt time.Time `json:"good_until,omitzero"` // when its content expires; zero: never
	Attempts  int       `json:"attempts,omitempty"`
	Lease     Lease     `json:"lease,omitzero"`
	Priority  Priority  `json:"class,omitempty"` // zero: written before there were priorities
}

// A Lease is one worker's claim on an email: while it is valid, no other worker sends the
// email. Epoch increases with each claim and is compared on each write, so a worker that
// slept through its lease cannot overrule the next one.
type Lease struct {
	Owner string    `json:"owner,omitempty"`
	Epoch int64     `json:"epoch,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

// MessageFacts are the facts from which an email is written; each kind uses those that it
// needs. They are stored sealed, in place of the email, which is rendered only when it is
// sent or shown. Secrets in them are wiped with them.
type MessageFacts struct {
	Workspace string `json:"workspace,omitempty"` // its name
	PublicURL string `json:"url,omitempty"`       // where links lead
	To        string `json:"to,omitempty"`        // the recipient's address, as typed
	ToName    string `json:"to_name,omitempty"`   // may be empty

	Language Language `json:"language,omitempty"` // the recipient's; empty: English

	Inviter      string     `json:"inviter,omitempty"`       // name, else address, else what it was
	InviterEmail string     `json:"inviter_email,omitempty"` // empty for the operator and for programs
	Roles        []RoleName `json:"roles,omitempty"`
	Note         string     `json:"note,omitempty"`   // the inviting Admin's
	Reason       string     `json:"reason,omitempty"` // the rejecting Admin's

	Link   string `json:"link,omitempty"`   // the login link, in emails that hold one
	Code   string `json:"code,omitempty"`   // eight letters and digits in two groups, in emails that hold one
	Device string `json:"device,omitempty"` // what the browser that asked for a sign-in calls itself

	At    time.Time `json:"at,omitzero"`    // when the email was queued
	Until time.Time `json:"until,omitzero"` // when the link and the code expire

	CodeUntil time.Time `json:"code_until,omitzero"` // when the code expires, if earlier
	CodesOff  time.Time `json:"codes_off,omitzero"`  // no code is accepted before this time, because of wrong ones
	NextAt    time.Time `json:"next_at,omitzero"`    // no other sign-in email can be requested before this time

	Pending []PendingPerson `json:"pending,omitempty"` // the people that an email to Admins is about
	Waited  Duration        `json:"waited,omitempty"`  // how long they waited before they were removed

	Rendered *MessageBody `json:"rendered,omitempty"` // the whole email, if an older version stored it rendered
}

// A PendingPerson waits for a decision, or did until the time was over.
type PendingPerson struct {
	Name  string     `json:"name,omitempty"`
	Email string     `json:"email,omitempty"`
	Roles []RoleName `json:"roles,omitempty"`
	Since time.Time  `json:"since,omitzero"`
}

// MessageBody is an email's content, as it is sent and shown.
type MessageBody struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// backoff is the wait after the first, second, … failed attempt.
var backoff = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

// Done reports whether nothing more happens to the email automatically.
func (m *Message) Done() bool {
	return m.State == MessageSent || m.State == MessageFailed || m.State == MessageWithdrawn
}

// HasBody reports whether the email's content is still stored.
func (m *Message) HasBody() bool {
	return m.State != MessageSent && m.State != MessageWithdrawn &&
		!(m.State == MessageFailed && m.Kind.HoldsSecret())
}

// Sent records that the mail server accepted the email.
func (m *Message) Sent(detail string, now time.Time) {
	m.State, m.Detail, m.At, m.NextTry, m.Lease = MessageSent, detail, now, time.Time{}, Lease{Epoch: m.Lease.Epoch}
}

// Failed records that the email will not be tried again.
func (m *Message) Failed(detail string, now time.Time) {
	m.State, m.Detail, m.At, m.NextTry, m.Lease = MessageFailed, detail, now, time.Time{}, Lease{Epoch: m.Lease.Epoch}
}

// Withdraw records that the email is not sent after all, and why.
func (m *Message) Withdraw(why string, now time.Time) {
	m.State, m.Detail, m.At, m.NextTry, m.Lease = MessageWithdrawn, why, now, time.Time{}, Lease{Epoch: m.Lease.Epoch}
}

// Why emails are withdrawn.
const (
	WithdrawnForCopy      = "A new link was copied, so the link in this email no longer works."
	WithdrawnForNewer     = "A newer email replaced this one before it was sent."
	WithdrawnForAccepted  = "The invitation was accepted before this email was sent."
	WithdrawnForSuspended = "The member was suspended before this email was sent."
)

// Retry counts a failed attempt and sets the time of the next one, spread by jitter, a
// number from 0 up to 1. If the email's content would have expired by then, the email fails
// instead.
func (m *Message) Retry(detail string, jitter float64, now time.Time) {
	delay := backoff[min(m.Attempts, len(backoff)-1)]
	m.Attempts++
	next := now.Add(delay + time.Duration(jitter*float64(delay)/2))
	if !m.ExpiresAt.IsZero() && !next.Before(m.ExpiresAt) {
		m.Failed(detail, now)
		return
	}
	m.State, m.Detail, m.At, m.NextTry, m.Lease = MessageRetrying, detail, now, next, Lease{Epoch: m.Lease.Epoch}
}

// Hold records that the email waits until a mail server is configured.
func (m *Message) Hold(now time.Time) {
	m.State, m.Detail, m.At = MessageHeld, NoMailServer, now
	m.NextTry, m.Lease = time.Time{}, Lease{Epoch: m.Lease.Epoch}
}

// NoMailServer is the detail of an email that is held.
const NoMailServer = "No mail server is set up."

// Requeue makes an email due at once, at the request of an Admin who fixed the cause. An
// email that was sent, or whose content was wiped, cannot be sent again.
func (m *Message) Requeue(now time.Time) error {
	switch {
	case m.State == MessageSent:
		return Errorf(Conflict, "This email has already been sent. To send another, use “resend” for the member.").
			WithCode("already_sent")
	case m.State == MessageWithdrawn:
		return Errorf(Conflict, "This email was withdrawn, and its link no longer works. Use “resend” for the member "+
			"to send a new one.").WithCode("email_withdrawn")
	case m.State == MessageFailed && m.Kind.HoldsSecret():
		return Errorf(Conflict,
			"The link in this email was deleted when the email failed. Use “resend” for the member to create a new "+
				"one.").
			WithCode("email_link_gone")
	case !m.ExpiresAt.IsZero() && !now.Before(m.ExpiresAt):
		return Errorf(Conflict, "The content of this email has expired. Send a new email.").WithCode("email_expired")
	}
	m.State, m.NextTry, m.At = MessageQueued, now, now
	return nil
}
