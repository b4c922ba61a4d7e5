package store

import "doorward/backend/access"

// Trace is the record of a kind of unusual event, an empty one where there was
// none.
func (tx *Tx) Trace(t access.Trace) (access.TraceRecord, error) {
	r := access.TraceRecord{Trace: t}
	_, err := tx.get(traceKey(t), &r)
	return r, err
}

// PutTrace keeps the record of a kind. There are as many as there are kinds.
func (tx *Tx) PutTrace(r access.TraceRecord) error { return tx.set(traceKey(r.Trace), &r) }

// Traces are the records of all kinds that there were events of.
func (tx *Tx) Traces() ([]access.TraceRecord, error) {
	kept, err := tx.scan(tracePrefix.key(), len(access.Traces))
	if err != nil {
		return nil, err
	}
	all := make([]access.TraceRecord, len(kept))
	for i, e := range kept {
		if err := decode(e.Key, e.Value, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}
