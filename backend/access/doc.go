// Package access holds the words Doorward speaks and the rules between them:
// members and their invitations, logins, sessions, roles and permissions,
// emails, audit entries and errors. Everything that decides whether something
// is allowed is here and is pure: time comes in as an argument, nothing is read
// or written, and the standard library is the only import. That keeps the rules
// testable in microseconds, and the same behind every door.
package access
