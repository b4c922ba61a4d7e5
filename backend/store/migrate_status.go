package store

import "doorward/backend/access"

const (
	statusBatch  = 40 // pending members that one Update reads
	statusWrites = 60 // index entries after which it stops; the last member may add 20
)

// splitPending: the lists knew one state for all who are pending. Who is invited, whose
// invitation expired and who accepted have entries of their own now.
func splitPending(tx *Tx, last []byte) (now []byte, err error) {
	from := statePrefix.key(stateByte(access.Pending))
	end := after(from)
	if last != nil {
		from = append(last, 0)
	}
	found, err := tx.kv.Scan(from, end, statusBatch)
	if err != nil {
		return nil, err
	}
	written := 0
	for _, e := range found {
		m, err := tx.Members.Get(idOf(e))
		if err != nil {
			return nil, err
		}
		entries := memberEntries(&m)
		if err := tx.reindex(unsplitEntries(&m), entries); err != nil {
			return nil, err
		}
		if written += len(entries); written > statusWrites {
			return e.Key, nil
		}
	}
	if len(found) < statusBatch {
		return nil, nil
	}
	return found[len(found)-1].Key, nil
}

// unsplitEntries returns the index entries of a pending member as they were up to schema 6.
func unsplitEntries(m *access.Member) map[string]string {
	status := statusByte(m.Status())
	e := make(map[string]string)
	for key, value := range memberEntries(m) {
		r := recordOf([]byte(key))
		switch {
		case r.prefix == statePrefix && key[len(statePrefix):len(statePrefix)+1] == status:
			continue
		case r.prefix == statePrefix || r.prefix == rolePrefix || r.prefix == wordPrefix:
			value = stateByte(m.State) + value[1:]
		}
		e[key] = value
	}
	return e
}
