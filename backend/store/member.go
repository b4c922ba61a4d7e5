package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"
)

// Get returns the member with that id, or NotFound.
func (tx Members) Get(id access.MemberID) (access.Member, error) {
	m, ok, err := tx.member(id)
	if err == nil && !ok {
		err = access.NoSuchMember()
	}
	return m, err
}

func (tx *Tx) member(id access.MemberID) (access.Member, bool, error) {
	return getDecoded(tx, tx.recent.members, memberKey(id))
}

// ByAddress returns the member with that canonical address, or NotFound.
func (tx Members) ByAddress(canonical string) (access.Member, error) {
	id, err := tx.Members.IDOf(canonical)
	if err != nil {
		return access.Member{}, err
	}
	if id == "" {
		return access.Member{}, access.NoSuchMember()
	}
	return tx.Members.Get(id)
}

// IDOf returns the id of the member with that canonical address; empty if no member has it.
func (tx Members) IDOf(canonical string) (access.MemberID, error) {
	var id access.MemberID
	_, err := tx.get(addressKey(canonical), &id)
	return id, err
}

// Add stores a member whose id was made for this transaction, like Put, and does not look
// whether the id is taken.
func (tx Members) Add(m access.Member) error {
	tx.unused(memberKey(m.ID))
	return tx.Members.Put(m)
}

// Put stores the member and everything derived from it: its place in every list, the search
// words, the counters, what falls due. If another member has the address, that is a
// Conflict.
func (tx Members) Put(m access.Member) error {
	old, had, err := tx.member(m.ID)
	if err != nil {
		return err
	}
	if !had || old.Email.Canonical != m.Email.Canonical {
		if err := tx.checkAddressFree(m.Email.Canonical); err != nil {
			return err
		}
	}
	var before map[string]string
	if had {
		before = memberEntries(&old)
	}
	if err := tx.reindex(before, memberEntries(&m)); err != nil {
		return err
	}
	if err := tx.count(func(c *access.Counters) {
		if had {
			c.Add(&old, -1)
		}
		c.Add(&m, 1)
	}); err != nil {
		return err
	}
	return tx.set(memberKey(m.ID), &m)
}

// checkAddressFree refuses an address that a member has.
func (tx *Tx) checkAddressFree(canonical string) error {
	holder, err := tx.Members.IDOf(canonical)
	if err == nil && holder != "" {
		err = access.Errorf(access.Conflict,
			"Another member already has the address %s.", canonical).
			On("email").WithCode("address_taken")
	}
	return err
}

// memberEntries returns the index entries of a member, with their values.
func memberEntries(m *access.Member) map[string]string {
	id, since := string(m.ID), down(m.Invitation.At)
	filter := filterText(m)
	e := make(map[string]string, 21)
	e[string(addressKey(m.Email.Canonical))] = `"` + id + `"`
	e[string(statePrefix.key(anyState, since, id))] = filter
	e[string(statePrefix.key(stateByte(m.State), since, id))] = filter
	if m.State == access.Pending {
		e[string(statePrefix.key(statusByte(m.Status()), since, id))] = filter
	}
	for _, r := range m.Roles {
		e[string(rolePrefix.key(string(r), "\x00", since, id))] = filter
	}
	words := searchWords(m)
	text := filter + "\x00" + strings.Join(words, " ")
	for _, w := range words {
		e[string(wordPrefix.key(w, "\x00", id))] = text
	}
	if m.State == access.Pending {
		e[string(loginRequestPrefix.key(waitsAs(m), id))] = requestText(m)
	}
	addOrders(e, m, filter)
	if due := m.NextDue(); !due.IsZero() {
		e[string(dueKey(due, DueMember, id))] = dueHint(m, due)
	}
	return e
}

// filterText is what lists filter by, as index entries have it.
func filterText(m *access.Member) string {
	return statusByte(m.Status()) + strings.Join(text.Strings(m.Roles), ",")
}

// anyState stands for members of every state in the list by state.
const anyState = "*"

func stateByte(s access.State) string {
	switch s {
	case access.Pending:
		return "p"
	case access.Active:
		return "a"
	}
	return "s"
}

// statusByte is the state of a member in the values of the lists, with which they are
// filtered: of a pending one, how far it has come.
func statusByte(s access.Status) string {
	switch s {
	case access.StatusInvited:
		return "i"
	case access.StatusExpired:
		return "e"
	case access.StatusAccepted:
		return "w"
	case access.StatusActive:
		return "a"
	}
	return "s"
}

