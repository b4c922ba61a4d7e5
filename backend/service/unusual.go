package service

import (
	"context"

	"doorward/backend/access"
	"doorward/backend/store"
)

// Notice stores what was noticed since the last call. It is called at intervals,
// not for each event, so that strangers control neither how often the store is
// written nor how much. The audit log gets one entry for many events, later.
func (s Dashboard) Notice(ctx context.Context, all []access.TraceCount) error {
	if len(all) == 0 {
		return nil
	}
	return s.store.Update(ctx, func(tx *store.Tx) error {
		for _, x := range all {
			if err := notice(tx, x); err != nil {
				return err
			}
		}
		return nil
	})
}

func notice(tx *store.Tx, x access.TraceCount) error {
	if !x.Trace.Known() || x.Count <= 0 {
		return nil
	}
	r, err := tx.Traces.Get(x.Trace)
	if err != nil {
		return err
	}
	if r.Add(x, tx.Now) {
		if err := tx.Schedule.Put(store.Due{At: r.DueAt, Kind: store.DueTrace, Ref: string(x.Trace)}); err != nil {
			return err
		}
	}
	return tx.Traces.Put(r)
}

// Unusual returns what was noticed in the last 24 hours, for callers who may read
// the audit log.
func (s Dashboard) Unusual(ctx context.Context, actor access.Actor) (out access.Unusual, err error) {
	err = s.view(ctx, actor, access.May(access.Read, access.ResAudit), func(tx *store.Tx) error {
		c, err := tx.Counters()
		if err != nil {
			return err
		}
		out, err = unusual(tx, c)
		return err
	})
	return out, err
}

func unusual(tx *store.Tx, c access.Counters) (access.Unusual, error) {
	all, err := tx.Traces.All()
	return access.UnusualOf(all, c.Active, tx.Now), err
}
