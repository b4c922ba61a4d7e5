package store

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/text"
)

// A RequestQuery filters login requests and says where to start.
type RequestQuery struct {
	Role      access.RoleName // empty: any
	InvitedBy access.Inviter  // empty: anybody
	Verified  *bool           // whether the email is verified; nil: either
	Sort      access.Order    // NewestFirst, or the oldest first
	Cursor    string          // empty: from the start
	Limit     int
}

func (q RequestQuery) label() string {
	if q.Sort == access.OldestFirst {
		q.Sort = "" // the same order
	}
	if q == (RequestQuery{Cursor: q.Cursor, Limit: q.Limit}) {
		return "waiting"
	}
	label := "waiting\x00" + string(q.Role) + "\x00" + string(q.InvitedBy) + "\x00" + string(q.Sort)
	if q.Verified != nil {
		label += "\x00" + strconv.FormatBool(*q.Verified)
	}
	return label
}

// requestText is what login requests are filtered by, as index entries have it.
func requestText(m *access.Member) string {
	return strings.Join(text.Strings(m.Roles), ",") + "\x00" + string(m.Invitation.By.Inviter())
}

// source is the list of login requests or, with the newest first, its order.
func (q RequestQuery) source() source {
	handed := "0\xff" // how keys of those begin who accepted without verifying their address
	prefix := loginRequestPrefix.key()
	if q.Sort == access.NewestFirst {
		handed, prefix = "1", orderPrefix.key(orderRequests)
	}
	verified := func(key []byte) bool {
		return bytes.HasPrefix(key, []byte("0")) && !bytes.HasPrefix(key, []byte(handed))
	}
	return source{prefix: prefix, fits: func(e kv.KV) bool {
		roles, by, _ := bytes.Cut(e.Value, []byte{0})
		return (q.Role == "" || hasRole(string(roles), string(q.Role))) &&
			(q.InvitedBy == "" || string(by) == string(q.InvitedBy)) &&
			(q.Verified == nil || verified(e.Key[len(prefix):]) == *q.Verified)
	}}
}

// requestRank returns the rank of a pending member in the list of login requests, and since
// when they have it: verified addresses first, then those who accepted by a handed-over
// link, then those who have not accepted.
func requestRank(m *access.Member) (rank string, since time.Time) {
	switch {
	case !m.EmailVerifiedAt.IsZero():
		return "0", m.EmailVerifiedAt
	case !m.AcceptedAt.IsZero():
		return "1", m.AcceptedAt
	}
	return "2", m.Invitation.At
}

// waitsAs returns the beginning of a pending member's key in the list of login requests.
func waitsAs(m *access.Member) string {
	rank, since := requestRank(m)
	switch rank {
	case "1":
		return "0\xff" + up(since)
	case "2":
		return "1" + up(since)
	}
	return rank + up(since)
}

// LoginRequests returns a page of pending members: verified addresses first, then those who
// accepted otherwise, then the others, of each the oldest or the newest first. If most
// requests do not match the filter, the page may be shorter than its limit.
func (tx Members) LoginRequests(q RequestQuery) (p Page[access.Member], err error) {
	src := q.source()
	from := src.prefix
	if q.Cursor != "" {
		if from, err = tx.openCursor(q.Cursor, src.prefix, q.label()); err != nil {
			return p, err
		}
	}
	found, next, err := tx.take(src, from, q.Limit)
	if err != nil {
		return p, err
	}
	if p.Items, err = tx.membersOf(found); err != nil {
		return p, err
	}
	if next != nil {
		p.Next = tx.cursor(next, q.label())
	}
	return p, tx.countRequests(q, &p)
}

// countRequests counts all matches.
func (tx *Tx) countRequests(q RequestQuery, p *Page[access.Member]) error {
	if q.Role == "" && q.InvitedBy == "" && q.Verified == nil {
		c, err := tx.counts()
		p.Total = c.Pending
		return err
	}
	src := q.source()
	found, more, err := tx.take(src, src.prefix, CountsUpTo)
	p.Total, p.TotalIsFloor = len(found), more != nil
	return err
}

// maxInvitersSought is how many login requests are looked at for their inviters.
const maxInvitersSought = CountsUpTo

// Inviters returns an invitation of each inviter of the first login requests, at most n:
// it says who that is.
func (tx Members) Inviters(n int) (by []access.Actor, err error) {
	found, err := tx.scan(loginRequestPrefix.key(), maxInvitersSought)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, e := range found {
		_, inviter, _ := strings.Cut(string(e.Value), "\x00")
		if seen[inviter] {
			continue
		}
		seen[inviter] = true
		m, err := tx.Members.Get(idOf(e))
		if err != nil {
			return nil, err
		}
		if by = append(by, m.Invitation.By); len(by) == n {
			break
		}
	}
	return by, nil
}
