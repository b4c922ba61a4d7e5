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

// compactDaily removes deleted data from the disk, once a day, at night.
func (a *App) compactDaily(ctx context.Context) {
	for {
		now := time.Now()
		next := time.Date(now.Year(), now.Month(), now.Day()+1, 3, 30, 0, 0, now.Location())
		timer := time.NewTimer(next.Sub(now))
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
