package store

import "doorward/backend/access"

// Get returns the session with that hash; false if there is none.
func (tx Sessions) Get(h access.SecretHash) (access.Session, bool, error) {
	var opened access.Session
	ok, err := tx.get(sessionPrefix.ofHash(h), &opened)
	return opened, ok, err
}

// Put stores a session until its absolute limit.
func (tx Sessions) Put(opened access.Session) error {
	if err := tx.reindex(nil, sessionEntries(&opened)); err != nil {
		return err
	}
	return tx.set(sessionPrefix.ofHash(opened.Hash), &opened)
}

// sessionEntries returns the index entries of a session.
func sessionEntries(opened *access.Session) map[string]string {
	ends := opened.OpenedAt.Add(access.MaxSessionTTL)
	return entriesAt(memberSessionKey(opened), dueKey(ends, DueSession, string(opened.Hash[:])))
}

// Delete ends a session. If why is given, the browser that still has its cookie can be told
// for a day.
func (tx Sessions) Delete(h access.SecretHash, why access.EndReason) error {
	opened, ok, err := tx.Sessions.Get(h)
	if err != nil || !ok {
		return err
	}
	if err := tx.reindex(sessionEntries(&opened), nil); err != nil {
		return err
	}
	if err := tx.unmark(sessionPrefix.ofHash(h)); err != nil {
		return err
	}
	if why == "" {
		return nil
	}
	if err := tx.Schedule.Put(Due{
		At:   tx.Now.Add(access.EndReasonTTL),
		Kind: DueEndReason,
		Ref:  string(h[:]),
	}); err != nil {
		return err
	}
	return tx.set(endReasonPrefix.ofHash(h), why)
}

// Of returns up to n sessions of a member.
func (tx Sessions) Of(id access.MemberID, n int) ([]access.Session, error) {
	marks, err := tx.scan(memberSessionPrefix.key(string(id)), n)
	if err != nil {
		return nil, err
	}
	var all []access.Session
	for _, e := range marks {
		opened, ok, err := tx.Sessions.Get(hashOf(e.Key))
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, opened)
		}
	}
	return all, nil
}

// End ends some sessions of a member; without a reason they were signed out. It reports
// whether there are more.
func (tx Sessions) End(id access.MemberID, why access.EndReason) (more bool, err error) {
	if why == "" {
		why = access.EndedSignedOut
	}
	marks, err := tx.scan(memberSessionPrefix.key(string(id)), leftoverBatch)
	if err != nil {
		return false, err
	}
	for _, e := range marks {
		if err := tx.Sessions.Delete(hashOf(e.Key), why); err != nil {
			return false, err
		}
	}
	return len(marks) == leftoverBatch, nil
}

// EndReason returns why the session with that hash ended; empty if that is not known.
func (tx Sessions) EndReason(h access.SecretHash) (access.EndReason, error) {
	var why access.EndReason
	_, err := tx.get(endReasonPrefix.ofHash(h), &why)
	return why, err
}

// DeleteEndReason deletes the reason why a session ended.
func (tx Sessions) DeleteEndReason(h access.SecretHash) error {
	return tx.unmark(endReasonPrefix.ofHash(h))
}
