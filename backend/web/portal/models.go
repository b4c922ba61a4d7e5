package portal

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"doorward/backend/access"
)

// The pages, by the name that render takes. Each has a model below.
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

// models has the type that each page shows. Each page is also rendered empty at
// start.
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

// A Leaf is what every page has: the workspace, and who is signed in.
type Leaf struct {
	Workspace  string // shown above the page's content and in the title
	Title      string // of the page; empty: the page's default
	CSRF       string // sent back by every form in the field "csrf"
	SignedInAs string // the address, where somebody is signed in
	Here       string // one of our paths, where the page can be opened again
	Look       Look

	words *words // in the reader's language; nil: English
}

func (l Leaf) leaf() Leaf { return l }

// A Look is how the workspace's pages differ from Doorward's own. It is zero where
// nothing was changed.
type Look struct {
	CSS                   string // the path of the style sheet with the accent colour
	Logo                  string // the path of the image
	LogoWidth, LogoHeight int
	Footer                string // a sentence at the end
	Contact, ContactLink  string // the link after it, as it is shown and as it is followed
}

// LoginPage asks for an address: GET /login, and POST /login when it was refused.
type LoginPage struct {
	Leaf
	Email string // as typed before
	Error string // what is wrong with it
	Next  string // where to go afterwards, one of our paths
}

// LoginCodePage answers every POST /login alike, and takes the code.
type LoginCodePage struct {
	Leaf
	Email   string // as typed
	Code    string // as typed, when it was refused
	Error   string // what is wrong with the code
	Next    string
	Minutes int // how long link and code are valid
	Choice
}

// A Choice is what a visitor is asked who is signed in as another member.
type Choice struct {
	Current      string // who is signed in; empty where nothing is asked
	CurrentEmail string // their address, where Current is a name
	Stay         string // where they go if they stay signed in
}

// LinkPage is what the link in an email opens. It has one button, and nothing
// happens before it is pressed.
type LinkPage struct {
	Leaf
	Action       string // where the button posts to: /login/{token}
	Invitation   bool   // the first visit of an invited person; else a sign-in
	Email        string // whose link it is, as typed
	Inviter      string // their name or address; empty: the workspace is named
	InviterEmail string // shown beside a name
	Roles        []string
	Note         string // the Admin's
	Until, Now   time.Time
	Choice
}

// LinkDeadPage is the one answer to a link that is unknown, malformed, used,
// expired or revoked.
type LinkDeadPage struct {
	Leaf
	Action string // /login/{token}/renew
}

// LinkRenewedPage is the one answer to POST /login/{token}/renew.
type LinkRenewedPage struct{ Leaf }

// WrongBrowserPage is for a link that was opened in another browser than the one
// that requested it.
type WrongBrowserPage struct {
	Leaf
	Action string // /login/{token}/renew
}

// PendingPage is "Account Pending Approval".
type PendingPage struct {
	Leaf
	Name      string // may be empty
	Email     string // as typed
	Inviter   string // name or address; empty: the workspace is named
	InvitedAt time.Time
	Roles     []string  // those of the invitation
	Since     time.Time // when the link was redeemed
	Verified  bool      // an email carried the link; a link that was handed over verifies no address
	Now       time.Time
	Note      string // as saved, or as typed when it was refused
	NoteError string
	NoteSaved bool // the previous request saved it
	Held      bool // ?hold=1: without JavaScript, do not reload automatically
	NoMail    bool // no email can be sent: the decision is seen on this page only
}

// reloadSeconds is how often the pending page reloads without JavaScript.
const reloadSeconds = 20

// MaxNote is how long a note may be.
func (PendingPage) MaxNote() int { return access.MaxNote }

// ReloadSeconds is how often the page reloads without JavaScript.
func (PendingPage) ReloadSeconds() int { return reloadSeconds }

// A Section is a part of the workspace, with the pages that the member may open.
type Section struct {
	Name, Path string
	Resources  []Resource
}

// A Resource is a page of a section: Data Lake, Flows.
type Resource struct{ Name, Path string }

// HomePage is what a member sees at /.
type HomePage struct {
	Leaf
	Name, Email     string
	Roles           []string
	Sections        []Section // those that the member's roles open
	Admin           bool      // may open the console
	Pending         int       // number of waiting people, for an Admin
	Tokens          int       // number of API tokens that act for the member
	LastSignIn, Now time.Time // the previous sign-in
	NewName         string    // in the field for another name
	NameError       string
	NameSaved       bool // the previous request saved it
}

// SectionPage is the front page of a section.
type SectionPage struct {
	Leaf
	Section Section
}

// ResourcePage is for a resource without a connected application.
type ResourcePage struct {
	Leaf
	Section  Section
	Resource Resource
}

// SetupPage makes the first Admin, once.
type SetupPage struct {
	Leaf
	Action        string // /setup/{token}
	WorkspaceName string
	Name, Email   string
	Errors        map[string]string // by field: "workspace", "name", "email", or "" for the whole form
}

// DesktopPage asks a member whether a native window may act for them.
type DesktopPage struct {
	Leaf
	Authorization DesktopAuthorization
	Unused        string // how long without use, after which the window has to ask again
	Max           string // how long, after which it has to ask again in any case

	Sent    bool // a code was emailed: it has to be typed before the window is authorized
	Held    bool // no mail server is configured: the email is in the outbox
	Email   string
	Error   string // what is wrong with the code, or why none was sent
	Minutes int    // how long the code is valid
}

// A Tone colours a message.
type Tone int

const (
	Info   Tone = iota // all is well
	Warn               // something has to be done, or waited for
	Danger             // something went wrong
)

// Class is the tone's class in the style sheet.
func (t Tone) Class() string { return [...]string{"info", "warn", "danger"}[t] }

// An Action is a next step: a link, or a button that posts.
type Action struct {
	Label, Href, PostTo string
	Fields              []Field // of a form that was sent before, and is sent again as it was
}

// A Field is what a form had in one field, its proof that it is ours included.
type Field struct{ Name, Value string }

// MessagePage is a page that ends a path, with a next step. Title says what
// happened, Text says a little more, Advice says what to do.
type MessagePage struct {
	Leaf
	Text, Advice       string
	Tone               Tone
	Primary, Secondary Action
	RequestNumber      string // to find it in the log
}

// A DesktopAuthorization is the request that a window sends a browser here with.
// The return address is built from its port alone: it leads to the same computer,
// or nowhere.
type DesktopAuthorization struct {
	Challenge string // the hash of the window's secret, in base64url
	State     string // chosen by the window
	Port      int

	hash access.SecretHash
}

// back returns the window's own address on the member's computer.
func (a *DesktopAuthorization) back() string { return fmt.Sprintf("http://127.0.0.1:%d", a.Port) }

// path is that of the page which asks the member.
func (a *DesktopAuthorization) path() string {
	return "/desktop?" + url.Values{
		"code_challenge":        {a.Challenge},
		"code_challenge_method": {"S256"},
		"state":                 {a.State},
		"port":                  {strconv.Itoa(a.Port)},
	}.Encode()
}
