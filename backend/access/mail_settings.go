package access

import (
	"net"
	"strconv"
)

// A Password is one that somebody else checks, so that it has to be kept as it is. However
// it is printed or encoded, it does not show.
type Password string

// String hides the password from logs and messages.
func (Password) String() string { return "[secret]" }

// GoString hides the password from %#v.
func (Password) GoString() string { return "[secret]" }

// MarshalText hides the password from JSON and structured logs.
func (Password) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Reveal returns the password itself, for the one place that uses it.
func (p Password) Reveal() string { return string(p) }

// MailSecurity says how the connection to the mail server is protected.
type MailSecurity string

const (
	MailStartTLS MailSecurity = "starttls" // encrypted by STARTTLS, which is required
	MailTLS      MailSecurity = "tls"      // encrypted from the first byte
	MailPlain    MailSecurity = "none"     // never encrypted; only to this machine
)

// DefaultMailPort is the port that mail servers usually have for each kind of connection.
var DefaultMailPort = map[MailSecurity]int{MailStartTLS: 587, MailTLS: 465, MailPlain: 25}

// Limits of the mail settings, in characters.
const (
	MaxMailUser     = 256
	MaxMailPassword = 1024
	MaxMailFromName = 100
)

// MailSettings are the mail server and the sender that an Admin set. The password is in a
// record of its own, sealed.
type MailSettings struct {
	Host        string       `json:"host,omitempty"` // empty: none is set
	Port        int          `json:"port,omitempty"`
	Security    MailSecurity `json:"security,omitempty"`
	User        string       `json:"user,omitempty"`
	HasPassword bool         `json:"password,omitempty"`
	From        string       `json:"from,omitempty"`      // canonical address; empty: the default
	FromName    string       `json:"from_name,omitempty"` // empty: the workspace's name

	// Revision is different after each change, so that whoever used older settings can tell.
	Revision int `json:"revision,omitempty"`
}

// Usable reports whether emails can be sent with these settings. After a restore the
// password is missing: no backup contains it.
func (m MailSettings) Usable() bool { return m.Host != "" && (m.User == "" || m.HasPassword) }

// Server is host and port as people know them; empty if none is set.
func (m MailSettings) Server() string {
	if m.Host == "" {
		return ""
	}
	return net.JoinHostPort(m.Host, strconv.Itoa(m.Port))
}

// SetAtStart says which settings were given when Doorward started, and by what, such as
// "DOORWARD_SMTP_URL". These cannot be changed while it runs; an empty one can.
type SetAtStart struct {
	PublicURL, MailServer, MailFrom string

	SenderName string // what gave the sender a name; empty where the sender has none, or none was given
}

// AlreadySet refuses to change a setting that was given when Doorward started.
func AlreadySet(field, by string) *Error {
	return Errorf(Conflict, "This was set with %s when Doorward started. Change it there and restart Doorward.",
		by).On(field).WithCode("set_at_start")
}
