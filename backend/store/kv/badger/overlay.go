package badger

import (
	"bytes"
	"slices"

	"doorward/backend/store/kv"
)

// A staged is one key's uncommitted write. key has its mark; stored is the sealed value,
// nil for a deletion.
type staged struct {
	key    []byte
	stored []byte
	older  int32 // index of the write that this one replaces, -1 if none
}

func (s *staged) size() int { return len(s.key) - 1 + max(0, len(s.stored)-kv.SealBytes) }

// An overlay holds what the functions of a group have written so far, on top of the
// database. Each function's writes start at a mark and can be rolled back.
type overlay struct {
	at     map[string]int32 // the index of each key's last write; nil if there is one of each
	writes []staged
	bytes  int
}

func newOverlay() *overlay { return &overlay{at: make(map[string]int32)} }

func (o *overlay) reset() {
	clear(o.at)
	clear(o.writes)
	o.writes, o.bytes = o.writes[:0], 0
}

// find returns the last write of key.
func (o *overlay) find(key []byte) (*staged, bool) {
	i, ok := o.at[string(key)]
	if !ok {
		return nil, false
	}
	return &o.writes[i], true
}

// put stages a write by the function whose writes start at mark. A function has one write
// for each key, the last.
func (o *overlay) put(mark int, w staged) {
	w.older = -1
	if i, ok := o.at[string(w.key)]; ok {
		if int(i) >= mark {
			w.older = o.writes[i].older
			o.bytes += w.size() - o.writes[i].size()
			o.writes[i] = w
			return
		}
		w.older = i
	}
	o.at[string(w.key)] = int32(len(o.writes))
	o.writes = append(o.writes, w)
	o.bytes += w.size()
}

// rollback removes everything since mark.
func (o *overlay) rollback(mark int) {
	for i := len(o.writes) - 1; i >= mark; i-- {
		w := &o.writes[i]
		if w.older < 0 {
			delete(o.at, string(w.key))
		} else {
			o.at[string(w.key)] = w.older
		}
		o.bytes -= w.size()
	}
	clear(o.writes[mark:])
	o.writes = o.writes[:mark]
}

// last calls fn with the last write of every key, in order of writing.
func (o *overlay) last(fn func(*staged) error) error {
	for i := range o.writes {
		w := &o.writes[i]
		if o.at != nil && o.at[string(w.key)] != int32(i) {
			continue
		}
		if err := fn(w); err != nil {
			return err
		}
	}
	return nil
}

// within returns the last writes of keys in [from,to), in byte order. If several overlays
// have a key, the last overlay wins.
func within(from, to []byte, overlays ...*overlay) []*staged {
	var found []*staged
	for i, o := range overlays {
		o.last(func(w *staged) error {
			if bytes.Compare(w.key, from) >= 0 && bytes.Compare(w.key, to) < 0 && !hidden(w.key, overlays[i+1:]) {
				found = append(found, w)
			}
			return nil
		})
	}
	slices.SortFunc(found, func(a, b *staged) int { return bytes.Compare(a.key, b.key) })
	return found
}

func hidden(key []byte, above []*overlay) bool {
	return slices.ContainsFunc(above, func(o *overlay) bool {
		_, ok := o.find(key)
		return ok
	})
}
