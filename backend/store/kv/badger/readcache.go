package badger

import (
	"doorward/backend/store/kv"
)

// maxCached is the number of values in the writer's cache.
const maxCached = 256

// A readCache has values that Updates have read, as the last group left them. Nearly every
// Update reads the counters, the settings and the calling member. Only the writer uses it,
// and only the writer changes the database, so it is never stale.
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

// committed updates the cached keys with what was written.
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
