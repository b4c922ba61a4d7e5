package machines

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"time"

	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/store/kv"
)

// What was deleted is on every machine, in its copy and in its log. So the command to compact is
// carried out by the leading machine, which has one machine after the other do it, itself last. A
// machine that was down for a night does it once it has caught up.

const (
	compactWithin = 20 * time.Minute // on all machines
	catchUpWithin = 30 * time.Second // to what was deleted before the command
)

// Compact implements app.Machine.
func (m *machine) Compact(ctx context.Context) (all []access.MachineCompacted, err error) {
	if m.store.Load().Leads() {
		return m.compactAll(ctx)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://doorward/compact", nil)
	if err != nil {
		return nil, err
	}
	return all, m.send(r, seekTime, &all)
}

// compactAll has every machine compact its copy, and says of each why it has not.
func (m *machine) compactAll(ctx context.Context) (all []access.MachineCompacted, err error) {
	at, err := m.node.Mark(ctx)
	for _, lost := range []error{kv.ErrUnavailable, kv.ErrUnknownOutcome, kv.ErrBusy} {
		if errors.Is(err, lost) {
			return nil, nobodyLeads()
		}
	}
	if err != nil {
		return nil, access.Errorf(access.Unavailable, "Nothing was compacted: %v", err).
			WithCode("cluster_not_compacted")
	}
	self := -1
	for i, k := range m.members() {
		all = append(all, access.MachineCompacted{Name: k.Name})
		if k.ID == m.identity.Node() {
			self = i
			continue
		}
		all[i].Problem = textOf(m.compactOn(ctx, k.ID, at))
	}
	if self >= 0 {
		all[self].Problem = textOf(m.compactHere(ctx, at))
	}
	return all, nil
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// compactOn has another machine compact its copy, with what was deleted up to an entry.
func (m *machine) compactOn(ctx context.Context, id cluster.NodeID, at uint64) error {
	conn, err := m.port.DialCommand(ctx, id)
	if err != nil {
		return errors.New("it cannot be reached")
	}
	var done struct{}
	err = callOver(ctx, conn, http.MethodPost, "/compact/"+strconv.FormatUint(at, 10), &done)
	var refused *access.Error
	if err == nil || errors.As(err, &refused) {
		return err
	}
	return fmt.Errorf("it did not answer to the end: %w", err)
}

// compactHere compacts this machine's copy, once that has what was deleted up to an entry.
func (m *machine) compactHere(ctx context.Context, at uint64) error {
	if err := m.catchUp(ctx, at); err != nil {
		return err
	}
	if err := m.store.Load().Compact(ctx); err != nil {
		return err
	}
	aside := within(m.o.Data, asideDir)
	if _, err := os.Lstat(aside); !errors.Is(err, fs.ErrNotExist) {
		return access.Errorf(access.Conflict,
			"Its copy is, but %s still has what this machine had before it joined again: delete that.", aside).
			WithCode("rejoin_aside")
	}
	return nil
}

func (m *machine) catchUp(ctx context.Context, at uint64) error {
	ctx, cancel := context.WithTimeout(ctx, catchUpWithin)
	defer cancel()
	_ = m.awaitApplied(ctx, at)
	if has := m.applied(); has < at {
		return access.Errorf(access.Unavailable, "It has not caught up yet: its copy lacks %d entries.", at-has).
			WithCode("cluster_behind")
	}
	return nil
}

// compacts answers the operator's command, by the leading machine.
func (m *machine) compacts(r *http.Request) (any, error) {
	if err := m.leadsOrSays(); err != nil {
		return nil, err
	}
	return m.compactAll(r.Context())
}

// compactsHere answers the leading machine's command.
func (m *machine) compactsHere(r *http.Request) (any, error) {
	at, err := strconv.ParseUint(r.PathValue("at"), 10, 64)
	if err != nil {
		return nil, err
	}
	return struct{}{}, m.compactHere(r.Context(), at)
}

// CompactMissed implements app.Machine.
func (m *machine) CompactMissed(ctx context.Context, night time.Time) error {
	if missed, err := m.missed(night); !missed {
		return err
	}
	if err := m.awaitNewest(ctx); err != nil {
		return err
	}
	if missed, err := m.missed(night); !missed { // a copy has come, in place of everything
		return err
	}
	return m.store.Load().Compact(ctx)
}

// missed reports whether this machine's copy was made before that night.
func (m *machine) missed(night time.Time) (bool, error) {
	info, err := os.Stat(within(within(m.o.Data, storeDir), currentFile))
	return err == nil && info.ModTime().Before(night), err
}

// currentFile is replaced whenever a store was compacted, or a copy has taken its place.
const currentFile = "CURRENT"

// awaitNewest waits until this machine's copy has everything that was acknowledged before the call.
func (m *machine) awaitNewest(ctx context.Context) error {
	again := time.NewTicker(tryAgain)
	defer again.Stop()
	for {
		if at := m.mark(ctx); at > 0 {
			return m.awaitApplied(ctx, at)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// mark is an entry that comes after everything that was acknowledged before the call; zero: nobody
// leads.
func (m *machine) mark(ctx context.Context) (at uint64) {
	if m.store.Load().Leads() {
		at, _ = m.node.Mark(ctx)
		return at
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://doorward/marks", nil)
	if err != nil || m.send(r, 0, &at) != nil {
		return 0
	}
	return at
}

// marks answers another machine's mark.
func (m *machine) marks(r *http.Request) (any, error) {
	if err := m.leadsOrSays(); err != nil {
		return nil, err
	}
	return m.node.Mark(r.Context())
}
