package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Nothing is destroyed because of a wrong clock. A clock that is wrong for an hour would
// end every pending account, and correcting it brings none back. So the store saves the
// time at which it last ran, and holds deletions and expirations while the clock differs
// too much from the expected time: at a start from the saved time, and while running from
// the uptime, which no change of the clock affects.
//
// A server that was really off for a week looks the same. It is held for a day of uptime,
// and then the clock is trusted; or until an Admin confirms that it is right.
const (
	clockJump  = 24 * time.Hour // the clock is held if it is ahead by more than this
	clockBack  = time.Hour      // or behind by more than this
	clockHold  = 24 * time.Hour // of uptime, after which it is trusted
	clockEvery = time.Hour      // how often the time is saved
)

// ClockState compares the clock with the expected time. The clock is held while Ahead or
// Behind is not zero.
type ClockState struct {
	Ahead  time.Duration // of the expected time
	Behind time.Duration
	Since  time.Time     // when it was first noticed, by the current clock
	Until  time.Time     // when it is trusted automatically, by the same clock
	Left   time.Duration // uptime until then
}

// Held reports whether deletions and expirations wait.
func (c ClockState) Held() bool { return c.Ahead != 0 || c.Behind != 0 }

// clock compares the system's clock with the saved time and with the uptime.
type clock struct {
	now func() time.Time
	up  func() time.Duration

	mu     sync.Mutex
	known  time.Time     // the expected time was this
	at     time.Duration // when the uptime was this
	off    time.Duration // how far off the clock is while it is held; else zero
	offAt  time.Duration // since this uptime
	keptAt time.Duration // when the time was last saved
	kept   bool

	trusted chan struct{} // somebody confirmed the clock
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
		c.trust(now, up)
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

func (c *clock) trust(now time.Time, up time.Duration) {
	c.known, c.at, c.off, c.kept = now, up, 0, false
}

// expect says when the store last ran, as it was saved; the zero time says nothing.
func (c *clock) expect(known time.Time) {
	if known.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trust(known, c.up())
}

// Clock returns the current state of the clock. It reads nothing from the store.
func (s *Store) Clock() ClockState { return s.clock.look() }

// KeepClock saves the expected time, once an hour, and nothing while the clock is held.
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

// keep notes that the store has saved the time.
func (c *clock) keep(now time.Time, up time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trust(now, up)
	c.kept, c.keptAt = true, up
}

// TrustClock accepts a caller's confirmation that the clock is right, if also allows it.
// The time is saved in the same transaction as also, and trusted once that is committed.
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

// ClockTrusted tells one reader that the clock was confirmed, so that waiting work can
// be done.
func (s *Store) ClockTrusted() <-chan struct{} { return s.clock.trusted }

func (s *Store) putClock(ctx context.Context, now time.Time) error {
	return s.Update(ctx, func(tx *Tx) error { return tx.set(clockPrefix.key(), now) })
}

// lastKnown returns when the store last ran, as far as it knows: the saved time. Only a
// store that never saved one uses its newest audit entry, because entries are also written
// while the clock is held.
func (s *Store) lastKnown(ctx context.Context) (known time.Time, err error) {
	err = s.view(ctx, func(tx *Tx) error {
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

// maxSkew is how far the clock may be behind the last entry of a store on one machine. A clock that
// is further behind was set back: it is used as it is, since what was about to expire must not last
// until it has caught up.
//
// With several machines the last entry is perhaps of another one, whose clock was ahead, or this
// one's is behind: nobody knows. So the bound is that by which a clock is held, clockBack.
const maxSkew = 10 * time.Second

// catchUp says how quickly the store's time comes back to a clock that is behind the last entry: by
// one second in this many. So what is to expire in an hour lasts for 66 minutes and 40 seconds at
// most.
const catchUp = 10

// latest is the time of the newest audit entry made by another process: the previous
// leader, or a previous run here. A process does not apply the rule to its own entries, so
// that a clock set back while it runs is noticed.
type latest struct {
	known  atomic.Pointer[reading] // nil: there was no entry
	most   time.Duration           // by which the clock may be behind it
	unread atomic.Bool             // the log has not been read since this process began to lead
}

// A reading is the time of an entry, and what this process's clock said when the entry was read.
type reading struct{ at, read time.Time }

// notBehind returns now; or if it was behind the last entry, a time that goes on from there, more
// slowly than now does, until now has caught up. So time does not run backwards with a new leader,
// and does not stand still either: what expires does so a little late, and never early.
func (l *latest) notBehind(now time.Time) time.Time {
	known := l.known.Load()
	if known == nil {
		return now
	}
	behind, passed := known.at.Sub(known.read), now.Sub(known.read)
	if behind <= 0 || behind > l.most || passed < 0 {
		return now
	}
	return now.Add(max(0, behind-passed/catchUp)).Truncate(time.Microsecond)
}

// Now returns the store's time, to the microsecond. It is not behind the last entry of
// another process, unless the clock was set back.
func (s *Store) Now() time.Time { return s.latest.notBehind(s.clockNow()) }

// readLatest reads the time of the last entry, once each time this process begins to lead.
func (s *Store) readLatest(ctx context.Context) error {
	if !s.latest.unread.Load() {
		return nil
	}
	return s.view(ctx, func(tx *Tx) error {
		p, err := tx.AuditLog.Page("", 1)
		if err != nil {
			return err
		}
		if len(p.Items) > 0 {
			s.latest.known.Store(&reading{p.Items[0].At, s.clockNow()})
		}
		s.latest.unread.Store(false)
		return nil
	})
}
