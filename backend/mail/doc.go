// Package mail sends what waits in the outbox. It owns the way from a queued
// email to the mail server's answer, and it is the only package that speaks
// SMTP.
//
// A [Worker] takes the emails that are due, a few at a time and under a lease,
// carries them over one connection, and records what the mail server said of
// each. What it promises:
//
//   - Nothing waits for ever. Every answer of the mail server has a bound, and
//     the context ends whatever is under way; no connection and no goroutine
//     outlives its use.
//   - Neither password nor email crosses the wire in the clear, except to a
//     loopback address that was asked for by the scheme smtp+insecure.
//   - An email is at least once with the mail server, never lost. When the
//     connection breaks after the words were sent, nobody can know whether they
//     were taken: the email goes out again with the same Message-ID, the same
//     words and the same link, so that a duplicate is harmless.
//   - "Sent" means that the mail server accepted the email, and nothing else.
//   - What is wrong with one email is held against that email ([Permanent],
//     [Temporary], [Ambiguous]). What is wrong with the way to the mail server
//     (a refused login, a certificate, no encryption) stops the queue and is
//     told to the Admins ([Paused]); no email loses a try by it.
//
// The SMTP client is go-simple-mail. It has no context, waits without bound in
// several places, and goes on in the clear when a server does not offer
// STARTTLS. So it is given no timeouts and no dialing to do: [Dial] connects,
// raises the encryption itself, and hands the client a connection on which
// every command has a deadline and which refuses to carry a login or an email
// unless it is safe.
package mail
