package api

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/service"
)

type checklistOut struct {
	Body struct {
		Items []stepJSON `json:"items" doc:"In the order in which they are best done."`
		Done  bool       `json:"done" doc:"All steps are done."`
	} `nameHint:"Checklist"`
}

type stepJSON struct {
	Step string `json:"step" enum:"mail_server,public_url,second_admin,first_invitation,first_approval,backup"`
	Done bool   `json:"done"`
}

func (s *API) checklist(ctx context.Context, actor access.Actor, _ *struct{}) (*checklistOut, error) {
	steps, err := s.service.Dashboard.Checklist(ctx, actor)
	out := &checklistOut{}
	out.Body.Items, out.Body.Done = []stepJSON{}, service.AllDone(steps)
	for _, step := range steps {
		out.Body.Items = append(out.Body.Items, stepJSON{step.Name, step.Done})
	}
	return out, err
}
