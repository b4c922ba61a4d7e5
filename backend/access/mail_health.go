package access

import "time"

// MailHealth is what is known about the connection to the mail server.
type MailHealth struct {
	Paused   bool      `json:"paused,omitempty"` // the queue is stopped by a fault that is not in the emails
	Detail   string    `json:"words,omitempty"`  // the mail server's reply, or our own sentence if it was not reached
	Since    time.Time `json:"since,omitzero"`
	TriedAt  time.Time `json:"tried_at,omitzero"` // when it was last found to persist
	NextTry  time.Time `json:"next_try,omitzero"`
	LastSent time.Time `json:"last_sent,omitzero"`

	// Refused is the last refusal for a reason that may concern all emails, if none was
	// sent since.
	Refused MailRefusal `json:"refused,omitzero"`
}

// A MailRefusal is what a mail server said of an email, and to whom that was.
type MailRefusal struct {
	Reason    string `json:"reason"`    // without what differs between two emails
	Detail    string `json:"detail"`    // the mail server's own words
	Recipient string `json:"recipient"` // canonical address
}
