package api

import (
	"context"
	"time"

	"doorward/backend/access"
)

type unusualJSON struct {
	Total int        `json:"total" doc:"Events of all kinds." example:"12"`
	Usual int        `json:"usual" doc:"The most that a normal day of this workspace has." example:"100"`
	High  bool       `json:"high" doc:"More than a normal day has: of all kinds, or of wrong codes alone."`
	Items []kindJSON `json:"items" doc:"The kinds that occurred."`
}

type kindJSON struct {
	Kind     string    `json:"kind" doc:"Stable: log lines and audit entries use it." enum:"wrong_code,dead_link,bad_token,too_many,foreign_host,foreign_form,body_refused,framing_refused,forwarded_refused,connection_refused,setup_wrong"`
	Name     string    `json:"name" doc:"What was counted." example:"wrong login codes"`
	Count    int       `json:"count" example:"12"`
	Networks int       `json:"networks" doc:"From how many networks: an IPv4 address is one, and so is an IPv6 /64." example:"3"`
	More     bool      `json:"networks_is_floor,omitempty" doc:"networks is a lower bound."`
	MostFrom string    `json:"most_from,omitempty" doc:"The network that more than half of them came from; absent if there is none." example:"203.0.113.9"`
	LastAt   time.Time `json:"last_at"`
	Means    string    `json:"means" doc:"What has happened."`
	ToDo     string    `json:"to_do" doc:"What to do about it."`
}

type unusualOut struct{ Body unusualJSON }

func (s *API) unusual(ctx context.Context, actor access.Actor, _ *struct{}) (*unusualOut, error) {
	u, err := s.service.Dashboard.Unusual(ctx, actor)
	out := &unusualOut{unusualJSON{Total: u.Total, Usual: u.Usual, High: u.High, Items: make([]kindJSON, len(u.Days))}}
	for i, d := range u.Days {
		out.Body.Items[i] = kindJSON{
			Kind:     string(d.Trace),
			Name:     d.Trace.Name(d.Count),
			Count:    d.Count,
			Networks: d.Networks,
			More:     d.More,
			MostFrom: d.MostFrom,
			LastAt:   d.Last,
			Means:    d.Trace.Means(),
			ToDo:     d.Trace.ToDo(),
		}
	}
	return out, err
}
