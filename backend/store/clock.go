package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Nothing is destroyed on one clock's word. A machine whose clock is wrong for an
// hour would end every account that waits, and setting it right brings none back.
// So the store keeps the time at which it last ran, and holds what deletes and
// ends while the clock is further from it than it can be: at a start after the
// time that was kept, and while it runs after what its own uptime has counted,
// which no clock changes.
//
// A server that was truly off for a week looks the same. It is held for a day of
// running, and then the clock is believed; or until somebody says that it is right.
const (
	clockJump  = 24 * time.Hour // further than this it is held
	clockBack  = time.Hour      // and this, where it is behind
	clockHold  = 24 * time.Hour // of uptime, after which it is believed
	clockEvery = time.Hour      // how often the time is kept
)

// ClockState is how the clock stands to what the store knows. It is held while Ahead
// or Behind are not zero.
type ClockState struct {
	Ahead  time.Duration // of where it should be
	Behind time.Duration
	Since  time.Time     // when it was seen first, by the clock as it is now
	Until  time.Time     // when it is believed by itself, by the same clock
	Left   time.Duration // of uptime, until then
}

// Held reports whether what deletes and ends waits.
func (c ClockState) Held() bool { return c.Ahead != 0 || c.Behind != 0 }

// clock compares the system's clock with the time that was kept and with uptime.
type clock struct {
	now func() time.Time
	up  func() time.Duration

	mu     sync.Mutex
	known  time.Time     // the time was believed to be this
	at     time.Duration // when uptime was this
	off    time.Duration // by how much the clock is held for; zero where it is not
	offAt  time.Duration // since when, in uptime
	keptAt time.Duration // when the time was kept last
	kept   bool

	trusted chan struct{} // somebody's word was taken
}

func newClock(now func() time.Time, up func() time.Duration, known time.Time) *clock {
	if known.IsZero() {
		known = now()
	}
	return &clock{now: now, up: up, known: known, at: up(), trusted: make(chan struct{}, 1)}
}

// look compares now. A jump on top of a jump is a new one.
func (c *clock) look() ClockState {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, up := c.now(), c.up()
	gap := now.Sub(c.known.Add(up - c.at))
	if gap <= clockJump && gap >= -clockBack {
		c.off = 0
		return ClockState{}
	}
	if c.off == 0 || (gap-c.off).Abs() > clockBack {
		c.off, c.offAt = gap, up
	}
	left := clockHold - (up - c.offAt)
	if left <= 0 {
		c.believe(now, up)
		return ClockState{}
	}
	return ClockState{
		Ahead:  max(0, gap),
		Behind: max(0, -gap),
		Since:  now.Add(c.offAt - up),
		Until:  now.Add(left),
		Left:   left,
	}
}

func (c *clock) believe(now time.Time, up time.Duration) {
	c.known, c.at, c.off, c.kept = now, up, 0, false
}

// Clock is how the clock stands now. It reads nothing.
func (s *Store) Clock() ClockState { return s.clock.look() }

// KeepClock keeps the time that is believed, once an hour; nothing while the clock
// is held.
func (s *Store) KeepClock(ctx context.Context) error {
	c := s.clock
	if c.look().Held() {
		return nil
	}
	c.mu.Lock()
	now, up := c.now(), c.up()
	due := !c.kept || up-c.keptAt >= clockEvery
	c.mu.Unlock()
	if !due {
		return nil
	}
	if err := s.putClock(ctx, now); err != nil {
		return err
	}
	c.keep(now, up)
	return nil
}

// keep notes that the store has kept the time.
func (c *clock) keep(now time.Time, up time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.believe(now, up)
	c.kept, c.keptAt = true, up
}

// TrustClock takes somebody's word that the clock is right, if also allows it.
// The time is kept in the transaction of also, and believed once that is kept.
func (s *Store) TrustClock(ctx context.Context, also func(*Tx) error) error {
	c := s.clock
	now, up := c.now(), c.up()
	err := s.Update(ctx, func(tx *Tx) error {
		if err := also(tx); err != nil {
			return err
		}
		return tx.set(clockPrefix.key(), now)
	})
	if err != nil {
		return err
	}
	c.keep(now, up)
	select {
	case c.trusted <- struct{}{}:
	default:
	}
	return nil
}

// ClockTrusted tells one reader that somebody's word was taken: what waits can be
// done.
func (s *Store) ClockTrusted() <-chan struct{} { return s.clock.trusted }

func (s *Store) putClock(ctx context.Context, now time.Time) error {
	return s.Update(ctx, func(tx *Tx) error { return tx.set(clockPrefix.key(), now) })
}

// lastKnown is when the store last ran, as far as it knows: the time that was
// kept. Only a store that never kept one goes by its newest audit entry: entries are
// written by a clock that is held, too.
func (s *Store) lastKnown(ctx context.Context) (known time.Time, err error) {
	err = s.View(ctx, func(tx *Tx) error {
		if ok, err := tx.get(clockPrefix.key(), &known); ok || err != nil {
			return err
		}
		p, err := tx.AuditLog.Page("", 1)
		if err == nil && len(p.Items) > 0 {
			known = p.Items[0].At
		}
		return err
	})
	return known, err
}

// maxSkew is how far the clocks of two machines that lead one after the other may be
// apart. Further back than that a clock was set: it counts as it is, since what was
// to end soon must not last until it has caught up.
const maxSkew = 10 * time.Second

// latest is when the last entry of the audit log was made that another process
// made: the one that led before, or that ran here before. To its own entries a
// process needs no such rule, and a clock that is put back under it is to be seen.
type latest struct {
	at     atomic.Int64 // microseconds
	unread atomic.Bool  // the log has not been looked at since this process began to lead
}

// recorded notes when an entry was made.
func (l *latest) recorded(at time.Time) { l.at.Store(at.UnixMicro()) }

// notBehind is now, or the time of the last entry where that is ahead by what two
// clocks differ.
func (l *latest) notBehind(now time.Time) time.Time {
	last := time.UnixMicro(l.at.Load())
	if ahead := last.Sub(now); ahead > 0 && ahead <= maxSkew {
		return last.UTC()
	}
	return now
}

// Now is the store's clock, to the microsecond. It is not behind the last entry that
// another process made, unless the clock was set back.
func (s *Store) Now() time.Time { return s.latest.notBehind(s.clockNow()) }

// readLatest looks when the last entry was made, once after each time that this
// process began to lead.
func (s *Store) readLatest(ctx context.Context) error {
	if !s.latest.unread.Load() {
		return nil
	}
	return s.View(ctx, func(tx *Tx) error {
		p, err := tx.AuditLog.Page("", 1)
		if err != nil {
			return err
		}
		if len(p.Items) > 0 {
			s.latest.recorded(p.Items[0].At)
		}
		s.latest.unread.Store(false)
		return nil
	})
}
