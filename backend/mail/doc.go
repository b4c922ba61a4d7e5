// Package mail sends what waits in the outbox. It owns the way from a queued
// email to its outcome; what is said to the mail server is package smtp's.
//
// A [Worker] takes the emails that are due, a few at a time and under a lease,
// sends them over one connection, and records the mail server's answer to each.
// What it promises:
//
//   - An email is delivered to the mail server at least once, never lost. When the
//     connection breaks after the whole message was sent, nobody can know whether
//     it was accepted: it goes out again with the same Message-ID, the same facts
//     and the same link, so that a duplicate is harmless.
//   - "Sent" means that the mail server accepted the email, and nothing else.
//   - What is wrong with one email counts against that email ([smtp.Permanent],
//     [smtp.Temporary], [smtp.Ambiguous]). What is wrong with the way to the mail
//     server (a refused login, a certificate, no encryption) pauses the queue and
//     is shown to the Admins ([smtp.Paused]); no email loses a try by it.
//   - Nothing outlives [Worker.Run]: no connection and no goroutine.
package mail
