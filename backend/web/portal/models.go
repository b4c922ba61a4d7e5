package portal

import "time"

// The pages, by the name that render takes. Each has a model of its own below.
const (
	pageLogin        = "login"
	pageLoginCode    = "login-code"
	pageLink         = "link"
	pageLinkDead     = "link-dead"
	pageLinkRenewed  = "link-renewed"
	pageWrongBrowser = "wrong-browser"
	pagePending      = "pending"
	pageHome         = "home"
	pageSection      = "section"
	pageResource     = "resource"
	pageSetup        = "setup"
	pageMessage      = "message"
	pageDesktop      = "desktop"
)

// models says which type each page shows. Each is also drawn empty at start.
var models = map[string]any{
	pageLogin:        LoginPage{},
	pageLoginCode:    LoginCodePage{},
	pageLink:         LinkPage{},
	pageLinkDead:     LinkDeadPage{},
	pageLinkRenewed:  LinkRenewedPage{},
	pageWrongBrowser: WrongBrowserPage{},
	pagePending:      PendingPage{},
	pageHome:         HomePage{},
	pageSection:      SectionPage{},
	pageResource:     ResourcePage{},
	pageSetup:        SetupPage{},
	pageMessage:      MessagePage{},
	pageDesktop:      DesktopPage{},
}

// A Leaf is what every page has: whose door it is and who stands before it.
type Leaf struct {
	Workspace  string // shown above the leaf and in the title
	Title      string // of the page; empty: the page's own
	CSRF       string // sent back by every form in the field "csrf"
	SignedInAs string // the address, where somebody is signed in
}

// LoginPage asks for an address: GET /login, and POST /login refused.
type LoginPage struct {
	Leaf
	Email string // as typed before
	Error string // what is wrong with it
	Next  string // where to go afterwards, a path of ours
}

// LoginCodePage answers every POST /login alike, and takes the code.
type LoginCodePage struct {
	Leaf
	Email   string // as typed
	Code    string // as typed, when it was refused
	Error   string // what is wrong with the code
	Next    string
	Minutes int // how long link and code are good
}

// LinkPage is what the link in an email opens. It has one button, and nothing
// happens before it is pressed.
type LinkPage struct {
	Leaf
	Action       string // where the button posts to: /login/{token}
	Invitation   bool   // the first visit of an invited person; else a sign-in
	Email        string // whose link it is, as typed
	Inviter      string // their name or address; empty: nobody to name
	InviterEmail string // shown beside a name
	Roles        []string
	Note         string // the Admin's
	Until, Now   time.Time
}

// LinkDeadPage is the one answer to a link that is unknown, malformed, used,
// expired or revoked.
type LinkDeadPage struct {
	Leaf
	Action string // /login/{token}/renew
}

// LinkRenewedPage is the one answer to POST /login/{token}/renew.
type LinkRenewedPage struct{ Leaf }

// WrongBrowserPage is shown where a link is opened in another browser than the
// one that asked for it.
type WrongBrowserPage struct {
	Leaf
	Action string // /login/{token}/renew
}

// PendingPage is "Account Pending Approval".
type PendingPage struct {
	Leaf
	Name      string // may be empty
	Email     string // as typed
	Inviter   string // name or address; empty: "An administrator"
	InvitedAt time.Time
	Roles     []string  // asked for
	Since     time.Time // the link was redeemed, and the waiting began
	Verified  bool      // an email carried the link; one that was handed over proves no address
	Now       time.Time
	Note      string // as saved, or as typed when it was refused
	NoteError string
	NoteSaved bool // it was saved by the request before
	Held      bool // ?hold=1: without JavaScript, do not look again by itself
}

// A Section is a part of the workspace, with what is open in it to the member.
type Section struct {
	Name, Path string
	Resources  []Resource
}

// A Resource is a place in a section: Data Lake, Flows.
type Resource struct{ Name, Path string }

// HomePage is what a member sees at /.
type HomePage struct {
	Leaf
	Name, Email     string
	Roles           []string
	Sections        []Section // those that the roles open
	Admin           bool      // may open the console
	Pending         int       // people waiting, where Admin
	Tokens          int       // API tokens that act for the member
	LastSignIn, Now time.Time // the one before this
}

// SectionPage is the front page of a section.
type SectionPage struct {
	Leaf
	Section Section
}

// ResourcePage stands where no application is connected.
type ResourcePage struct {
	Leaf
	Section  Section
	Resource Resource
	Admin    bool
}

// SetupPage makes the first Admin, once.
type SetupPage struct {
	Leaf
	Action        string // /setup/{token}
	WorkspaceName string
	Name, Email   string
	Errors        map[string]string // by field: "workspace", "name", "email", or "" for the whole
}

// DesktopPage asks a member whether a native window may act for them.
type DesktopPage struct {
	Leaf
	Authorization DesktopAuthorization
	Days          int // without use, after which it has to ask again
	Most          int // days, after which it has to in any case

	Sent    bool // a code was emailed: it has to be typed before the window is let in
	Held    bool // no mail server is configured: the email is in the outbox
	Email   string
	Error   string // what is wrong with the code, or why none was sent
	Minutes int    // that the code is good
}

// A Tone colours a message.
type Tone int

const (
	Info   Tone = iota // all is as it should be
	Warn               // something has to be done, or waited for
	Danger             // it went wrong
)

// Class is the tone in the style sheet.
func (t Tone) Class() string { return [...]string{"info", "warn", "danger"}[t] }

// An Action is a way on: a link, or a button that posts.
type Action struct{ Label, Href, PostTo string }

// MessagePage is a dead end with a way on. Title says what happened, Text says
// a little more, Advice says what to do.
type MessagePage struct {
	Leaf
	Text, Advice       string
	Tone               Tone
	Primary, Secondary Action
	RequestNumber      string // to find it in the log
}
