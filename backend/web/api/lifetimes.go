package api

import (
	"errors"
	"strconv"
	"time"

	"doorward/backend/access"
)

// lifetimesJSON has the lifetimes that an Admin can set. In a change, what is absent stays as it
// is, and what is empty gets its default.
type lifetimesJSON struct {
	SignInLink          *string `json:"sign_in_link,omitempty" doc:"How long a requested login link or code works, from the next one on." example:"15m"`
	PendingAccount      *string `json:"pending_account,omitempty" doc:"How long a pending account is kept without a decision, from the next invitation on." example:"30d"`
	SessionIdle         *string `json:"session_idle,omitempty" doc:"How long a member, or a window, stays signed in without use. Applies to open sessions too." example:"7d"`
	Session             *string `json:"session,omitempty" doc:"How long a member, or a window, stays signed in at most. Applies to open sessions too." example:"30d"`
	SessionIdleManagers *string `json:"session_idle_managers,omitempty" doc:"How long someone who can see members stays signed in without use, in a browser. Applies to open sessions too." example:"30m"`
	SessionManagers     *string `json:"session_managers,omitempty" doc:"How long someone who can see members stays signed in at most, in a browser. Applies to open sessions too." example:"24h"`
	Token               *string `json:"token,omitempty" doc:"How long an API token lasts, unless expires_in says otherwise." example:"90d"`
	TokenLongest        *string `json:"token_longest,omitempty" doc:"How long an API token can last at most, from the next one on." example:"366d"`
}

type lifetimeBoundsJSON struct {
	Name string `json:"name" example:"sign_in_link"`
	Min  string `json:"min" example:"5m"`
	Max  string `json:"max" example:"1h"`
}

func (in *lifetimesJSON) fields() map[access.Lifetime]**string {
	return map[access.Lifetime]**string{
		access.LifetimeSignInLink:     &in.SignInLink,
		access.LifetimePendingAccount: &in.PendingAccount,
		access.LifetimeMemberIdle:     &in.SessionIdle,
		access.LifetimeMemberSession:  &in.Session,
		access.LifetimeAdminIdle:      &in.SessionIdleManagers,
		access.LifetimeAdminSession:   &in.SessionManagers,
		access.LifetimeToken:          &in.Token,
		access.LifetimeLongestToken:   &in.TokenLongest,
	}
}

// change reads what is given.
func (in *lifetimesJSON) change() (map[access.Lifetime]time.Duration, error) {
	if in == nil {
		return nil, nil
	}
	change := map[access.Lifetime]time.Duration{}
	given := in.fields()
	for _, r := range access.LifetimeRules {
		typed := *given[r.Lifetime]
		if typed == nil {
			continue
		}
		if _, err := readLasts(*typed); errors.Is(err, strconv.ErrRange) {
			return nil, r.OutOfBounds()
		}
		lasts, err := parseLasts(r.Lifetime.Field(), *typed)
		if err != nil {
			return nil, err
		}
		change[r.Lifetime] = lasts
	}
	return change, nil
}

func lifetimesOf(l access.Lifetimes) (out lifetimesJSON) {
	for name, field := range out.fields() {
		lasts := lifetimeText(l.Of(name))
		*field = &lasts
	}
	return out
}

func lifetimeBounds() (all []lifetimeBoundsJSON) {
	for _, r := range access.LifetimeRules {
		all = append(all, lifetimeBoundsJSON{
			Name: string(r.Lifetime),
			Min:  lifetimeText(r.Min),
			Max:  lifetimeText(r.Max),
		})
	}
	return all
}
