package api

import (
	"context"
	"time"

	"doorward/backend/access"
	"doorward/backend/service"
)

// clockHeldJSON says why nothing expires automatically now. Its times are from
// the clock that is in doubt.
type clockHeldJSON struct {
	Direction string    `json:"direction" enum:"ahead,behind" doc:"Compared with the time that the server knows."`
	Hours     int       `json:"hours" doc:"By how much, rounded." example:"744"`
	Says      time.Time `json:"says" doc:"What the clock shows now."`
	Since     time.Time `json:"since" doc:"When the server saw it."`
	Until     time.Time `json:"until" doc:"When it accepts the clock automatically, if it keeps running until then."`
}

// clockHeldOf is nil where the clock is trusted.
func clockHeldOf(o service.Overview, now time.Time) *clockHeldJSON {
	if !o.Clock.Held() {
		return nil
	}
	direction, far := "ahead", o.Clock.Ahead
	if o.Clock.Behind > 0 {
		direction, far = "behind", o.Clock.Behind
	}
	return &clockHeldJSON{
		Direction: direction,
		Hours:     int(far.Round(time.Hour).Hours()),
		Says:      now,
		Since:     o.Clock.Since,
		Until:     o.Clock.Until,
	}
}

type trustClockIn struct {
	Body struct {
		Right bool `json:"right" doc:"true: the clock is right."`
	}
}

// trustClock records that a caller who may change settings says the clock is
// right. There is no call to say that it is wrong, since the server could do
// nothing about it: the operator corrects the machine's clock.
func (s *API) trustClock(ctx context.Context, actor access.Actor, in *trustClockIn) (*nothing, error) {
	if !in.Body.Right {
		return nil, access.Errorf(access.Invalid,
			"If the clock is wrong, correct it on the server first. Then send true.").
			On("right").WithCode("clock_not_right")
	}
	return nil, s.service.Settings.TrustClock(ctx, actor)
}
