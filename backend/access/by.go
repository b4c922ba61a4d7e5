package access

// A Via is the face through which something was asked.
type Via string

const (
	ViaConsole Via = "console" // the console in a browser
	ViaWindow  Via = "window"  // the native console
	ViaCLI     Via = "cli"     // the command line on the server's own machine
	ViaAPI     Via = "api"     // a program with an API token
	ViaDoor    Via = "door"    // the pages of invited people and members
	ViaSystem  Via = "system"  // Doorward itself: the sweeper, the mail worker
)

// A By says who does something, and from where. A member by session; a token
// for its owner; the operator, who holds the machine (no member, ViaCLI or
// ViaWindow); or Doorward itself (ViaSystem).
type By struct {
	Member MemberID `json:"member,omitempty"`
	Token  TokenID  `json:"token,omitempty"`
	Via    Via      `json:"via"`
	From   string   `json:"from,omitempty"` // network address, as the outermost trusted proxy saw it

	// Session is the session that a member asks with. It is kept nowhere.
	Session SecretHash `json:"-"`
}

// Operator is whoever holds the machine that holds the data.
var Operator = By{Via: ViaCLI}

// OperatorInWindow is the same person at the native console.
var OperatorInWindow = By{Via: ViaWindow}

// System is Doorward itself.
var System = By{Via: ViaSystem}

// IsOperator reports whether it is the machine's operator, who may do anything.
func (b By) IsOperator() bool {
	return (b.Via == ViaCLI || b.Via == ViaWindow) && b.Member == "" && b.Token == ""
}

// IsZero reports whether it is nobody.
func (b By) IsZero() bool { return b == By{} }

// IsSystem reports whether it is Doorward itself.
func (b By) IsSystem() bool { return b.Via == ViaSystem }
