// Package policy answers one question: may somebody in this state, with these
// roles, do this to that? It is the only user of Casbin.
//
// The grants are handed in as values: the built-in roles of package access and
// the roles that were made here. Casbin's own storage is not used, since it
// would write outside our transactions. The default answer is no: an unknown
// state, role, resource or action is refused, and a policy that cannot be
// loaded is an error, never an empty policy.
//
// Casbin costs tens of microseconds for a question. What a set of roles may do
// changes only when a role does, so the answers are worked out once for each
// set and kept until the next policy is loaded.
package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"

	"doorward/backend/access"
)

// The subject of a question is a state and a role. A rule names the state in
// which it holds, so that no rule for members ever speaks for the pending.
const definition = `
[request_definition]
r = state, role, res, act

[policy_definition]
p = state, role, res, act

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.state == p.state && r.role == p.role && r.res == p.res && r.act == p.act
`

// everyone is the role that every member of a state has.
const everyone = access.RoleName("*")

// A Policy is the grants of all roles as of one revision. It never changes; a
// changed role makes a new one. It is safe for concurrent use.
type Policy struct {
	revision int
	roles    map[access.RoleName]access.Role
	enforcer *casbin.Enforcer
	mu       sync.RWMutex
	answers  map[string]Permissions
}

// Permissions are what a set of roles may do.
type Permissions map[access.Permission]bool

// CanManage reports whether there is anything in the console for them.
func (r Permissions) CanManage() bool {
	for _, res := range []access.Resource{access.ResMembers, access.ResAudit, access.ResSettings} {
		for _, a := range []access.Action{access.Read, access.DoInvite, access.Decide, access.Change} {
			if r[access.May(a, res)] {
				return true
			}
		}
	}
	return false
}

// maxAnswers bounds the memory of kept answers.
const maxAnswers = 4096

// Load makes the policy of the built-in roles and these. It fails where Casbin
// refuses the model or a rule, or a role does not stand up to access.CheckGrants.
func Load(own []access.Role, revision int) (*Policy, error) {
	m, err := model.NewModelFromString(definition)
	if err != nil {
		return nil, fmt.Errorf("read policy model: %w", err)
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("make policy enforcer: %w", err)
	}
	p := &Policy{
		revision: revision,
		roles:    map[access.RoleName]access.Role{},
		enforcer: e,
		answers:  map[string]Permissions{},
	}
	for _, r := range own {
		if err := access.CheckGrants(r); err != nil {
			return nil, fmt.Errorf("load role %q: %w", r.Name, err)
		}
	}
	var rules [][]string
	for _, r := range append(access.BuiltIn(), own...) {
		p.roles[r.Name] = r
		for _, g := range r.Permissions {
			rules = append(rules, []string{string(access.Active), string(r.Name), string(g.Resource), string(g.Action)})
		}
	}
	for _, s := range []access.State{access.Pending, access.Active} {
		rules = append(rules, []string{string(s), string(everyone), string(access.ResPortal), string(access.Wait)})
	}
	if _, err := e.AddPolicies(rules); err != nil {
		return nil, fmt.Errorf("load policy of %d rules: %w", len(rules), err)
	}
	return p, nil
}

// Revision is that of the roles the policy was made from.
func (p *Policy) Revision() int { return p.revision }

// Role is the role of that name; false where there is none.
func (p *Policy) Role(name access.RoleName) (access.Role, bool) {
	r, ok := p.roles[name]
	return r, ok
}

// Holding are the names of the roles that hold a permission, in order.
func (p *Policy) Holding(ask access.Permission) (names []access.RoleName) {
	for name, r := range p.roles {
		if slices.Contains(r.Permissions, ask) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// MatchingName is the role that somebody means who wrote a name in another case;
// what fits no role comes back as it is.
func (p *Policy) MatchingName(name access.RoleName) access.RoleName {
	if _, ok := p.roles[name]; ok {
		return name
	}
	for known := range p.roles {
		if strings.EqualFold(string(known), string(name)) {
			return known
		}
	}
	return access.RoleName(strings.Clone(string(name)))
}

// Allow refuses what somebody in this state with these roles may not do.
func (p *Policy) Allow(state access.State, roles []access.RoleName, ask access.Permission) error {
	rights, err := p.Permissions(state, roles)
	if err != nil {
		return err
	}
	if !rights[ask] {
		return access.NotAllowed(ask)
	}
	return nil
}

// Permissions are all that somebody in this state with these roles may do. They are
// shared: do not change them.
func (p *Policy) Permissions(state access.State, roles []access.RoleName) (Permissions, error) {
	k := answerKey(state, roles)
	p.mu.RLock()
	rights, known := p.answers[k]
	p.mu.RUnlock()
	if known {
		return rights, nil
	}
	rights, err := p.work(state, roles)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.answers) >= maxAnswers {
		clear(p.answers)
	}
	p.answers[k] = rights
	return rights, nil
}

func answerKey(state access.State, roles []access.RoleName) string {
	names := make([]string, 0, len(roles)+1)
	for _, r := range roles {
		names = append(names, string(r))
	}
	slices.Sort(names)
	return string(state) + "\x00" + strings.Join(names, "\x00")
}

// work asks Casbin for every permission there is.
func (p *Policy) work(state access.State, roles []access.RoleName) (Permissions, error) {
	rights := Permissions{}
	all := append(access.Grantable(), access.May(access.Wait, access.ResPortal))
	for _, role := range append([]access.RoleName{everyone}, roles...) {
		for _, g := range all {
			ok, err := p.enforcer.Enforce(string(state), string(role), string(g.Resource), string(g.Action))
			if err != nil {
				return nil, fmt.Errorf("ask the policy: %w", err)
			}
			if ok {
				rights[g] = true
			}
		}
	}
	return rights, nil
}

// MayGrant refuses to hand out a role that is unknown, or that may do what the
// rights of the one who grants it do not cover.
func (p *Policy) MayGrant(by Permissions, roles []access.RoleName) error {
	for _, name := range roles {
		r, ok := p.roles[name]
		if !ok {
			return access.UnknownRole(string(name))
		}
		for _, g := range r.Permissions {
			if !by[g] {
				return access.AbovePermissions(name, g)
			}
		}
	}
	return nil
}
