package web

import "doorward/backend/access"

// A Class is who may use a route. The zero value admits no caller: a route has to
// be classified to be reachable.
type Class struct {
	who    audience
	needed access.Permission
	tokens bool // with pendingAudience: also API tokens of active members
	here   bool // with publicAudience and operatorAudience: depends on nothing but this machine
}

type audience int

const (
	noAudience        audience = iota
	publicAudience             // no account needed
	pendingAudience            // pending and active members, by session
	memberAudience             // active members, by session or token
	managerAudience            // active members with something to do in the console
	permittedAudience          // holders of the permission
	operatorAudience           // whoever has access to the machine
)

// Public is for every visitor.
func Public() Class { return Class{who: publicAudience} }

// Static is Public for what every copy of the program has: each machine of a cluster answers
// it, whether it leads or not.
func Static() Class { return Class{who: publicAudience, here: true} }

// Pending is for pending and active members, by session.
func Pending() Class { return Class{who: pendingAudience} }

// PendingOrToken is Pending, and API tokens of active members.
func PendingOrToken() Class { return Class{who: pendingAudience, tokens: true} }

// Member is for active members, by session or token.
func Member() Class { return Class{who: memberAudience} }

// Manager is for active members with something to do in the console.
func Manager() Class { return Class{who: managerAudience} }

// Permission is for principals that have p.
func Permission(p access.Permission) Class { return Class{who: permittedAudience, needed: p} }

// Operator is for the operator, who has access to the machine.
func Operator() Class { return Class{who: operatorAudience} }

// Machine is Operator for what is about this machine and its copy of the store: it answers
// whether it leads or not.
func Machine() Class { return Class{who: operatorAudience, here: true} }

// needsLead reports whether the answer depends on who may do what: only a machine that is
// sure that it leads gives it.
func (n Class) needsLead() bool { return n.who != publicAudience && !n.here }

// String names the class, for the test that sweeps the routes.
func (n Class) String() string {
	if n.who == permittedAudience {
		return n.needed.String()
	}
	return [...]string{"nobody", "public", "pending", "member", "manager", "", "operator"}[n.who]
}

// NeedsAccount reports whether the route is for members only: a session opens it.
func (n Class) NeedsAccount() bool { return n.who >= pendingAudience && n.who <= permittedAudience }

// TakesTokens reports whether an API token also opens the route.
func (n Class) TakesTokens() bool { return n.NeedsAccount() && (n.who != pendingAudience || n.tokens) }
