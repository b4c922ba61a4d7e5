package store

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A partIndex has the texts of all members in memory while somebody searches by parts. The
// store itself keeps nothing for it: an index of all parts on the disk would be some forty
// more entries a member, and an invitation would cost several times what it costs now.
//
// It is made in the background by the first search that needs it and dropped when none has
// come for a while, so that an idle server pays nothing and a start is as fast as without.
// From its first moment it is told of every commit before that commit is answered
// ([Store.OnCommit]); a search waits until what was told before it has been read. So a
// search sees every change that was acknowledged before it.
//
// A search that comes before it is ready waits shortly, and is then answered by the index
// of beginnings, which is on the disk, and says so ([Page.OnlyBeginnings]).
type partIndex struct {
	store *Store
	log   *slog.Logger
	wait  time.Duration // at most, for a search
	idle  time.Duration // without a search; then it is dropped

	now   atomic.Pointer[partRun] // nil: there is none
	mu    sync.Mutex              // starts, and ends
	ended bool
	runs  sync.WaitGroup
	large sync.Once // it was said that there are too many members
}

const (
	partsWait = 500 * time.Millisecond
	partsIdle = 10 * time.Minute

	partsBatch  = 512     // members read in one View
	maxUnread   = 200_000 // changes that the index has not read, beyond which it is made anew
	bytesOfPart = 160     // of one member, to know beforehand whether it fits
	partsShare  = 2       // of the memory limit, it may take one part in so many
)

func newPartIndex(s *Store, log *slog.Logger) *partIndex {
	x := &partIndex{store: s, log: log, wait: partsWait, idle: partsIdle}
	s.kv.OnCommit(x.committed)
	s.OnLead(func(bool) { x.drop() })
	return x
}

// committed notes whose record a commit changed.
func (x *partIndex) committed(events []kv.Event) {
	r := x.now.Load()
	if r == nil {
		return
	}
	for _, e := range events {
		switch {
		case e.Resync:
			x.dropRun(r)
			return
		case recordOf(e.Key) == memberKind:
			r.mark(access.MemberID(memberPrefix.ref(e.Key)))
		}
	}
}

var memberKind = kindOf(memberPrefix)

// acquire returns the index with all that was committed before the call, for reading until
// release; nil if it is not ready in time. members is the number of members.
func (x *partIndex) acquire(ctx context.Context, members int) *partRun {
	if !x.store.Leads() {
		return nil // nobody tells this process of what the leader commits
	}
	r := x.begin(members)
	if r == nil {
		return nil
	}
	if !x.store.Leads() {
		x.drop()
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, x.wait)
	defer cancel()
	if !r.upToDate(ctx) {
		return nil
	}
	r.mu.RLock()
	return r
}

func (r *partRun) release() { r.mu.RUnlock() }

