// Package access defines Doorward's terms and the rules between them: members and their
// invitations, logins, sessions, roles and permissions, emails, audit entries and errors.
// Every decision about what is allowed is here, as a pure function: time is an argument,
// nothing is read or written, and only the standard library is imported. So the rules can
// be tested in microseconds and are the same for every interface.
package access
