package access

import "time"

// A LinkPurpose is what a login link was made for. A link is good for nothing else.
type LinkPurpose string

const (
	ForInvitation LinkPurpose = "invitation" // for the invited person, in any browser
	// asked for on the sign-in page; for that browser, or, while no other email is sent, for any
	ForSignIn  LinkPurpose = "sign_in"
	ForRescue  LinkPurpose = "rescue" // printed on the server's own shell
	ForDesktop LinkPurpose = "window" // no link: a code for the native window that a member has let act for them
)

// A LoginLink is a login link. Only the hash of its secret is kept. It stays for a
// while after its use, so that the page behind it can offer a fresh email.
type LoginLink struct {
	Hash         SecretHash  `json:"hash"`
	Purpose      LinkPurpose `json:"purpose"`
	Member       MemberID    `json:"member"`
	Address      string      `json:"address"`          // canonical; a link proves this address and no other
	Browser      SecretHash  `json:"browser,omitzero"` // of the browser, or the window, that asked; zero: any
	Epoch        int         `json:"epoch,omitempty"`  // the member's, when it was made
	Message      MessageID   `json:"letter,omitempty"` // the email that carries it, where one does
	HandedOverBy Actor       `json:"handed,omitzero"`  // who got it to hand over: it proves nothing of the address then
	CreatedAt    time.Time   `json:"made_at"`
	ExpiresAt    time.Time   `json:"expires_at"`
	UsedAt       time.Time   `json:"used_at,omitzero"`
	Revoked      bool        `json:"revoked,omitempty"`
}

// LinkExpired is the one answer for links that are unknown, malformed, used,
// expired or revoked.
func LinkExpired() *Error {
	return Errorf(Expired, "This link is no longer good. Ask for a fresh letter; it goes to the same address.").
		WithCode("link_dead")
}

// DesktopCodeTTL is how long the code for a native window is good: it goes from the
// browser to a program on the same computer.
const DesktopCodeTTL = time.Minute

// DesktopCodeExpired is the one answer for a window's codes that are unknown, used,
// expired, or another window's.
func DesktopCodeExpired() *Error {
	return Errorf(Expired, "This sign-in is no longer good. Start it again in the window.").WithCode("window_dead")
}

// WrongBrowser refuses a link that was asked for in another browser.
func WrongBrowser() *Error {
	return Errorf(Forbidden,
		"This link belongs to the browser that asked for it. Open it there, or type the code from the letter there.").
		WithCode("wrong_browser")
}

// Check says whether the link may be redeemed now, in this browser.
func (l *LoginLink) Check(browser SecretHash, now time.Time) error {
	switch {
	case l.Revoked, !l.UsedAt.IsZero(), !now.Before(l.ExpiresAt), l.CreatedAt.After(now.Add(ClockSlack)):
		return LinkExpired()
	case !l.Browser.IsZero() && l.Browser != browser:
		return WrongBrowser()
	}
	return nil
}

// An SignInRequest is somebody's wish for a sign-in email, kept alike for every address,
// known or not. It binds the code and the link to the browser that asked.
type SignInRequest struct {
	Browser SecretHash `json:"browser"`
	Address Address    `json:"address"`
	// keyed hash; zero until answered; that of no code where there is no email
	Code         SecretHash `json:"code,omitzero"`
	Link         SecretHash `json:"link,omitzero"`
	Member       MemberID   `json:"member,omitempty"`
	Epoch        int        `json:"epoch,omitempty"` // the member's, when it was answered
	Attempts     int        `json:"guesses,omitempty"`
	KnownBrowser bool       `json:"known,omitempty"` // the browser has signed this member in before
	// no other email goes to unknown browsers before then: this one's link opens in any
	AnyBrowserUntil time.Time `json:"last,omitzero"`
	FromAddress     string    `json:"from,omitempty"`
	UserAgent       string    `json:"agent,omitempty"`
	CreatedAt       time.Time `json:"at"`
	ExpiresAt       time.Time `json:"expires_at"`
}

// A Setup is the way to the first Admin: a one-time secret, good until an
// Admin exists, and never again.
type Setup struct {
	Secret    SecretHash `json:"secret,omitzero"`
	CreatedAt time.Time  `json:"made_at,omitzero"` // when the secret was; not known of an older one
	ClosedAt  time.Time  `json:"closed_at,omitzero"`
}

// SetupClosed is the answer once there is an Admin, and to a wrong secret.
func SetupClosed() *Error {
	return Errorf(Expired,
		"This setup link is not good, or setup is over. Sign in instead; on the server, `doorward login-link EMAIL` "+
			"prints a way in for an Admin.").WithCode("setup_closed")
}
