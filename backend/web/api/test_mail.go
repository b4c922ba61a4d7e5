package api

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
)

type testMailIn struct {
	Body *testMailJSON
}

type testMailJSON struct {
	Email string `json:"email,omitempty" doc:"Absent: one's own address." example:"ada@example.com"`
	Wait  bool   `json:"wait,omitempty" doc:"Answer once the mail server has answered, or after 20 seconds."`
}

type testedMailJSON struct {
	MessageJSON
	Mail mailJSON `json:"mail" doc:"Where the queue is paused, words has the reason."`
}

type testMailOut struct {
	Body testedMailJSON `nameHint:"TestedMail"`
}

const (
	testMailWait  = 20 * time.Second
	testMailEvery = 100 * time.Millisecond
)

func (s *API) testMail(ctx context.Context, actor access.Actor, in *testMailIn) (*testMailOut, error) {
	var to access.Address
	if in.Body != nil && in.Body.Email != "" {
		var err error
		if to, err = address.Parse(in.Body.Email); err != nil {
			return nil, err
		}
	}
	m, err := s.service.Outbox.TestMail(ctx, actor, to)
	if err != nil {
		return nil, err
	}
	if in.Body == nil || !in.Body.Wait {
		h, err := s.service.Outbox.Tested(ctx, m.ID)
		return &testMailOut{testedMailJSON{messageOf(m), s.mailOf(h.Overview)}}, err
	}
	return s.awaitTest(ctx, m.ID)
}

// awaitTest answers once it is known what became of a test email: it was sent or not, or the
// mail server has refused us since.
func (s *API) awaitTest(ctx context.Context, id access.MessageID) (*testMailOut, error) {
	ctx, cancel := context.WithTimeout(ctx, testMailWait)
	defer cancel()
	tick := time.NewTicker(testMailEvery)
	defer tick.Stop()
	for {
		t, err := s.service.Outbox.Tested(context.WithoutCancel(ctx), id)
		if err != nil {
			return nil, err
		}
		out := &testMailOut{testedMailJSON{messageOf(t.Message), s.mailOf(t.Overview)}}
		if t.Known {
			return out, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return out, nil
		case <-s.web.Context().Done():
			return out, nil
		}
	}
}
