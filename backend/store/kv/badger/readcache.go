package badger

import (
	"doorward/backend/store/kv"
)

// maxCached is how many values the writer keeps at hand.
const maxCached = 256

// A readCache is what Updates have read of the database as the last group left it.
// Counters, settings and whoever is asking are read by nearly every one of
// them. Only the writer uses it, and nothing else changes the database, so it
// is never behind.
type readCache struct{ values map[string][]byte }

func (h *readCache) get(marked []byte) ([]byte, bool) {
	value, ok := h.values[string(marked)]
	return value, ok
}

func (h *readCache) keep(marked, value []byte) {
	if len(h.values) >= maxCached || h.values == nil {
		h.values = make(map[string][]byte, maxCached)
	}
	h.values[string(marked)] = value
}

// committed takes over what was written of the keys at hand.
func (h *readCache) committed(stage *overlay) {
	stage.last(func(s *staged) error {
		if _, ok := h.values[string(s.key)]; !ok {
			return nil
		}
		if s.stored == nil {
			delete(h.values, string(s.key))
		} else {
			h.values[string(s.key)] = s.stored[kv.SealBytes:]
		}
		return nil
	})
}

func (h *readCache) forget() { h.values = nil }
