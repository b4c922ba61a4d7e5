package access

import "time"

// A LinkPurpose is what a login link was made for. A link is valid for nothing else.
type LinkPurpose string

const (
	ForInvitation LinkPurpose = "invitation" // for the invited person, in any browser
	// requested on the sign-in page; works in that browser or, while no other email may be
	// sent, in any
	ForSignIn  LinkPurpose = "sign_in"
	ForRescue  LinkPurpose = "rescue" // printed on the server's own shell
	ForDesktop LinkPurpose = "window" // not a link: a code for the native window, which a member authorized
)

// A LoginLink is a login link. Only the hash of its secret is stored. It is kept for a
// while after its use, so that its page can offer a new email.
type LoginLink struct {
	Hash         SecretHash  `json:"hash"`
	Purpose      LinkPurpose `json:"purpose"`
	Member       MemberID    `json:"member"`
	Address      string      `json:"address"`          // canonical; a link proves this address and no other
	Browser      SecretHash  `json:"browser,omitzero"` // of the browser or window that requested it; zero: any
	Epoch        int         `json:"epoch,omitempty"`  // the member's, at the time
	Message      MessageID   `json:"letter,omitempty"` // the email that contains it, if any
	HandedOverBy Actor       `json:"handed,omitzero"`  // who got it to hand over; then it proves no address
	CreatedAt    time.Time   `json:"made_at"`
	ExpiresAt    time.Time   `json:"expires_at"`
	UsedAt       time.Time   `json:"used_at,omitzero"`
	Revoked      bool        `json:"revoked,omitempty"`
}

// LinkExpired is the single answer for links that are unknown, malformed, used, expired or
// revoked.
func LinkExpired() *Error {
	return Errorf(Expired,
		"This link has expired or was already used. Request a new email; it goes to the same address.").
		WithCode("link_dead")
}

// DesktopCodeTTL is how long the code for a native window is valid. It only has to get from
// the browser to a program on the same computer.
const DesktopCodeTTL = time.Minute

// DesktopCodeExpired is the single answer for window codes that are unknown, used, expired,
// or for another window.
func DesktopCodeExpired() *Error {
	return Errorf(Expired, "This sign-in has expired. Start it again in the desktop app.").
		WithCode("desktop_sign_in_expired")
}

// WrongBrowser refuses a link that another browser requested.
func WrongBrowser() *Error {
	return Errorf(Forbidden,
		"Open this link in the browser you requested it from, or enter the code from the email there.").
		WithCode("wrong_browser")
}

// Check returns nil if the link may be redeemed now, in this browser. A link that is over is
// Expired, for whatever reason; only one that is good, and bound to another browser, says so.
func (l *LoginLink) Check(browser SecretHash, now time.Time) error {
	switch {
	case l.Revoked, !l.UsedAt.IsZero(), !now.Before(l.ExpiresAt), l.CreatedAt.After(now.Add(ClockSlack)):
		return LinkExpired()
	case !l.Browser.IsZero() && l.Browser != browser:
		return WrongBrowser()
	}
	return nil
}

// A SignInRequest is a request for a sign-in email. It is stored in the same form for every
// address, known or not, and binds the code and the link to the browser that made it.
type SignInRequest struct {
	Browser SecretHash `json:"browser"`
	Address Address    `json:"address"`
	// keyed hash; zero until answered; a hash that matches no code if no email was sent
	Code         SecretHash `json:"code,omitzero"`
	Link         SecretHash `json:"link,omitzero"`
	Member       MemberID   `json:"member,omitempty"`
	Epoch        int        `json:"epoch,omitempty"` // the member's, when the request was answered
	Attempts     int        `json:"guesses,omitempty"`
	KnownBrowser bool       `json:"known,omitempty"` // this browser has signed this member in before
	// unknown browsers get no other email before this time, so the link of this one works
	// in any browser
	AnyBrowserUntil time.Time `json:"last,omitzero"`
	FromAddress     string    `json:"from,omitempty"`
	UserAgent       string    `json:"agent,omitempty"`
	CreatedAt       time.Time `json:"at"`
	ExpiresAt       time.Time `json:"expires_at"`
}

// A Setup is the way to create the first Admin: a one-time secret, valid until an Admin
// exists and never again.
type Setup struct {
	Secret    SecretHash `json:"secret,omitzero"`
	CreatedAt time.Time  `json:"made_at,omitzero"` // when the secret was made; zero for one made by an older version
	ClosedAt  time.Time  `json:"closed_at,omitzero"`
}

// SetupClosed is the answer to a wrong secret, and to any secret once there is an Admin.
func SetupClosed() *Error {
	return Errorf(Expired,
		"This setup link is not valid, or setup is closed. Sign in instead. On the server, `doorward login-link "+
			"EMAIL` prints a login link for an Admin.").WithCode("setup_closed")
}
