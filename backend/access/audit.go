package access

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// A Deed is what an audit entry says was done.
type Deed string

const (
	DidSetup       Deed = "set_up"
	DidInvite      Deed = "invited"
	DidRenew       Deed = "renewed_invitation"
	DidResend      Deed = "resent_letter"
	DidCopyLink    Deed = "made_login_link"
	DidRescue      Deed = "printed_login_link"
	DidProve       Deed = "proved_address"
	DidAccept      Deed = "accepted_handed_link" // and proved nothing of the address
	DidVerify      Deed = "verified_address"     // having come by a link that was handed over
	DidSignIn      Deed = "signed_in"
	DidConfirm     Deed = "confirmed"
	DidLetWindow   Deed = "let_window"
	DidSignOut     Deed = "signed_out"
	DidEndSession  Deed = "ended_session"
	DidSignOutAll  Deed = "signed_out_everywhere"
	DidNote        Deed = "left_note"
	DidWithdraw    Deed = "withdrew"
	DidApprove     Deed = "approved"
	DidReject      Deed = "rejected"
	DidChange      Deed = "changed_access"
	DidRename      Deed = "renamed"
	DidSuspend     Deed = "suspended"
	DidRestore     Deed = "restored"
	DidRemove      Deed = "removed"
	DidExpire      Deed = "invitation_expired"
	DidRemind      Deed = "reminded"
	DidAbandon     Deed = "removed_undecided"
	DidNotice      Deed = "noticed_unusual"
	DidMakeToken   Deed = "made_token"
	DidRevokeToken Deed = "revoked_token"
	DidPutRole     Deed = "kept_role"
	DidDeleteRole  Deed = "deleted_role"
	DidSettings    Deed = "changed_settings"
	DidClock       Deed = "believed_clock" // on somebody's word that it is right
	DidRetryLetter Deed = "retried_letter"
	DidDropLetter  Deed = "deleted_letter"
	DidTestMail    Deed = "tested_mail"
	DidNotify      Deed = "changed_notices"
	DidRestoreData Deed = "restored_backup"
	DidGuess       Deed = "wrong_codes" // by the system: so many wrong login codes for a member, and from where the last
)

// An AuditEntry says who did what to whom, when and from where. It names
// members by id, never by address: what a deleted member leaves behind tells
// nobody who they were.
type AuditEntry struct {
	Seq    uint64    `json:"seq"`
	At     time.Time `json:"at"`
	By     By        `json:"by"`
	Did    Deed      `json:"did"`
	To     string    `json:"to,omitempty"` // a member's id, a role's or token's name, a letter's id
	Detail string    `json:"detail,omitempty"`
	Prev   string    `json:"prev"`
	Hash   string    `json:"hash"`
}

// Chain ties the entry to the one before it: its hash covers all it says and
// the hash of that one.
func (e *AuditEntry) Chain(seq uint64, prev string) {
	e.Seq, e.Prev = seq, prev
	e.Hash = e.Sum()
}

// Sum is the hash that the entry ought to carry: SHA-256 over its JSON without
// the hash, in hexadecimal.
func (e AuditEntry) Sum() string {
	e.Hash = ""
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // an entry is strings, numbers and a time: it always marshals
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Follows says what is wrong with an entry as the one after (seq, prev): it was
// altered, or one was removed, inserted or moved.
func (e *AuditEntry) Follows(seq uint64, prev string) error {
	switch {
	case e.Seq != seq+1:
		return Errorf(Conflict, "The audit log is broken: after entry %d comes entry %d.", seq, e.Seq).WithCode("audit_broken")
	case e.Prev != prev:
		return Errorf(Conflict, "The audit log is broken: entry %d does not follow the one before it.", e.Seq).WithCode("audit_broken")
	case e.Hash != e.Sum():
		return Errorf(Conflict, "The audit log is broken: entry %d was altered.", e.Seq).WithCode("audit_broken")
	}
	return nil
}
