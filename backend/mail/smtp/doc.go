// Package smtp is one session with the mail server: its address ([Server]), how it is
// reached ([Dial]), how an email is written and sent ([Session.Send]), and what a failure
// means ([Failure]). It knows no queue and retries nothing; package mail does.
//
// It promises:
//
//   - Nothing waits forever. Every answer of the mail server has a time limit, and
//     the context ends whatever is in progress.
//   - Neither password nor email crosses the network unencrypted, except to a
//     loopback address that was requested by the scheme smtp+insecure.
//   - No password and no login link is repeated in a Failure, whatever the mail
//     server says.
//
// # Why go-simple-mail is used behind our own dialer
//
// The SMTP client is go-simple-mail (v2.16.0), and this is the only package that imports
// it. It takes no context. Its own timeouts leak the connection and two goroutines while it
// waits for the greeting, and do not end a wait at AUTH, MAIL, DATA or QUIT at all. It
// sends password and email unencrypted if a server does not offer STARTTLS, and without a
// login if none is offered. So it gets no timeouts, no dialing and no encryption to do.
// [Dial] connects and sets up the encryption itself, and gives the client a connection
// (wire.go) on which each command has a deadline and which refuses to carry a login or an
// email unless it is encrypted. The client only speaks the protocol: EHLO, AUTH, MAIL, RCPT
// and DATA.
package smtp
