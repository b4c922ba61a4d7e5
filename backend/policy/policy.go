// Package policy answers one question: may a member in this state, with these roles, do
// this to that resource? It is the only user of Casbin.
//
// The grants are passed in as values: the built-in roles of package access and the
// workspace's own roles. Casbin's own storage is not used, since it would write outside our
// transactions. The default answer is no: an unknown state, role, resource or action is
// refused, and a policy that cannot be loaded is an error, never an empty policy.
//
// Casbin takes tens of microseconds to answer a question. The answers for a set of roles
// change only when a role does, so they are computed once for each set and cached until the
// next policy is loaded.
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

// A question's subject is a state and a role. Each rule names the state in which it
// applies, so no rule for members ever applies to pending ones.
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

// A Policy holds the grants of all roles at one revision. It never changes: changing a role
// makes a new Policy. It is safe for concurrent use.
type Policy struct {
	revision int
	roles    map[access.RoleName]access.Role
	enforcer *casbin.Enforcer
	mu       sync.RWMutex
	answers  map[string]Permissions
}

// Permissions are what a set of roles may do.
type Permissions map[access.Permission]bool

// CanManage reports whether they allow anything in the console.
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

// maxAnswers limits the memory of the cache.
const maxAnswers = 4096

// Load makes a policy of the built-in roles and these. It fails if Casbin refuses the model
// or a rule, or if access.CheckGrants refuses a role.
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

// Revision is the revision of the roles that the policy was made from.
func (p *Policy) Revision() int { return p.revision }

// Role returns the role with that name; false if there is none.
func (p *Policy) Role(name access.RoleName) (access.Role, bool) {
	r, ok := p.roles[name]
	return r, ok
}

// Holding returns the names of the roles that have a permission, in order.
func (p *Policy) Holding(needed access.Permission) (names []access.RoleName) {
	for name, r := range p.roles {
		if slices.Contains(r.Permissions, needed) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// MatchingName returns the role that a name in another case means; an unknown name is
// returned unchanged.
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

// Permissions are all permissions of a member in this state with these roles. The result is
// shared: do not modify it.
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

// work asks Casbin about every permission.
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

// MayGrant refuses to grant a role that is unknown, or that has permissions which by does
// not cover.
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
