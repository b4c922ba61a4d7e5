package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"doorward/backend/access"
)

// A partRun is one life of the index, from a search that needed it until it is dropped. One
// goroutine makes and changes it.
type partRun struct {
	cancel func()
	wake   chan struct{} // read what is marked

	marks    sync.Mutex
	unread   map[access.MemberID]struct{} // changed, and not read since
	marked   uint64                       // marks so far
	readTo   uint64                       // those that were read
	complete bool
	over     bool
	moved    chan struct{} // closed when one of these changes
	used     time.Time

	mu       sync.RWMutex
	segments []*segment
	newer    []part                       // of members who changed, in the order of the list
	changed  map[access.MemberID]struct{} // what the segments have of them is void
	filters  []string
	filterNo map[string]uint32
}

func newPartRun(cancel func()) *partRun {
	return &partRun{
		cancel:   cancel,
		wake:     make(chan struct{}, 1),
		unread:   map[access.MemberID]struct{}{},
		moved:    make(chan struct{}),
		used:     time.Now(),
		changed:  map[access.MemberID]struct{}{},
		filterNo: map[string]uint32{},
	}
}

func (r *partRun) mark(id access.MemberID) {
	r.marks.Lock()
	r.unread[id] = struct{}{}
	r.marked++
	many := len(r.unread) >= partsBatch
	r.marks.Unlock()
	if many {
		r.rouse()
	}
}

// rouse has what is marked read: when a search waits for it, or when it is much. Reading
// after each commit would slow the commits down.
func (r *partRun) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

var errTooManyChanges = errors.New("more members changed than could be read meanwhile")

// takeMarked returns who is marked, and how many marks that covers. Who is marked again
// afterwards is returned again.
func (r *partRun) takeMarked() (ids []access.MemberID, marked uint64, err error) {
	r.marks.Lock()
	defer r.marks.Unlock()
	if len(r.unread) > maxUnread {
		return nil, 0, errTooManyChanges
	}
	for id := range r.unread {
		ids = append(ids, id)
	}
	clear(r.unread)
	return ids, r.marked, nil
}

// read notes that everything up to that mark has been read.
func (r *partRun) read(marked uint64) {
	r.marks.Lock()
	defer r.marks.Unlock()
	r.readTo, r.complete = marked, true
	r.tell()
}

func (r *partRun) tell() {
	close(r.moved)
	r.moved = make(chan struct{})
}

func (r *partRun) end() {
	r.cancel()
	r.marks.Lock()
	defer r.marks.Unlock()
	if !r.over {
		r.over = true
		r.tell()
	}
}

// upToDate waits until all that was marked before the call has been read. It reports
// whether that is so.
func (r *partRun) upToDate(ctx context.Context) bool {
	r.marks.Lock()
	r.used = time.Now()
	for wanted := r.marked; ; {
		ready, over, moved := r.complete && r.readTo >= wanted, r.over, r.moved
		r.marks.Unlock()
		if ready || over {
			return ready && !over
		}
		r.rouse()
		select {
		case <-moved:
		case <-ctx.Done():
			return false
		}
		r.marks.Lock()
	}
}

func (r *partRun) unused() time.Duration {
	r.marks.Lock()
	defer r.marks.Unlock()
	return time.Since(r.used)
}

