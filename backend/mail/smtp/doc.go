// Package smtp is one session with the mail server: where it is ([Server]), how
// it is reached ([Dial]), how an email is written and handed in ([Session.Send]),
// and whose fault it is when that fails ([Failure]). It knows no queue and tries
// nothing twice; package mail does.
//
// What it promises:
//
//   - Nothing waits for ever. Every answer of the mail server has a bound, and
//     the context ends whatever is under way.
//   - Neither password nor email crosses the network in the clear, except to a
//     loopback address that was asked for by the scheme smtp+insecure.
//   - No password and no login link is repeated in a Failure, whatever the mail
//     server says.
//
// # Why go-simple-mail stands behind our own dialer
//
// The SMTP client is go-simple-mail (v2.16.0), and this is the only package that
// imports it. It takes no context. Its own timeouts leak the connection and two
// goroutines while the greeting is awaited, and do not end a wait at AUTH, MAIL,
// DATA or QUIT at all. It sends password and email in the clear when a server does
// not offer STARTTLS, and without a login when none is offered. So it gets no
// timeouts, no dialing and no encryption to do. [Dial] connects and raises the
// encryption itself, and hands the client a connection (wire.go) on which each
// command has a deadline and which refuses to carry a login or an email unless it
// is encrypted. What is left to the client is the dialogue: EHLO, AUTH, MAIL, RCPT
// and DATA.
package smtp
