package access

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// An AuditEntry says who did what to whom, when and from where. It names members by id,
// never by address, so the entries of a deleted member do not reveal who they were.
type AuditEntry struct {
	Seq    uint64      `json:"seq"`
	At     time.Time   `json:"at"`
	Actor  Actor       `json:"by"`
	Action AuditAction `json:"did"`
	Target string      `json:"to,omitempty"` // a member's id, a role's or token's name, an email's id
	Detail string      `json:"detail,omitempty"`

	// Machine is the machine of a cluster on which the operator gave the command, or which did
	// this by itself. A server alone has none, and what a member does has none.
	Machine string `json:"machine,omitempty"`

	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

// Chain links the entry to the one before it: its hash covers its own content and the hash
// of that entry.
func (e *AuditEntry) Chain(seq uint64, prev string) {
	e.Seq, e.Prev = seq, prev
	e.Hash = e.Sum()
}

// Sum computes the hash that the entry should have: SHA-256 over its JSON without the hash,
// in hexadecimal.
func (e AuditEntry) Sum() string {
	e.Hash = ""
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // cannot happen: an entry is strings, numbers and a time
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Follows checks that the entry comes directly after the entry (seq, prev). It fails if the
// entry was altered, or if an entry was removed, inserted or moved.
func (e *AuditEntry) Follows(seq uint64, prev string) error {
	switch {
	case e.Seq != seq+1:
		return Errorf(Conflict, "The audit log is damaged: entry %d is followed by entry %d.", seq, e.Seq).
			WithCode("audit_broken")
	case e.Prev != prev:
		return Errorf(Conflict, "The audit log is damaged: entry %d does not follow the one before it.", e.Seq).
			WithCode("audit_broken")
	case e.Hash != e.Sum():
		return Errorf(Conflict, "The audit log is damaged: entry %d was altered.", e.Seq).WithCode("audit_broken")
	}
	return nil
}
