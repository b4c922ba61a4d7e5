package store

import (
	"encoding/binary"
	"time"

	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/store/kv"
)

// key returns the key of a record of one kind: its prefix and the parts that follow.
func (p prefix) key(parts ...string) []byte {
	n := len(p)
	for _, part := range parts {
		n += len(part)
	}
	k := append(make([]byte, 0, n), p...)
	for _, part := range parts {
		k = append(k, part...)
	}
	return k
}

func (p prefix) ofHash(h access.SecretHash) []byte { return p.key(string(h[:])) }

// ref returns what follows the prefix in a key.
func (p prefix) ref(key []byte) string { return string(key[len(p):]) }

// refTime returns the time that follows the prefix in a key.
func (p prefix) refTime(key []byte) time.Time { return timeOf(key[len(p):]) }

// up and down encode a time in a key: sorted oldest first, and newest first.
func up(t time.Time) string { return number(uint64(t.UnixMicro())) }

func down(t time.Time) string { return number(^uint64(t.UnixMicro())) }

func number(n uint64) string {
	var b [timeLength]byte
	binary.BigEndian.PutUint64(b[:], n)
	return string(b[:])
}

// microsOfDown returns the microseconds of a time that down encoded.
func microsOfDown(b []byte) int64 { return int64(^binary.BigEndian.Uint64(b)) }

// timeLength is the number of bytes of a time in a key.
const timeLength = 8

func timeOf(b []byte) time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC()
}

// after returns the first key that does not start with these bytes.
func after(begins []byte) []byte {
	end := append([]byte(nil), begins...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return []byte{0xff}
}

// lastID returns the identifier at the end of a key; the whole key if it is shorter.
func lastID(key []byte) string { return string(key[max(0, len(key)-access.IDLength):]) }

func idOf(e kv.KV) access.MemberID { return access.MemberID(lastID(e.Key)) }

func messageOf(e kv.KV) access.MessageID { return access.MessageID(lastID(e.Key)) }

// laneTime returns the time in a key of a lane: before the email's id.
func laneTime(k []byte) time.Time { return timeOf(k[len(k)-access.IDLength-timeLength:]) }

// hashOf returns the hash at the end of a key.
func hashOf(k []byte) (h access.SecretHash) {
	copy(h[:], k[len(k)-len(h):])
	return h
}

func memberKey(id access.MemberID) []byte { return memberPrefix.key(string(id)) }

func addressKey(canonical string) []byte { return addressPrefix.key(canonical) }

func messageKey(id access.MessageID) []byte { return messagePrefix.key(string(id)) }

func factsKey(id access.MessageID) []byte { return factsPrefix.key(string(id)) }

func decoyKey(id access.MessageID) []byte { return decoyPrefix.key(string(id)) }

func decoyFactsKey(id access.MessageID) []byte { return decoyFactsPrefix.key(string(id)) }

func slotKey(n int) []byte { return slotPrefix.key(string([]byte{byte(n)})) }

func tokenKey(id access.TokenID) []byte { return tokenPrefix.key(string(id)) }

func tokenUseKey(id access.TokenID) []byte { return tokenUsePrefix.key(string(id)) }

func traceKey(t access.Trace) []byte { return tracePrefix.key(string(t)) }

func ownRoleKey(name access.RoleName) []byte { return ownRolePrefix.key(string(name)) }

func auditKey(seq uint64) []byte { return auditPrefix.key(number(^seq)) }

func decisionKey(id access.MemberID) []byte { return decisionPrefix.key(string(id)) }

func dayKey(t time.Time) []byte { return dayPrefix.key(dayOf(t).Format(time.DateOnly)) }

func machineKey(id cluster.NodeID) []byte { return machinePrefix.key(string(id)) }

func memberBrowserKey(id access.MemberID) []byte { return memberBrowserPrefix.key(string(id)) }

func memberLinkKey(l *access.LoginLink) []byte {
	return memberLinkPrefix.key(string(l.Member), string(l.Hash[:]))
}

func memberSessionKey(s *access.Session) []byte {
	return memberSessionPrefix.key(string(s.Member), string(s.Hash[:]))
}

func memberTokenKey(t *access.Token) []byte {
	return memberTokenPrefix.key(string(t.Owner), string(t.ID))
}

func signInQueueKey(a *access.SignInRequest) []byte {
	return signInQueuePrefix.key(up(a.CreatedAt), string(a.Browser[:]))
}

func dueKey(at time.Time, kind byte, ref string) []byte {
	return duePrefix.key(up(at), string(rune(kind)), ref)
}

// dueKind returns the kind in a key of what falls due.
func dueKind(key []byte) byte { return key[len(duePrefix)+timeLength] }
