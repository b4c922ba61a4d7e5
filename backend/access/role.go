package access

import (
	"fmt"
	"slices"
	"strings"
)

// A RoleName names a set of permissions.
type RoleName string

// The built-in roles. They cannot be changed or deleted.
const (
	Admin  RoleName = "Admin"
	AILoop RoleName = "AILoop"
	Fleet  RoleName = "Fleet"
)

// A Resource is what a permission is about.
type Resource string

// The resources. A section's own name means its front page.
const (
	ResAILoop         Resource = "ailoop"
	ResAILoopDataLake Resource = "ailoop/datalake"
	ResAILoopFlows    Resource = "ailoop/flows"
	ResFleet          Resource = "fleet"
	ResFleetDataLake  Resource = "fleet/datalake"
	ResFleetFlows     Resource = "fleet/flows"
	ResMembers        Resource = "members"
	ResAudit          Resource = "audit"
	ResSettings       Resource = "settings"
	ResApplications   Resource = "applications"
	ResPortal         Resource = "door" // the member's own pending page and account
)

// An Action is what a permission lets one do to a resource.
type Action string

const (
	Open     Action = "open"   // enter a section or an application
	Read     Action = "read"   // see lists and records
	DoInvite Action = "invite" // invite, renew, resend
	Decide   Action = "decide" // approve and reject
	Change   Action = "change" // change roles, suspend, unsuspend, remove; settings, roles, tokens
	Wait     Action = "wait"   // the pending page and its actions
)

// A Permission is an action on a resource.
type Permission struct {
	Action   Action   `json:"action"`
	Resource Resource `json:"resource"`
}

// May makes a Permission; the arguments come in spoken order: may open ailoop/flows.
func May(a Action, r Resource) Permission { return Permission{Action: a, Resource: r} }

// String is the permission in words: "open ailoop/flows".
func (p Permission) String() string { return string(p.Action) + " " + string(p.Resource) }

// grantable is every permission that a role can hold.
var grantable = []Permission{
	May(Open, ResAILoop), May(Open, ResAILoopDataLake), May(Open, ResAILoopFlows),
	May(Open, ResFleet), May(Open, ResFleetDataLake), May(Open, ResFleetFlows),
	May(Read, ResMembers), May(DoInvite, ResMembers), May(Decide, ResMembers), May(Change, ResMembers),
	May(Read, ResAudit),
	May(Read, ResSettings), May(Change, ResSettings),
	May(Read, ResApplications), May(Change, ResApplications),
}

// Grantable returns every permission that a role can hold, in display order.
func Grantable() []Permission { return slices.Clone(grantable) }

// A Role is a name for a set of permissions.
type Role struct {
	Name        RoleName     `json:"name"`
	Description string       `json:"description,omitempty"`
	Permissions []Permission `json:"permissions"`
	BuiltIn     bool         `json:"built_in"`
}

// BuiltIn returns the three roles that every installation has.
func BuiltIn() []Role {
	section := func(prefix Resource) (in []Permission) {
		for _, p := range grantable {
			if p.Action == Open && strings.HasPrefix(string(p.Resource), string(prefix)) {
				in = append(in, p)
			}
		}
		return in
	}
	return []Role{
		{
			Name:        Admin,
			BuiltIn:     true,
			Permissions: Grantable(),
			Description: "Opens everything, and manages members, roles and settings.",
		},
		{
			Name:        AILoop,
			BuiltIn:     true,
			Permissions: section(ResAILoop),
			Description: "Opens AILoop: Data Lake and Flows. Nothing in Fleet.",
		},
		{
			Name:        Fleet,
			BuiltIn:     true,
			Permissions: section(ResFleet),
			Description: "Opens Fleet: Data Lake and Flows. Nothing in AILoop.",
		},
	}
}

// IsBuiltIn reports whether the role is one of the three that cannot be
// changed.
func (r RoleName) IsBuiltIn() bool { return r == Admin || r == AILoop || r == Fleet }

// CheckRole checks a role before it is saved: what CheckGrants checks, and that its
// description can be shown.
func CheckRole(r Role) error {
	if err := CheckGrants(r); err != nil {
		return err
	}
	return CheckText("description", r.Description, 200)
}

// CheckGrants checks a role's name and permissions: what decides access, not what is only
// displayed. The name of a built-in role is Conflict, also in another spelling; no name, no
// permission, or one that cannot be granted, is Invalid.
func CheckGrants(r Role) error {
	switch {
	case r.Name.IsBuiltIn():
		return Errorf(Conflict, "%s is built in and cannot be changed. Create a role with another name.", r.Name).
			WithCode("built_in_role")
	case !validRoleName(string(r.Name)):
		return Errorf(Invalid,
			"A role name must have 1 to %d letters, digits, spaces or hyphens, and start with a letter.", maxRoleName).
			On("name").WithCode("role_name")
	case len(r.Permissions) == 0:
		return Errorf(Invalid, "Choose at least one permission for the role %s.", r.Name).
			On("permissions").WithCode("permission_missing")
	}
	for _, b := range BuiltIn() {
		if strings.EqualFold(string(b.Name), string(r.Name)) {
			return Errorf(Conflict, "%s looks like the built-in role %s. Choose another name.", r.Name, b.Name).
				On("name").WithCode("built_in_role")
		}
	}
	for _, p := range r.Permissions {
		if !slices.Contains(grantable, p) {
			return Errorf(Invalid, "There is no permission %q. GET /api/v1/roles lists them.", Shorten(p.String(), 60)).
				On("permissions").WithCode("unknown_permission")
		}
	}
	return nil
}

// maxRoleName is how long the name of a role may be.
const maxRoleName = 40

func validRoleName(s string) bool {
	if s == "" || len(s) > maxRoleName || !isLetter(s[0]) || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && (c < '0' || c > '9') && c != ' ' && c != '-' {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// MaxRolesHeld is how many roles one member, or one token, can have.
const MaxRolesHeld = 10

// TooManyRoles is the refusal of more roles than one member can have.
func TooManyRoles() *Error {
	return Errorf(Invalid, "A member can have at most %d roles. Create one role that combines several of them.",
		MaxRolesHeld).On("roles").WithCode("too_many_roles")
}

// RoleNames writes roles as a list for display: "Fleet, AILoop".
func RoleNames(roles []RoleName) string {
	s := make([]string, len(roles))
	for i, r := range roles {
		s[i] = string(r)
	}
	return strings.Join(s, ", ")
}

// UnknownRole is the answer to a role that does not exist.
func UnknownRole(name string) *Error {
	return Errorf(Invalid, "There is no role %q. Use Admin, AILoop, Fleet or a custom role.", Shorten(name, 40)).
		On("roles").WithCode("unknown_role")
}

// AbovePermissions is the refusal of a role with permissions that the granting member
// lacks.
func AbovePermissions(role RoleName, p Permission) *Error {
	return Errorf(Forbidden, "%s includes more access than you have (%s), so you cannot grant it.", role, p).
		WithCode("role_above_own")
}

// NotAllowed is the refusal of an action that needs a permission.
func NotAllowed(p Permission) *Error {
	return Errorf(Forbidden, "You do not have this permission: %s. An Admin can change "+
		"that.", p).WithCode("not_allowed")
}

var _ fmt.Stringer = Permission{}
