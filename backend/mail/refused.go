package mail

import (
	"context"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail/smtp"
	"doorward/backend/store"
)

// maxUnclear is how often an email may be refused for an unclear reason before it fails.
const maxUnclear = 3

// refused records that the first of the emails was refused for a reason that may concern
// all of them, and reports whether the rest may be sent. Once two recipients are refused
// for the same reason it is no fault of the emails: the queue is paused. Until then the
// email is tried again, so that it is still there if that happens.
func (w *Worker) refused(ctx context.Context, b leasedBatch, f *smtp.Failure) (goOn bool) {
	messages := b.messages
	m, alike := messages[0], false
	this := access.MailRefusal{Reason: reasonIn(f.Detail), Detail: f.Detail, Recipient: m.Recipient}
	w.waitForBeat(messages[:1])
	err := w.update(ctx, func(tx *store.Tx) error {
		return w.evenly(tx, messages[:1], func() error {
			health, err := tx.MailHealth()
			if err != nil {
				return err
			}
			last := health.Refused
			if alike = last.Reason == this.Reason && (health.Paused || last.Recipient != this.Recipient); alike {
				return nil
			}
			if err := tx.PutMailHealth(access.MailHealth{LastSent: health.LastSent, Refused: this}); err != nil {
				return err
			}
			return w.changeAll(tx, messages[:1], false, func(m *access.Message, now time.Time) {
				if m.Attempts+1 >= maxUnclear {
					m.Failed(f.Detail, now)
					return
				}
				m.Retry(f.Detail, w.o.Jitter(), now)
			})
		})
	})
	if err != nil {
		w.log.ErrorContext(ctx, "the outcome of an email cannot be stored: it will be sent again", "email", m.ID,
			"err", err)
		return true
	}
	if alike {
		w.pause(ctx, b, f)
		return false
	}
	w.log.InfoContext(ctx, "an email was not accepted", "email", m.ID, "class", f.Class, "reply", f.Detail)
	return true
}

// reasonIn returns a mail server's answer without the words that differ between two emails:
// addresses, and words with digits in them, such as the server's own number for the email.
func reasonIn(answer string) string {
	var kept []string
	for i, word := range strings.Fields(strings.ToLower(answer)) {
		if i < 2 || !strings.ContainsAny(word, "@0123456789") { // the codes stay
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}
