package access

// A Source is the face through which something was asked. Its value is what the
// store and the audit log's hashes hold; [Source.Name] is what people are shown.
type Source string

const (
	SourceConsole Source = "console" // the console in a browser
	SourceDesktop Source = "window"  // the native console
	SourceCLI     Source = "cli"     // the command line on the server's own machine
	SourceAPI     Source = "api"     // a program with an API token
	SourcePortal  Source = "door"    // the pages of invited people and members
	SourceSystem  Source = "system"  // Doorward itself: the sweeper, the mail worker
)

// An Actor says who does something, and from where. A member by session; a token
// for its owner; the operator, who holds the machine (no member, SourceCLI or
// SourceDesktop); or Doorward itself (SourceSystem).
type Actor struct {
	Member MemberID `json:"member,omitempty"`
	Token  TokenID  `json:"token,omitempty"`
	Source Source   `json:"via"`
	From   string   `json:"from,omitempty"` // network address, as the outermost trusted proxy saw it

	// Session is the session that a member asks with. It is kept nowhere.
	Session SecretHash `json:"-"`
}

// Name is the source as the API names it.
func (s Source) Name() string {
	switch s {
	case SourceDesktop:
		return "desktop"
	case SourcePortal:
		return "portal"
	}
	return string(s)
}

// Operator is whoever holds the machine that holds the data.
var Operator = Actor{Source: SourceCLI}

// DesktopOperator is the same person at the native console.
var DesktopOperator = Actor{Source: SourceDesktop}

// System is Doorward itself.
var System = Actor{Source: SourceSystem}

// IsOperator reports whether it is the machine's operator, who may do anything.
func (b Actor) IsOperator() bool {
	return (b.Source == SourceCLI || b.Source == SourceDesktop) && b.Member == "" && b.Token == ""
}

// IsZero reports whether it is nobody.
func (b Actor) IsZero() bool { return b == Actor{} }

// IsSystem reports whether it is Doorward itself.
func (b Actor) IsSystem() bool { return b.Source == SourceSystem }