// leftoverBatch is the number of links, sessions, emails and API tokens that are deleted
// together with their member; the sweeper deletes the rest in further transactions.
const leftoverBatch = 3

// Delete deletes the member and everything that belongs to them: links, sessions, emails,
// API tokens, index entries. If that is too much for one transaction, the rest falls due at
// once; it grants no access, since the member is gone. Each session leaves the reason why
// it ended, which names nobody.
func (tx Members) Delete(m access.Member, why access.EndReason) error {
	if err := tx.reindex(memberEntries(&m), nil); err != nil {
		return err
	}
	if err := tx.count(func(c *access.Counters) { c.Add(&m, -1) }); err != nil {
		return err
	}
	if err := tx.unmark(memberKey(m.ID)); err != nil {
		return err
	}
	more, err := tx.Members.DeleteLeftovers(m.ID, why)
	if err != nil || !more {
		return err
	}
	return tx.Schedule.Put(Due{At: tx.Now, Kind: DueLeftovers, Ref: string(why) + "/" + string(m.ID)})
}

// DeleteLeftovers deletes some links, sessions, emails, known browsers and API tokens of a
// deleted member. It reports whether there are more.
func (tx Members) DeleteLeftovers(id access.MemberID, why access.EndReason) (more bool, err error) {
	links, err := tx.scan(memberLinkPrefix.key(string(id)), leftoverBatch)
	if err != nil {
		return false, err
	}
	for _, e := range links {
		if err := tx.LoginLinks.Delete(hashOf(e.Key)); err != nil {
			return false, err
		}
	}
	sessions, err := tx.Sessions.End(id, why)
	if err != nil {
		return false, err
	}
	messages, err := tx.scan(memberMessagePrefix.key(string(id)), leftoverBatch)
	if err != nil {
		return false, err
	}
	for _, e := range messages {
		if err := tx.Messages.Delete(access.MessageID(memberMessagePrefix.ref(e.Key)[len(id):])); err != nil {
			return false, err
		}
	}
	tokens, err := tx.Tokens.Of(id, leftoverBatch)
	if err != nil {
		return false, err
	}
	for _, t := range tokens {
		if err := tx.Tokens.Delete(t); err != nil {
			return false, err
		}
	}
	browsers, err := tx.forgetBrowsers(id)
	full := func(n int) bool { return n == leftoverBatch }
	return browsers || sessions || full(len(links)) || full(len(messages)) || full(len(tokens)), err
}

// A Rejection is what is stored about a rejected address.
type Rejection struct {
	By access.Actor `json:"by"`
	At time.Time    `json:"at"`
}

func (tx *Tx) rejectionKey(canonical string) []byte {
	mac := hmac.New(sha256.New, tx.keys.address)
	mac.Write([]byte(canonical))
	return rejectionPrefix.key(hex.EncodeToString(mac.Sum(nil)))
}

// RejectedBefore returns the last rejection of the address; false if there was none. Only a
// keyed hash of the address is stored.
func (tx Members) RejectedBefore(canonical string) (Rejection, bool, error) {
	var r Rejection
	ok, err := tx.get(tx.rejectionKey(canonical), &r)
	return r, ok, err
}

// RememberRejection records that the address was rejected.
func (tx Members) RememberRejection(canonical string, actor access.Actor) error {
	return tx.set(tx.rejectionKey(canonical), Rejection{By: actor, At: tx.Now})
}

// decisionTTL is how long the decision about a deleted member is kept, for the slower of
// two Admins.
const decisionTTL = 24 * time.Hour

// A FinalDecision is the decision that deleted a member.
type FinalDecision struct {
	access.Decision
	Why access.EndReason `json:"why,omitempty"` // rejected or removed
}

// RememberDecision records for a day who rejected a request or removed a member, under the
// member's id only.
func (tx Members) RememberDecision(id access.MemberID, d FinalDecision) error {
	if err := tx.Schedule.Put(Due{At: tx.Now.Add(decisionTTL), Kind: DueDecision, Ref: string(id)}); err != nil {
		return err
	}
	return tx.set(decisionKey(id), d)
}

// Decision returns who rejected or removed a deleted member; false if that is not known.
func (tx Members) Decision(id access.MemberID) (d FinalDecision, ok bool, err error) {
	ok, err = tx.get(decisionKey(id), &d)
	return d, ok, err
}

// ForgetDecision deletes what RememberDecision stored.
func (tx Members) ForgetDecision(id access.MemberID) error { return tx.unmark(decisionKey(id)) }
