package app

import (
	"context"

	"doorward/backend/store"
)

// OnSetupLink registers what is told of a setup link that is made while the server runs: on the
// machine of a cluster that begins to lead before there is an Admin. It is called after ready, and
// before Serve has returned.
func (a *App) OnSetupLink(fn func(link string)) { a.onSetupLink = fn }

// openSetup makes the setup link at a start. An operator who starts a single server gets a new one
// each time. With several machines a start is not always an operator's, so only the one that leads
// makes a link, and keeps one that is younger than an hour. away says that there is no Admin yet,
// and that the link is not printed here.
func (a *App) openSetup(ctx context.Context) (link string, away bool, err error) {
	if a.machine == nil {
		link, err = a.service.Setup.Open(ctx)
		return link, false, err
	}
	soon, cancel := context.WithTimeout(ctx, leaderWait)
	a.machine.AwaitLeader(soon)
	cancel()
	if a.store.Leads() {
		link, err = a.service.Setup.OpenAtLead(ctx)
		if err != nil && a.store.Leads() {
			return "", false, err
		}
	}
	if link != "" {
		return link, false, nil
	}
	soon, cancel = context.WithTimeout(ctx, copyWait)
	a.machine.AwaitCopy(soon) // an Admin may have come while it was away
	cancel()
	away, err = a.service.Setup.Waits(store.Here(ctx))
	return "", away, err
}

// offerSetup makes the setup link when this machine has begun to lead, if there is no Admin and
// was no link within the hour. The machine that leads is perhaps not the one that an operator has
// started last, and the one that has printed the last link may be lost.
func (a *App) offerSetup(ctx context.Context) {
	link, err := a.service.Setup.OpenAtLead(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		a.log.Error("the setup link was not made", "err", err)
	case link != "" && a.onSetupLink != nil:
		a.onSetupLink(link)
	}
}
