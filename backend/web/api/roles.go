package api

import (
	"context"
	"net/http"
	"net/url"

	"doorward/backend/access"
	"doorward/backend/web"
)

func (s *API) mountRoles(r *group) {
	change := web.Permission(access.May(access.Change, access.ResSettings))
	mount(r, op{
		method: http.MethodGet,
		path:   "/roles",
		id:     "list-roles",
		title:  "Roles",
		text:   "The built-in and custom roles, and every permission that a role can have.",
		need:   web.Permission(access.May(access.Read, access.ResMembers)),
	}, s.roles)
	mount(r, op{
		method: http.MethodPut,
		path:   "/roles/{name}",
		id:     "put-role",
		title:  "Create or change a role",
		text: "No one can give a role a permission that they do not have. Built-in roles cannot be changed. " +
			needsConfirmation,
		need:  change,
		fails: []int{http.StatusConflict},
	}, s.putRole)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/roles/{name}",
		id:     "delete-role",
		title:  "Delete a role",
		text:   "Deletes a custom role that no member and no API token has. " + needsConfirmation,
		need:   change,
		fails:  []int{http.StatusConflict},
	}, s.deleteRole)
}

type roleJSON struct {
	Name        string   `json:"name" example:"Pilots"`
	Description string   `json:"description,omitempty"`
	Permissions []string `json:"permissions" example:"open fleet,open fleet/flows"`
	BuiltIn     bool     `json:"built_in"`
	Members     *int     `json:"members,omitempty" doc:"How many members have it."`
	Tokens      *int     `json:"tokens,omitempty" doc:"How many API tokens have it."`
}

func roleOf(r access.Role) roleJSON {
	return roleJSON{
		Name:        string(r.Name),
		Description: r.Description,
		Permissions: permissionPhrases(r.Permissions),
		BuiltIn:     r.BuiltIn,
	}
}

type rolesOut struct {
	Body struct {
		Items     []roleJSON `json:"items"`
		Total     int        `json:"total"`
		Grantable []string   `json:"grantable" doc:"Every permission that a role can have."`
	} `nameHint:"RoleList"`
}

func (s *API) roles(ctx context.Context, actor access.Actor, _ *struct{}) (*rolesOut, error) {
	all, err := s.service.Roles.List(ctx, actor)
	out := &rolesOut{}
	out.Body.Items, out.Body.Total, out.Body.Grantable = make([]roleJSON, len(all)), len(all),
		permissionPhrases(access.Grantable())
	for i, r := range all {
		out.Body.Items[i] = roleOf(r.Role)
		out.Body.Items[i].Members, out.Body.Items[i].Tokens = &r.Members, &r.Tokens
	}
	return out, err
}

// RolePath is the role that an operation acts on.
type RolePath struct {
	Name string `path:"name" doc:"The role's name." example:"Pilots"`
}

func (p *RolePath) name() (access.RoleName, error) {
	name, err := url.PathUnescape(p.Name)
	if err != nil {
		return "", access.NoSuchRole()
	}
	return roleNames([]string{name})[0], nil
}

type putRoleIn struct {
	RolePath
	Body struct {
		Description string   `json:"description,omitempty"`
		Permissions []string `json:"permissions" example:"open fleet,open fleet/flows"`
	}
}

type roleOut struct{ Body roleJSON }

func (s *API) putRole(ctx context.Context, actor access.Actor, in *putRoleIn) (*roleOut, error) {
	name, err := in.name()
	if err != nil {
		return nil, err
	}
	r := access.Role{Name: name, Description: in.Body.Description, Permissions: parsePermissions(in.Body.Permissions)}
	return &roleOut{roleOf(r)}, s.service.Roles.Put(ctx, actor, r)
}

type roleIn struct{ RolePath }

func (s *API) deleteRole(ctx context.Context, actor access.Actor, in *roleIn) (*nothing, error) {
	name, err := in.name()
	if err != nil {
		return nil, err
	}
	return nil, s.service.Roles.Delete(ctx, actor, name)
}
