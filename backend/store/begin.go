package store

import (
	"context"
	"sync"
	"sync/atomic"

	"doorward/backend/store/kv"
)

type hereKey struct{}

// Here marks a View as one of this machine's own copy, where the store is on several machines:
// it works on each of them, and may lack what was committed before. It is for what a machine
// needs to start and to know the others; no permission may depend on it.
func Here(ctx context.Context) context.Context { return context.WithValue(ctx, hereKey{}, true) }

func isHere(ctx context.Context) bool { return ctx.Value(hereKey{}) != nil }

// reader returns how a View reads.
func (s *Store) reader(ctx context.Context) func(context.Context, func(kv.Tx) error) error {
	if l, ok := s.kv.(kv.Local); ok && isHere(ctx) {
		return l.ViewHere
	}
	return s.kv.View
}

// beginnings counts the leads of this process in an engine that has elections. Each begins
// with a check of the data, which others have written meanwhile, perhaps with another version
// of the program.
type beginnings struct {
	asItIs bool         // nothing is checked
	newest atomic.Int64 // zero: the engine has no elections
	done   atomic.Int64 // the newest that was checked
	mu     sync.Mutex   // held while one is checked
}

// begin checks the data, once in each lead. Everything else waits for that. What is to be
// migrated is migrated while this machine serves (raise.go).
func (s *Store) begin(ctx context.Context) error {
	b := &s.beginnings
	if !b.due() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.due() {
		return nil
	}
	now := b.newest.Load()
	ctx = context.WithoutCancel(ctx) // others wait for it
	if err := firstOf(ctx, s.check, s.readLatest); err != nil {
		return err
	}
	b.done.Store(now)
	return nil
}

// due reports whether a lead has begun that was not checked.
func (b *beginnings) due() bool { return !b.asItIs && b.done.Load() != b.newest.Load() }

// filled says that the data is what somebody has just filled the store with, who checks it.
func (b *beginnings) filled() { b.done.Store(b.newest.Load()) }

// check refuses data that this program cannot use, or not with this instance key, and reads
// when the store last ran.
func (s *Store) check(ctx context.Context) error {
	if err := firstOf(ctx, s.checkSchema, s.checkKey); err != nil {
		return err
	}
	known, err := s.lastKnown(ctx)
	if err == nil {
		s.clock.expect(known)
	}
	return err
}
