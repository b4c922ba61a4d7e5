package access

// A Source is the interface through which a request came. The store and the audit log's
// hashes hold its value, which therefore never changes; [Source.Name] is the name that
// people see.
type Source string

const (
	SourceConsole Source = "console" // the console in a browser
	SourceDesktop Source = "window"  // the native console
	SourceCLI     Source = "cli"     // the command line on the server's own machine
	SourceAPI     Source = "api"     // a program with an API token
	SourcePortal  Source = "door"    // the pages of invited people and members
	SourceSystem  Source = "system"  // Doorward itself: the sweeper, the mail worker
)

// An Actor says who does something and from where. It is one of: a member, by session; a
// token, on behalf of its owner; the operator, who controls the machine (no member, or
// AtMachine; SourceCLI or SourceDesktop); or Doorward itself (SourceSystem).
type Actor struct {
	Member MemberID `json:"member,omitempty"`
	Token  TokenID  `json:"token,omitempty"`
	Source Source   `json:"via"`
	From   string   `json:"from,omitempty"` // network address, as the outermost trusted proxy saw it

	// Session is the session that a member's request came with. It is never stored.
	Session SecretHash `json:"-"`

	// Machine is the machine of a cluster on which the operator gave a command, if another one
	// carries it out. An audit entry has it in a field of its own.
	Machine string `json:"-"`

	// AtMachine says that the operator acts in this member's name, at the native console of
	// the machine that stores the data. It is never stored: what is done so is the member's.
	AtMachine bool `json:"-"`
}

// Name is the name of the source in the API.
func (s Source) Name() string {
	switch s {
	case SourceDesktop:
		return "desktop"
	case SourcePortal:
		return "portal"
	}
	return string(s)
}

// Operator is the person who controls the machine that stores the data.
var Operator = Actor{Source: SourceCLI}

// DesktopOperator is the same person at the native console.
var DesktopOperator = Actor{Source: SourceDesktop}

// System is Doorward itself.
var System = Actor{Source: SourceSystem}

// IsOperator reports whether the actor is the operator, who may do anything.
func (b Actor) IsOperator() bool {
	return (b.Source == SourceCLI || b.Source == SourceDesktop) && b.Token == "" && (b.Member == "" || b.AtMachine)
}

// IsZero reports whether there is no actor.
func (b Actor) IsZero() bool { return b == Actor{} }

// IsSystem reports whether the actor is Doorward itself.
func (b Actor) IsSystem() bool { return b.Source == SourceSystem }

// An Inviter identifies whoever invites: a member or token by id, or the operator.
type Inviter string

// Inviter returns the identity of the actor as an inviter. What a member's token does is
// the member's.
func (b Actor) Inviter() Inviter {
	switch {
	case b.Member != "":
		return Inviter(b.Member)
	case b.Token != "":
		return Inviter(b.Token)
	case b.IsSystem():
		return bySystem
	}
	return byOperator
}

const (
	byOperator Inviter = "operator"
	bySystem   Inviter = "system"
)

// ParseInviter returns the inviter with that id, whom there need not be any more.
func ParseInviter(s string) (Inviter, error) {
	if by := Inviter(s); by == byOperator || by == bySystem {
		return by, nil
	}
	id, err := parseID(s, func() *Error {
		return Errorf(Invalid, "%q is not an inviter. The field inviters of the list names them.",
			Shorten(s, 40)).On("invited_by").WithCode("unknown_inviter")
	})
	return Inviter(id), err
}