// filterOf returns the number of what lists filter by.
func (r *partRun) filterOf(filter string) uint32 {
	r.mu.RLock()
	no, known := r.filterNo[filter]
	r.mu.RUnlock()
	if known {
		return no
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	no = uint32(len(r.filters))
	r.filters = append(r.filters, filter)
	r.filterNo[filter] = no
	return no
}

// change replaces what the index has of these members; the parts are of those who are
// still there.
func (r *partRun) change(ids []access.MemberID, parts []part) {
	gone := make(map[access.MemberID]struct{}, len(ids))
	for _, id := range ids {
		gone[id] = struct{}{}
	}
	slices.SortFunc(parts, func(a, b part) int { return a.compare(b.place) })
	newer := make([]part, 0, len(r.newer)+len(parts))
	for _, p := range r.newer {
		if _, is := gone[p.id]; is {
			continue
		}
		for len(parts) > 0 && parts[0].compare(p.place) < 0 {
			newer, parts = append(newer, parts[0]), parts[1:]
		}
		newer = append(newer, p)
	}
	newer = append(newer, parts...)
	r.mu.Lock()
	r.newer = newer
	for _, id := range ids {
		r.changed[id] = struct{}{}
	}
	r.mu.Unlock()
	if n, _ := r.size(); len(r.changed) > max(4096, n/16) {
		r.merge()
	}
}

// merge makes new segments of those that changes have touched, and keeps the others.
func (r *partRun) merge() {
	var all []*segment
	var some []part
	flush := func() {
		for pieces := (len(some) + segmentSize - 1) / segmentSize; pieces > 0; pieces-- {
			n := (len(some) + pieces - 1) / pieces
			all = append(all, pack(some[:n]))
			some = append(some[:0], some[n:]...)
		}
	}
	newer := r.newer
	for _, s := range r.segments {
		last := s.place(s.len() - 1)
		if len(some) == 0 && s.len() >= segmentSize/4 && (len(newer) == 0 || newer[0].compare(last) > 0) &&
			!r.touched(s) {
			all = append(all, s)
			continue
		}
		for _, p := range s.parts() {
			for len(newer) > 0 && newer[0].compare(p.place) < 0 {
				some, newer = append(some, newer[0]), newer[1:]
			}
			if _, void := r.changed[p.id]; !void {
				some = append(some, p)
			}
		}
		if len(some) >= segmentSize/4 {
			flush()
		}
	}
	some = append(some, newer...)
	flush()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.segments, r.newer, r.changed = all, nil, map[access.MemberID]struct{}{}
}

func (r *partRun) touched(s *segment) bool {
	for i := range s.len() {
		if _, void := r.changed[idAt(s.ids[i*idSize:])]; void {
			return true
		}
	}
	return false
}

// size returns the number of members and the bytes that their texts take.
func (r *partRun) size() (members, bytes int) {
	for _, s := range r.segments {
		members, bytes = members+s.len(), bytes+s.bytes()
	}
	for i := range r.newer {
		bytes += len(r.newer[i].text) + 80
	}
	return members + len(r.newer), bytes + 64*len(r.changed)
}

// maxLookedAt bounds the work of one search: so many members with the longest part of the
// query are looked at, and the page is then returned as it is. A look takes up to 1 µs.
const maxLookedAt = 20_000

// find returns the places of up to n members that fit, in the order of the list, and where
// the following begin; nil if there are none.
func (r *partRun) find(q *partQuery, from *place, n int) (found []place, next *place) {
	newer := r.findNewer(q, from, n+1)
	older, stopped := r.findOlder(q, from, n+1)
	if stopped != nil { // what is behind is not known
		newer = slices.DeleteFunc(newer, func(p place) bool { return p.compare(*stopped) >= 0 })
	}
	all := append(newer, older...)
	slices.SortFunc(all, place.compare)
	if len(all) > n {
		return all[:n], &all[n]
	}
	return all, stopped
}

// A partQuery is what find looks for.
type partQuery struct {
	*sought
	Query
	rest bool // only whom the index of beginnings does not find
}

func (r *partRun) findNewer(q *partQuery, from *place, n int) (found []place) {
	for i := range r.newer {
		p := &r.newer[i]
		if len(found) == n {
			break
		}
		if (from == nil || p.compare(*from) >= 0) && q.passes(r.filters[p.filter]) && q.fits(p.text, q.rest) {
			found = append(found, p.place)
		}
	}
	return found
}

func (r *partRun) findOlder(q *partQuery, from *place, n int) (found []place, stopped *place) {
	rows, passes := q.rows(), make([]bool, len(r.filters))
	for i, f := range r.filters {
		passes[i] = q.passes(f)
	}
	looked := 0
	for _, s := range r.segments {
		if from != nil && s.place(s.len()-1).compare(*from) < 0 {
			continue
		}
		more := s.find(q.parts[0], rows, func(i int, entry []byte) bool {
			if looked++; looked > maxLookedAt {
				at := s.place(i)
				stopped = &at
				return false
			}
			if !passes[s.filters[i]] || !q.fits(entry, q.rest) {
				return true
			}
			p := s.place(i)
			if from != nil && p.compare(*from) < 0 {
				return true
			}
			if _, void := r.changed[p.id]; !void {
				found = append(found, p)
			}
			return len(found) < n
		})
		if !more {
			break
		}
	}
	return found, stopped
}

// passes reports whether members with this filter text are among those asked for.
func (q Query) passes(filter string) bool {
	return q.admits(filter[0]) && (q.Role == "" || hasRole(filter[1:], string(q.Role)))
}
