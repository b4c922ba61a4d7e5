package store

import "doorward/backend/access"

// Get returns the record of a kind of unusual event, an empty one if there is none.
func (tx Traces) Get(t access.Trace) (access.TraceRecord, error) {
	r := access.TraceRecord{Trace: t}
	_, err := tx.get(traceKey(t), &r)
	return r, err
}

// Put stores the record of a kind. There is at most one for each kind.
func (tx Traces) Put(r access.TraceRecord) error { return tx.set(traceKey(r.Trace), &r) }

// All returns the records of all kinds that had events. Each is read by its own key,
// because the last uses of API tokens share the prefix.
func (tx Traces) All() (all []access.TraceRecord, err error) {
	for _, t := range access.Traces {
		var r access.TraceRecord
		ok, err := tx.get(traceKey(t), &r)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, r)
		}
	}
	return all, nil
}
