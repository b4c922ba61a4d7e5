package store

import (
	"context"
	"errors"
	"fmt"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// engine is what a store requires beyond kv.Store: caches depend on being told of commits
// in time, and an installation needs a name of its own (Instance).
type engine interface {
	kv.Store
	kv.CommitFollower
	kv.Identified
}

// openEngine opens the chosen engine.
func openEngine(o Options, c kv.Config) (engine, error) {
	if o.Engine == nil {
		return nil, fmt.Errorf("open store in %q: no engine was chosen", o.Dir)
	}
	opened, err := o.Engine(c)
	if err != nil {
		return nil, explain(o.Dir, err)
	}
	e, ok := opened.(engine)
	if !ok {
		err := fmt.Errorf("open store in %q: %T does not tell of commits, or has no name", o.Dir, opened)
		return nil, errors.Join(err, opened.Close()) // close it although it is refused: nobody else will
	}
	return e, nil
}

// able returns the engine as an interface that not every engine has; the error says what
// this one lacks.
func able[T any](s *Store, what string) (T, error) {
	e, ok := s.kv.(T)
	if !ok {
		return e, access.Errorf(access.Unavailable, "The storage that this server runs on cannot %s.", what).
			WithCode("not_supported")
	}
	return e, nil
}

// Compact rewrites the store so that no deleted data is left in the bytes of the data
// directory. Reading and writing go on meanwhile. Unavailable (not_supported) says that the
// engine cannot do it.
func (s *Store) Compact(ctx context.Context) error {
	e, err := able[kv.Compactor](s, "be compacted")
	if err != nil {
		return err
	}
	return s.explain(e.Compact(ctx))
}

// Each iterates over all data, as it was at one moment, in the order of keys. Key and value
// are valid until fn returns; its first error ends the iteration and is returned. Unavailable
// (not_supported) says that the engine cannot do it.
func (s *Store) Each(ctx context.Context, fn func(key, value []byte) error) error {
	e, err := able[kv.Snapshotter](s, "be read as a whole, which verify and backup need")
	if err != nil {
		return err
	}
	return s.explain(e.Each(ctx, nil, fn))
}

// bumpEpoch makes every holder of an older epoch notice that the store has changed.
func (s *Store) bumpEpoch(ctx context.Context) error {
	e, err := able[kv.Loader](s, "be filled from a backup")
	if err != nil {
		return err
	}
	return s.explain(e.BumpEpoch(ctx))
}