// begin returns the index, which it begins to make if there is none.
func (x *partIndex) begin(members int) *partRun {
	if r := x.now.Load(); r != nil {
		return r
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if r := x.now.Load(); r != nil || x.ended {
		return r
	}
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 && int64(members)*bytesOfPart > limit/partsShare {
		x.large.Do(func() {
			x.log.Warn("there is too little memory to search by any part of a name: searches find beginnings first",
				"members", members, "needs", members*bytesOfPart*partsShare, "memory", limit)
		})
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := newPartRun(cancel)
	x.now.Store(r)
	x.runs.Go(func() {
		defer x.dropRun(r)
		if err := x.run(ctx, r); err != nil && ctx.Err() == nil {
			x.log.Warn("the index of parts of names was dropped; the next search builds it again", "err", err)
		}
	})
	return r
}

// drop frees the memory; the next search makes the index anew.
func (x *partIndex) drop() {
	if r := x.now.Load(); r != nil {
		x.dropRun(r)
	}
}

func (x *partIndex) dropRun(r *partRun) {
	x.now.CompareAndSwap(r, nil)
	r.end()
}

// end drops the index for good and waits until nothing reads the store for it.
func (x *partIndex) end() {
	x.mu.Lock()
	x.ended = true
	x.mu.Unlock()
	x.drop()
	x.runs.Wait()
}

// run makes the index and reads what changes, until it has been idle.
func (x *partIndex) run(ctx context.Context, r *partRun) error {
	began := time.Now()
	if err := x.make(ctx, r); err != nil {
		return err
	}
	idle := time.NewTicker(x.idle / 4)
	defer idle.Stop()
	said := false
	for {
		if err := x.readChanged(ctx, r); err != nil {
			return err
		}
		if !said {
			said = true
			n, size := r.size()
			x.log.Debug("members are searched by any part", "members", n, "bytes", size, "took", time.Since(began))
		}
		select {
		case <-r.wake:
		case <-idle.C:
			if r.unused() >= x.idle {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errForeignID = errors.New("a member has an id that this program does not make")

// make reads the list of members, newest first, in many short Views: whoever changes
// meanwhile is marked, and read again.
func (x *partIndex) make(ctx context.Context, r *partRun) error {
	from := statePrefix.key(anyState)
	end := after(from)
	var parts []part
	for more := true; more; {
		err := x.store.kv.View(ctx, func(t kv.Tx) error {
			tx := newTx(Tx{kv: t})
			batch, err := t.Scan(from, end, partsBatch)
			if err != nil {
				return err
			}
			if more = len(batch) == partsBatch; len(batch) > 0 {
				from = append(batch[len(batch)-1].Key, 0)
			}
			for _, e := range batch {
				p, ok, err := tx.part(r, idOf(e))
				if err != nil {
					return err
				}
				if ok {
					parts = append(parts, p)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for len(parts) >= segmentSize || !more && len(parts) > 0 {
			n := min(len(parts), segmentSize)
			r.segments = append(r.segments, pack(parts[:n]))
			parts = append(parts[:0], parts[n:]...)
		}
	}
	return nil
}

// textRecord is what the index reads of a member's record.
type textRecord struct {
	Email      access.Address    `json:"email"`
	Name       string            `json:"name"`
	State      access.State      `json:"state"`
	Roles      []access.RoleName `json:"roles"`
	Invitation struct {
		At      time.Time `json:"at"`
		Expired bool      `json:"ended"`
	} `json:"invitation"`
	EmailVerifiedAt time.Time `json:"proved_at"`
	AcceptedAt      time.Time `json:"accepted_at"`
}

// part returns what the index has of a member; false if there is no such member.
func (tx *Tx) part(r *partRun, id access.MemberID) (p part, ok bool, err error) {
	if !packs(id) {
		return p, false, errForeignID
	}
	var rec textRecord
	if ok, err = tx.get(memberKey(id), &rec); !ok || err != nil {
		return p, false, err
	}
	m := access.Member{
		ID:              id,
		Email:           rec.Email,
		Name:            rec.Name,
		State:           rec.State,
		Roles:           rec.Roles,
		EmailVerifiedAt: rec.EmailVerifiedAt,
		AcceptedAt:      rec.AcceptedAt,
	}
	m.Invitation.At, m.Invitation.Expired = rec.Invitation.At, rec.Invitation.Expired
	p = part{place: placeOf(&m), text: appendText(nil, &m), filter: r.filterOf(filterText(&m))}
	return p, true, nil
}

// readChanged reads the members that were marked.
func (x *partIndex) readChanged(ctx context.Context, r *partRun) error {
	ids, marked, err := r.takeMarked()
	for len(ids) > 0 && err == nil {
		some := ids[:min(len(ids), partsBatch)]
		ids = ids[len(some):]
		var parts []part
		err = x.store.kv.View(ctx, func(t kv.Tx) error {
			tx := newTx(Tx{kv: t})
			parts = parts[:0]
			for _, id := range some {
				p, ok, err := tx.part(r, id)
				if err != nil {
					return err
				}
				if ok {
					parts = append(parts, p)
				}
			}
			return nil
		})
		if err == nil {
			r.change(some, parts)
		}
	}
	if err == nil {
		r.read(marked)
	}
	return err
}
