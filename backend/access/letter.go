package access

import "time"

// A LetterKind says why a letter is written.
type LetterKind string

const (
	InvitationLetter   LetterKind = "invitation"   // to the invited person, with the login link
	SignInLetter       LetterKind = "sign_in"      // to a member who asked, with a link and a code
	ConfirmationLetter LetterKind = "confirmation" // to a member who is to confirm a session, with a code
	ApprovedLetter     LetterKind = "approved"     // to the member, once let in
	RejectedLetter     LetterKind = "rejected"     // to the person turned away, only when the Admin asks for it
	ReceivedLetter     LetterKind = "received"     // to the invited person, once the address is proved
	WaitingLetter      LetterKind = "waiting"      // to Admins: somebody is waiting
	ExpiringLetter     LetterKind = "expiring"     // to the invited person, a day before the invitation ends
	AbandonedLetter    LetterKind = "abandoned"    // to Admins: nobody decided for 30 days, the account is gone
	TestLetter         LetterKind = "test"         // to an Admin who wants to know whether mail works
)

// HoldsSecret reports whether letters of this kind carry a link or a code, so
// that their words are wiped as soon as they are sent, expired or dead.
func (k LetterKind) HoldsSecret() bool {
	return k == InvitationLetter || k == SignInLetter || k == ConfirmationLetter || k == ExpiringLetter
}

// A Class says how soon a letter goes: those of a lower class first, and of one
// class the oldest first. No letter may keep back one that somebody waits for.
type Class int

const (
	Awaited  Class = iota + 1 // somebody sits and waits, in a browser that is known here
	AskedFor                  // somebody waits, or a stranger pretends to: strangers can cause as many as the limits let
	Decided                   // what was decided about one person, or has become of their request
	Invited                   // invitations, which come by the thousand
	Told                      // reminders and digests
	lastClass
)

// Classes are all classes, the most urgent first.
func Classes() []Class {
	all := make([]Class, 0, lastClass-1)
	for c := Awaited; c < lastClass; c++ {
		all = append(all, c)
	}
	return all
}

var classes = map[LetterKind]Class{
	TestLetter:         Awaited,
	ConfirmationLetter: Awaited,
	SignInLetter:       AskedFor, // Awaited, where a browser asks that is known
	ApprovedLetter:     Decided,
	RejectedLetter:     Decided,
	ReceivedLetter:     Decided,
	InvitationLetter:   Invited, // AskedFor, where the invited person asks anew
	WaitingLetter:      Told,
	ExpiringLetter:     Told,
	AbandonedLetter:    Told,
}

// Class is how soon letters of this kind go; zero for a kind that nobody has
// classified, which no letter may be of.
func (k LetterKind) Class() Class { return classes[k] }

// A LetterState is what is known of a letter's way, and never more than that.
type LetterState string

const (
	LetterQueued   LetterState = "queued"   // waiting for its turn
	LetterSent     LetterState = "sent"     // accepted by the mail server
	LetterRetrying LetterState = "retrying" // refused or not reached for now; NextTry says when again
	LetterFailed   LetterState = "failed"   // refused for good, or its time ran out
	LetterKept     LetterState = "kept"     // no mail server is configured; it can be read here
)

// A Letter is mail in the outbox, written in the transaction that caused it.
// Its words are rendered then and kept apart, sealed, until it is done with.
type Letter struct {
	ID        LetterID    `json:"id"`
	Kind      LetterKind  `json:"kind"`
	Member    MemberID    `json:"member,omitempty"` // whose it is, and with whom it is deleted
	To        string      `json:"to"`               // canonical address, the only recipient
	Subject   string      `json:"subject"`
	MessageID string      `json:"message_id"` // without angle brackets; fixed when queued, the same at each try
	State     LetterState `json:"state"`
	Detail    string      `json:"detail,omitempty"` // the mail server's own words, or ours when it was not reached
	At        time.Time   `json:"at"`               // when State became what it is
	QueuedAt  time.Time   `json:"queued_at"`
	NextTry   time.Time   `json:"next_try,omitzero"`
	GoodUntil time.Time   `json:"good_until,omitzero"` // when what it says ends; zero: never
	Attempts  int         `json:"attempts,omitempty"`
	Lease     Lease       `json:"lease,omitzero"`
	Class     Class       `json:"class,omitempty"` // zero: written before there were classes
}

// A Lease is one worker's claim on a letter: while it holds, nobody else sends
// it. Epoch rises with each claim and is compared in each write, so that a
// worker that slept through its lease cannot overrule the next.
type Lease struct {
	Owner string    `json:"owner,omitempty"`
	Epoch int64     `json:"epoch,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

// Words is what a letter says: rendered once, when it is queued.
type Words struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

// backoff is how long a letter waits after its first, second, … failed try.
var backoff = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

// Done reports whether nothing more will happen to the letter by itself.
func (l *Letter) Done() bool { return l.State == LetterSent || l.State == LetterFailed }

// Sent records that the mail server accepted the letter.
func (l *Letter) Sent(words string, now time.Time) {
	l.State, l.Detail, l.At, l.NextTry, l.Lease = LetterSent, words, now, time.Time{}, Lease{Epoch: l.Lease.Epoch}
}

// Failed records that the letter will not be tried again.
func (l *Letter) Failed(words string, now time.Time) {
	l.State, l.Detail, l.At, l.NextTry, l.Lease = LetterFailed, words, now, time.Time{}, Lease{Epoch: l.Lease.Epoch}
}

// TryLater counts a failed try and says when the next one is due, spread by
// jitter, a number from 0 up to 1. A letter whose words would have expired by
// then fails instead.
func (l *Letter) TryLater(words string, jitter float64, now time.Time) {
	wait := backoff[min(l.Attempts, len(backoff)-1)]
	l.Attempts++
	next := now.Add(wait + time.Duration(jitter*float64(wait)/2))
	if !l.GoodUntil.IsZero() && !next.Before(l.GoodUntil) {
		l.Failed(words, now)
		return
	}
	l.State, l.Detail, l.At, l.NextTry, l.Lease = LetterRetrying, words, now, next, Lease{Epoch: l.Lease.Epoch}
}

// Requeue makes a letter due at once, as an Admin asks who has mended what was
// wrong. A letter that was sent, or whose words are gone, cannot be sent again.
func (l *Letter) Requeue(now time.Time) error {
	switch {
	case l.State == LetterSent:
		return Errorf(Conflict, "This letter was sent already. To send another, use resend on the member.").WithCode("already_sent")
	case l.State == LetterFailed && l.Kind.HoldsSecret():
		return Errorf(Conflict, "The link in this letter was wiped when it failed. Use resend on the member: it makes a new one.").WithCode("letter_gone")
	case !l.GoodUntil.IsZero() && !now.Before(l.GoodUntil):
		return Errorf(Conflict, "What this letter says has expired. Send a new one.").WithCode("letter_expired")
	}
	l.State, l.NextTry, l.At = LetterQueued, now, now
	return nil
}
