// Package enginetest chooses the engine for tests that use the store: Badger, or with
// DOORWARD_TEST_ENGINE=faulty Badger with the faults of a replicated engine, or with
// DOORWARD_TEST_ENGINE=replica the replicated engine, as a cluster of one.
package enginetest

import (
	"fmt"
	"os"
	"strconv"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/kv/faulty"
)

// Variable names the engine; SEED seeds the faults.
const Variable = "DOORWARD_TEST_ENGINE"

// The rates of faults on the faulty engine.
const (
	updateFaults = 0.2
	sendFaults   = 0.05
	leadFaults   = 0.02
)

// Controlled returns an Opener whose engine the test controls; engine returns the one that
// was opened last.
func Controlled() (open kv.Opener, engine func() *faulty.Store) {
	var last *faulty.Store
	open = func(c kv.Config) (kv.Store, error) {
		b, err := badger.Open(badger.Options{Config: c})
		if err != nil {
			return nil, err
		}
		last = faulty.New(b, faulty.Options{})
		return last, nil
	}
	return open, func() *faulty.Store { return last }
}

// Faultless opens Badger for a test that counts writes: retries would write more than once.
func Faultless(c kv.Config) (kv.Store, error) { return badger.Engine(c) }

// Open opens an engine for a test.
func Open(c kv.Config) (kv.Store, error) {
	switch name := os.Getenv(Variable); name {
	case "", "badger":
		return badger.Engine(c)
	case "faulty":
		return openFaulty(c)
	case "replica":
		return openReplicated(c)
	default:
		return nil, fmt.Errorf("%s=%q names no engine: badger, faulty or replica", Variable, name)
	}
}

func openFaulty(c kv.Config) (kv.Store, error) {
	seed, _ := strconv.ParseInt(os.Getenv("SEED"), 10, 64) // zero if there is none: the same faults each time
	send := faulty.Send(faulty.Options{Seed: seed, Rate: sendFaults})
	b, err := badger.Open(badger.Options{Config: c, Send: send})
	if err != nil {
		return nil, err
	}
	return faulty.Caller{Store: faulty.New(b, faulty.Options{Seed: seed, Rate: updateFaults, Lead: leadFaults})}, nil
}
