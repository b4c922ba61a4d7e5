package store

import "doorward/backend/access"

// Get is the record of a kind of unusual event, an empty one where there was
// none.
func (tx Traces) Get(t access.Trace) (access.TraceRecord, error) {
	r := access.TraceRecord{Trace: t}
	_, err := tx.get(traceKey(t), &r)
	return r, err
}

// Put keeps the record of a kind. There are as many as there are kinds.
func (tx Traces) Put(r access.TraceRecord) error { return tx.set(traceKey(r.Trace), &r) }

// All are the records of all kinds that there were events of. Each is read by its
// own key: the last uses of API tokens stand among them.
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
