package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"doorward/backend/access"
	"doorward/backend/web"
)

// mountCluster mounts what is about the machines of a cluster; a server alone has no such routes.
func (s *API) mountCluster(r *group) {
	mount(r, op{
		method: http.MethodGet,
		path:   "/cluster/machines",
		id:     "list-machines",
		title:  "The machines of the cluster",
		text: "As the one that leads sees them now, in the order in which they have joined. One that does not " +
			"answer within two seconds counts as one that does not.",
		need: web.Permission(access.May(access.Read, access.ResSettings)),
	}, s.machines)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/cluster/machines/{id}",
		id:     "remove-machine",
		title:  "Remove a machine from the cluster",
		text: "Its vote is taken away, then it is gone from the list. It cannot come back with what it has, but it " +
			"can join again with a new token. For Admins. Refused for the machine that leads, and for one without " +
			"which those that answer are no majority. " + needsConfirmation,
		need:  web.Permission(access.May(access.Change, access.ResSettings)),
		fails: []int{http.StatusConflict},
	}, s.removeMachine)
}

type machineJSON struct {
	ID       string    `json:"id"`
	Name     string    `json:"name" example:"berlin-1"`
	Address  string    `json:"address" doc:"Where the other machines reach it." example:"10.0.0.1:9443"`
	Role     string    `json:"role" enum:"learner,voter,leaving" doc:"learner: it gets its copy and has no vote yet; leaving: it was removed and is about to be gone." example:"voter"`
	Version  string    `json:"version" doc:"Of Doorward. Of a machine that does not answer: when it joined."`
	JoinedAt time.Time `json:"joined_at"`
	Leads    bool      `json:"leads" doc:"It does all the work; another one takes over when it stops."`
	Answers  bool      `json:"answers"`
	Behind   uint64    `json:"behind" doc:"How many changes it does not have on its disk yet." example:"0"`

	WrongClock bool `json:"wrong_clock,omitempty" doc:"Its clock is more than 10 seconds off from most of the others', so it does not lead."`
	Damaged    bool `json:"damaged,omitempty" doc:"Its copy of the data is damaged: remove it, and let it join again."`
}

type machinesOut struct {
	Body struct {
		Items []machineJSON `json:"items"`
	} `nameHint:"MachineList"`
}

func (s *API) machines(ctx context.Context, actor access.Actor, _ *struct{}) (*machinesOut, error) {
	all, err := s.service.Machines.List(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := &machinesOut{}
	out.Body.Items = make([]machineJSON, len(all))
	for i, m := range all {
		is := machineJSON{ID: m.ID, Name: m.Name, Address: m.Address, Role: m.Role, Version: m.Version,
			JoinedAt: m.JoinedAt, Leads: m.Leads, Answers: m.Self, WrongClock: m.WrongClock,
			Damaged: m.Damaged}
		if m.Answers != nil {
			is.Answers = *m.Answers
		}
		if m.Behind != nil {
			is.Behind = *m.Behind
		}
		out.Body.Items[i] = is
	}
	return out, nil
}

type machineIn struct {
	ID string `path:"id" doc:"The machine's id." example:"mfrggzdfmztwq2lknnwg23tpoa"`
}

func (s *API) removeMachine(ctx context.Context, actor access.Actor, in *machineIn) (*nothing, error) {
	return nil, s.service.Machines.Remove(ctx, actor, in.ID)
}

// leaveOutCluster takes out of the document what no answer of a server alone has: it is not to
// be looked for there.
func (r *group) leaveOutCluster() {
	schemas := r.huma.OpenAPI().Components.Schemas.Map()
	delete(schemas["Settings"].Properties, "cluster")
	action := schemas["Audit"].Properties["action"]
	phrases := action.Extensions["x-phrases"].(map[string]string)
	for _, a := range access.ClusterActions() {
		action.Enum = slices.DeleteFunc(action.Enum, func(name any) bool { return name == a.Name() })
		delete(phrases, a.Name())
	}
}
