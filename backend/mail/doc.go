// Package mail sends the emails in the outbox. It owns an email's way from queued to its
// outcome; the SMTP conversation is package smtp's.
//
// A [Worker] takes the emails that are due, a few at a time and under a lease, sends them
// over one connection, and records the mail server's answer to each. It promises:
//
//   - An email is delivered to the mail server at least once and never lost. If the
//     connection breaks after the whole message was sent, nobody can know whether
//     it was accepted: it is sent again with the same Message-ID, the same facts
//     and the same link, so that a duplicate is harmless.
//   - "Sent" means that the mail server accepted the email, and nothing else.
//   - A fault of one email counts against that email ([smtp.Permanent],
//     [smtp.Temporary], [smtp.Ambiguous]). A fault of the connection to the mail
//     server (a refused login, a certificate, no encryption) pauses the queue and
//     is shown to the Admins ([smtp.Paused]); it costs no email an attempt.
//   - What somebody is waiting for goes before everything else that is due, and has a
//     connection that is kept for it.
//   - When [Worker.Run] returns, no connection and no goroutine is left.
package mail
