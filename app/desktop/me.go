package desktop

import (
	"context"
	"net/http"
	"slices"

	"doorward/backend/access"
)

// Whoever opens the window on the machine that stores the data is its operator. To
// people that says nothing: an invitation has to say who invites. So the window acts in
// the name of the Admin who is at it: the only one there is, or the one who says so.

// A person is an Admin who may be at the window.
type person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// identify settles who is at the window of a Doorward on this computer. Where there are
// several Admins and none of them has said so, it returns them: the page has to ask.
func (s *Shell) identify(ctx context.Context, o Opened, fresh bool) (ask []person, err error) {
	if o.At != "" || fresh || o.As != "" {
		return nil, nil
	}
	admins, err := admins(ctx, o)
	if err != nil {
		return nil, err
	}
	if len(admins) == 1 {
		s.actAs(admins[0].ID)
		return nil, nil
	}
	if me := s.Workspaces.Me(); slices.ContainsFunc(admins, func(p person) bool { return p.ID == me }) {
		s.actAs(me)
		return nil, nil
	}
	return admins, nil
}

// admins are the active Admins, at most as many as one page of the API has.
func admins(ctx context.Context, o Opened) ([]person, error) {
	var list struct{ Items []person }
	err := get(ctx, o, "/api/v1/members?role=Admin&state=active&limit=200", &list)
	return list.Items, err
}

func (s *Shell) actAs(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened != nil && s.opened.At == "" {
		s.opened.As = id
	}
}

// chooseMe records which of the Admins is at the window, here and for the next start.
func (s *Shell) chooseMe(w http.ResponseWriter, r *http.Request) {
	var in struct{ ID string }
	if err := read(r, &in); err != nil {
		s.refuse(w, err)
		return
	}
	o, open := s.Opened()
	if !open || o.At != "" {
		s.refuse(w, unreachable(nil))
		return
	}
	all, err := admins(r.Context(), o)
	if err == nil && !slices.ContainsFunc(all, func(p person) bool { return p.ID == in.ID }) {
		err = access.Errorf(access.Invalid, "Choose one of the administrators.").On("id").WithCode("unknown_admin")
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.actAs(in.ID)
	_ = s.Workspaces.SetMe(in.ID) // if that cannot be stored, the next start asks again
	answer(w, http.StatusOK, map[string]any{})
}
