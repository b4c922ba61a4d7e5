package store

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// auditHead is the end of the chain. It is sealed with the instance key, so somebody who
// can only write the store can neither rewrite nor truncate the log.
type auditHead struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
	Seal string `json:"seal"`
}

func (tx *Tx) sealHead(h *auditHead) string {
	mac := hmac.New(sha256.New, tx.keys.chain)
	mac.Write([]byte(strconv.FormatUint(h.Seq, 10) + " " + h.Hash))
	return hex.EncodeToString(mac.Sum(nil))
}

func (tx *Tx) auditHead() (*auditHead, error) {
	if tx.head != nil {
		return tx.head, nil
	}
	at := auditHeadPrefix.key()
	value, ok, err := tx.read(at)
	if err != nil {
		return nil, err
	}
	if !ok {
		return &auditHead{}, tx.refuseIfRecords(auditPrefix)
	}
	if h, known := tx.recent.heads.known(at, value); known {
		return &h, nil
	}
	h := &auditHead{}
	if err := decode(at, value, h); err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(h.Seal), []byte(tx.sealHead(h))) {
		return nil, access.Errorf(access.Unavailable,
			"The instance key does not match this store, or the end of the audit log was altered. Restore "+
				"instance.key from a copy, or restore a backup.").
			WithCode("instance_key_wrong")
	}
	tx.recent.heads.keep(at, value, *h)
	return h, nil
}

// refuseIfRecords refuses a store that has no end of the audit log but has records with one
// of these prefixes: it must have had an end once.
func (tx *Tx) refuseIfRecords(prefixes ...prefix) error {
	for _, p := range prefixes {
		found, err := tx.scan(p.key(), 1)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return auditBroken("The audit log is damaged: its end is missing. Restore a backup.")
		}
	}
	return nil
}

func auditBroken(format string, args ...any) error {
	return access.Errorf(access.Conflict, format, args...).WithCode("audit_broken")
}

func (tx *Tx) putHead() error {
	tx.head.Seal = tx.sealHead(tx.head)
	return setDecoded(tx, tx.recent.heads, auditHeadPrefix.key(), *tx.head)
}

// Record adds an entry to the audit log, chained to the previous one, and counts it for the
// day. It is part of the transaction: an entry stands there exactly if its change does. It
// fails where the end of the chain was altered outside this program.
func (tx *Tx) Record(actor access.Actor, action access.AuditAction, to, detail string) error {
	h, err := tx.auditHead()
	if err != nil {
		return err
	}
	e := access.AuditEntry{At: tx.Now, Actor: actor, Action: action, Target: to, Detail: detail}
	if actor.IsOperator() || actor.IsSystem() {
		e.Machine = cmp.Or(actor.Machine, tx.machine)
	}
	e.Chain(h.Seq+1, h.Hash)
	tx.head = &auditHead{Seq: e.Seq, Hash: e.Hash}
	if err := tx.countDay(action); err != nil {
		return err
	}
	return tx.set(auditKey(e.Seq), &e)
}

// Page returns a page of the audit log, newest first. The first page has no cursor; one that
// this method did not return is Invalid.
func (tx AuditLog) Page(cursor string, limit int) (p Page[access.AuditEntry], err error) {
	const label = "audit"
	from := auditPrefix.key()
	if cursor != "" {
		if from, err = tx.openCursor(cursor, auditPrefix.key(), label); err != nil {
			return p, err
		}
	}
	batch, err := tx.kv.Scan(from, after(auditPrefix.key()), limit+1)
	if err != nil {
		return p, err
	}
	for i, e := range batch {
		if i == limit {
			p.Next = tx.cursor(e.Key, label)
			break
		}
		entry, err := decodeEntry(e)
		if err != nil {
			return p, err
		}
		p.Items = append(p.Items, entry)
	}
	h, err := tx.auditHead()
	if err != nil {
		return p, err
	}
	p.Total = int(h.Seq)
	return p, nil
}

// Since returns up to limit entries after seq, oldest first.
func (tx AuditLog) Since(seq uint64, limit int) ([]access.AuditEntry, error) {
	h, err := tx.auditHead()
	if err != nil {
		return nil, err
	}
	var all []access.AuditEntry
	for n := seq + 1; n <= h.Seq && len(all) < limit; n++ {
		var e access.AuditEntry
		ok, err := tx.get(auditKey(n), &e)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, auditBroken("The audit log is damaged: entry %d is missing.", n)
		}
		all = append(all, e)
	}
	return all, nil
}

func decodeEntry(e kv.KV) (entry access.AuditEntry, err error) {
	return entry, decode(e.Key, e.Value, &entry)
}

// VerifyAudit checks the whole chain from its sealed head to its first entry and returns
// the number of entries. Its error names an altered, removed, added or moved entry.
func (s *Store) VerifyAudit(ctx context.Context) (int, error) {
	var head auditHead
	newer := access.AuditEntry{}
	count := 0
	err := s.View(ctx, func(tx *Tx) error {
		h, err := tx.auditHead()
		if err != nil {
			return err
		}
		head = *h
		if head.Seq == 0 {
			return tx.refuseIfRecords(auditPrefix, memberPrefix)
		}
		return tx.walkAudit(func(e access.AuditEntry) error {
			count++
			if count == 1 {
				if err := head.ends(e); err != nil {
					return err
				}
			} else if err := newer.Follows(e.Seq, e.Hash); err != nil {
				return err
			}
			newer = e
			return nil
		})
	})
	if err != nil {
		return count, err
	}
	if count == 0 && head.Seq != 0 {
		return 0, access.Countedf(access.Conflict, int(head.Seq), "The audit log is damaged: %d entry is missing.",
			"The audit log is damaged: %d entries are missing.").WithCode("audit_broken")
	}
	if count > 0 {
		err = newer.Follows(0, "")
	}
	return count, err
}

// ends reports what is wrong with an entry as the last one.
func (h *auditHead) ends(e access.AuditEntry) error {
	switch {
	case e.Seq != h.Seq:
		return auditBroken("The audit log is damaged: its last entry is %d, but should be %d.", e.Seq, h.Seq)
	case e.Hash != h.Hash:
		return auditBroken("The audit log is damaged: entry %d was altered.", e.Seq)
	}
	return nil
}

// auditBatch is the number of entries read at once.
const auditBatch = 1000

func (tx *Tx) walkAudit(each func(access.AuditEntry) error) error {
	all := auditPrefix.key()
	for from := all; ; {
		batch, err := tx.kv.Scan(from, after(all), auditBatch)
		if err != nil {
			return err
		}
		for _, kv := range batch {
			e, err := decodeEntry(kv)
			if err == nil {
				err = each(e)
			}
			if err != nil {
				return err
			}
			from = append(kv.Key, 0)
		}
		if len(batch) < auditBatch {
			return nil
		}
	}
}
