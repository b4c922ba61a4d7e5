package app

import (
	"context"
	"sync"
	"time"
)

// RunWorkers sends emails and does scheduled work, whenever this process leads,
// until ctx ends. It tidies up its own files, and logs what strangers do, at all times.
func (a *App) RunWorkers(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { a.compactDaily(ctx) })
	all.Go(func() { a.web.RunTraces(ctx) })
	all.Go(func() { a.store.WhileLeading(ctx, a.lead) })
	all.Wait()
}

// lead does the work of the leading process, until ctx ends.
func (a *App) lead(ctx context.Context) {
	a.emails.Warm() // before jobs answers the first request to sign in
	var both sync.WaitGroup
	both.Go(func() { a.jobs.Run(ctx) })
	both.Go(func() {
		if err := a.mail.Run(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("the mail worker stopped", "err", err)
		}
	})
	both.Wait()
}

// compactDaily removes deleted data from the disk, once a day, at night. A machine of a cluster
// that was down then does so after it was started: meanwhile the others were told that it is gone.
func (a *App) compactDaily(ctx context.Context) {
	if a.machine != nil {
		if err := a.machine.CompactMissed(ctx, nightOf(time.Now(), 0)); err != nil && ctx.Err() == nil {
			a.log.Error("the daily compaction that was missed failed", "err", err)
		}
	}
	for {
		now := time.Now()
		timer := time.NewTimer(nightOf(now, 1).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := a.store.Compact(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("the daily compaction failed", "err", err)
		}
	}
}

// nightOf is the last moment for the daily compaction before now, or one that many days later.
func nightOf(now time.Time, days int) time.Time {
	last := time.Date(now.Year(), now.Month(), now.Day(), 3, 30, 0, 0, now.Location())
	if last.After(now) {
		days--
	}
	return last.AddDate(0, 0, days)
}
