package store

import (
	"bytes"
	"time"

	"doorward/backend/access"
	"doorward/backend/cluster"
)

// A prefix starts the keys of all records of one kind. A prefix without a slash is the
// whole key of a record of which there is one.
type prefix string

// The comments say what follows the prefix. Times are microseconds since 1970, eight bytes,
// big endian; DOWN marks times with inverted bits, which sort newest first. The bytes of a
// key never change, because stores of all versions contain them.
const (
	memberPrefix        prefix = "m/"  // ID
	addressPrefix       prefix = "a/"  // canonical address
	statePrefix         prefix = "t/"  // STATE DOWN ID; STATE is p, a or s, * for all, and of p also i, e or w
	rolePrefix          prefix = "r/"  // ROLE 0 DOWN ID
	wordPrefix          prefix = "w/"  // WORD 0 ID
	orderPrefix         prefix = "A/"  // ORDER KEY ID; order.go has the orders and their keys
	loginRequestPrefix  prefix = "q/"  // 0 TIME ID: verified; 0 255 TIME ID: accepted without; 1 TIME ID: not yet
	duePrefix           prefix = "x/"  // TIME KIND REF
	putOffPrefix        prefix = "P/"  // TIME KIND REF
	loginLinkPrefix     prefix = "l/"  // HASH
	memberLinkPrefix    prefix = "L/"  // MEMBER HASH
	signInPrefix        prefix = "b/"  // HASH of the browser's secret
	signInQueuePrefix   prefix = "B/"  // TIME HASH
	browserPrefix       prefix = "N/b" // MAC of address and browser
	memberBrowserPrefix prefix = "N/m" // MEMBER
	sessionPrefix       prefix = "s/"  // HASH
	memberSessionPrefix prefix = "S/"  // MEMBER HASH
	endReasonPrefix     prefix = "z/"  // HASH
	messagePrefix       prefix = "o/"  // ID
	factsPrefix         prefix = "O/"  // ID
	lanePrefix          prefix = "Q/"  // CLASS TIME ID; held emails have a TIME that never comes
	oldLanePrefix       prefix = "d/"  // TIME ID
	messageListPrefix   prefix = "n/"  // DOWN ID
	memberMessagePrefix prefix = "M/"  // MEMBER ID
	decoyPrefix         prefix = "E/o" // ID
	decoyFactsPrefix    prefix = "E/O" // ID
	decoyLanePrefix     prefix = "E/d" // TIME ID
	slotPrefix          prefix = "E/s" // N, one byte
	tokenPrefix         prefix = "k/"  // ID
	tokenHashPrefix     prefix = "K/"  // HASH
	memberTokenPrefix   prefix = "T/"  // MEMBER ID
	tokenUsePrefix      prefix = "U/"  // ID
	tracePrefix         prefix = "U/"  // KIND, which is always shorter than an id
	ownRolePrefix       prefix = "g/"  // NAME
	auditPrefix         prefix = "u/"  // DOWN of the number, not of the time
	rejectionPrefix     prefix = "e/"  // MAC of the address, in hex
	decisionPrefix      prefix = "j/"  // MEMBER
	bucketPrefix        prefix = "i/"  // HASH of the name
	dayPrefix           prefix = "Y/"  // DAY as 2006-01-02
	countersPrefix      prefix = "c"
	auditHeadPrefix     prefix = "h"
	settingsPrefix      prefix = "p"
	setupPrefix         prefix = "f"
	mailHealthPrefix    prefix = "y"
	mailPasswordPrefix  prefix = "W"
	logoPrefix          prefix = "G"
	rolesRevPrefix      prefix = "v"
	digestPrefix        prefix = "D"
	clockPrefix         prefix = "T"
	schemaPrefix        prefix = "V"
	authorityPrefix     prefix = "C"
	machinePrefix       prefix = "C/m" // NODE
	joinTokenPrefix     prefix = "C/t" // HASH
)

// A record describes one kind of record. Everything that handles all kinds reads this
// table: changes, backups, restoring, verification, filling.
type record struct {
	prefix    prefix
	refLength int    // bytes after the prefix, if two kinds share one; zero: any
	name      string // in the plural, as in "the entries of …"
	holds     any    // the type that its JSON is decoded into; nil: it has no JSON
	version   byte   // of the JSON, as this program writes it (version.go); zero means one
	indexOf   prefix // the kind of record from which it is derived
	since     int    // the schema from which its entries are as they are now; older ones are not verified
	recount   bool   // verification derives all of its entries again, and compares
	leftOut   bool   // not in backups: it grants access, or is useless without a record that does
	topic     Topic  // the topic of a change to it; empty: changes are not reported
	tells     keyPart
	whenSet   bool // its deletion is not reported
}

// A keyPart is the part of a key that goes into a Change.
type keyPart int

const (
	tellNothing keyPart = iota
	tellRef             // everything after the prefix
	tellLastID          // the id at the end
	tellTime            // the time after the prefix
)

// records has all kinds. Of two that share a prefix, the one with a refLength comes first.
var records = []record{
	{prefix: memberPrefix, name: "members", holds: access.Member{}, topic: MemberChanged, tells: tellRef},
	{
		prefix:  addressPrefix,
		name:    "members by address",
		holds:   access.MemberID(""),
		indexOf: memberPrefix,
		recount: true,
	},
	{prefix: statePrefix, name: "members by state", indexOf: memberPrefix, recount: true},
	{prefix: rolePrefix, name: "members by role", indexOf: memberPrefix, recount: true},
	{prefix: wordPrefix, name: "members by word", indexOf: memberPrefix, recount: true},
	{prefix: orderPrefix, name: "members in order", indexOf: memberPrefix, recount: true, since: schemaOfOrders},
	{prefix: loginRequestPrefix, name: "login requests", indexOf: memberPrefix, recount: true, since: schemaOfOrders,
		topic: LoginRequestChanged, tells: tellLastID},

	{prefix: duePrefix, name: "what falls due", topic: DueChanged, tells: tellTime, whenSet: true},
	{prefix: putOffPrefix, name: "what was put off", topic: DueChanged, tells: tellTime, whenSet: true},

	{prefix: loginLinkPrefix, name: "login links", holds: access.LoginLink{}, leftOut: true},
	{prefix: memberLinkPrefix, name: "login links by member", indexOf: loginLinkPrefix, recount: true, leftOut: true},
	{prefix: signInPrefix, name: "sign-in requests", holds: access.SignInRequest{}, leftOut: true},
	{prefix: signInQueuePrefix, name: "sign-in requests to be answered", indexOf: signInPrefix, leftOut: true,
		topic: SignInRequested, whenSet: true},
	{prefix: browserPrefix, name: "known browsers", holds: knownBrowser{}, leftOut: true},
	{prefix: memberBrowserPrefix, name: "known browsers by member", holds: []knownOf{}, leftOut: true},
	{prefix: sessionPrefix, name: "sessions", holds: access.Session{}, leftOut: true,
		topic: SessionChanged, tells: tellRef},
	{prefix: memberSessionPrefix, name: "sessions by member", indexOf: sessionPrefix, recount: true, leftOut: true},
	{prefix: endReasonPrefix, name: "why sessions ended", holds: access.EndReason(""), leftOut: true},

	{prefix: messagePrefix, name: "emails", holds: access.Message{}, topic: MessageChanged, tells: tellRef},
	{prefix: factsPrefix, name: "facts of emails", leftOut: true},
	{prefix: lanePrefix, name: "emails by class and due time", indexOf: messagePrefix, recount: true,
		topic: MessageDue, whenSet: true},
	{prefix: oldLanePrefix, name: "emails by due time, from before there were classes", indexOf: messagePrefix,
		recount: true, topic: MessageDue, whenSet: true},
	{prefix: messageListPrefix, name: "emails by age", indexOf: messagePrefix, recount: true},
	{prefix: memberMessagePrefix, name: "emails by member", indexOf: messagePrefix, recount: true},
	{prefix: decoyPrefix, name: "decoys", holds: access.Message{}, leftOut: true},
	{prefix: decoyFactsPrefix, name: "facts of decoys", leftOut: true},
	{prefix: decoyLanePrefix, name: "decoys by due time", indexOf: decoyPrefix, leftOut: true,
		topic: MessageDue, whenSet: true},
	{prefix: slotPrefix, name: "slots that make transactions alike", leftOut: true},

	{prefix: tokenPrefix, name: "API tokens", holds: access.Token{}, topic: TokenChanged, tells: tellRef},
	{
		prefix:  tokenHashPrefix,
		name:    "API tokens by hash",
		holds:   access.TokenID(""),
		indexOf: tokenPrefix,
		recount: true,
	},
	{prefix: memberTokenPrefix, name: "API tokens by member", indexOf: tokenPrefix, recount: true},
	{prefix: tokenUsePrefix, refLength: access.IDLength, name: "last uses of API tokens", holds: time.Time{},
		topic: OverviewChanged},
	{prefix: tracePrefix, name: "traces of attacks", holds: access.TraceRecord{}, topic: OverviewChanged},
	{prefix: ownRolePrefix, name: "roles", holds: access.Role{}},

	{prefix: auditPrefix, name: "audit entries", holds: access.AuditEntry{}},
	{prefix: rejectionPrefix, name: "rejected addresses", holds: Rejection{}},
	{prefix: decisionPrefix, name: "decisions about members who are gone", holds: FinalDecision{}},
	{prefix: bucketPrefix, name: "rate limits", holds: Bucket{}},
	{prefix: dayPrefix, name: "days", holds: Day{}},

	{prefix: countersPrefix, name: "counters", holds: access.Counters{}, topic: OverviewChanged},
	{prefix: auditHeadPrefix, name: "the end of the audit log", holds: auditHead{}, topic: AuditAdded},
	{prefix: settingsPrefix, name: "settings", holds: access.Settings{}, topic: SettingsChanged},
	{prefix: setupPrefix, name: "the way to the first Admin", holds: access.Setup{}},
	{prefix: mailHealthPrefix, name: "health of the way to the mail server", holds: access.MailHealth{}},
	{prefix: mailPasswordPrefix, name: "the mail server's password", leftOut: true},
	{prefix: logoPrefix, name: "the logo"},
	{prefix: rolesRevPrefix, name: "the revision of the roles", holds: 0, topic: RolesChanged},
	{prefix: digestPrefix, name: "what Admins were told of who waits", holds: Digest{}},
	{prefix: clockPrefix, name: "the time that was last trusted", holds: time.Time{}},
	{prefix: schemaPrefix, name: "the schema", holds: schemaState{}, topic: MachinesChanged},

	// A backup is restored as a server of its own, so it has nothing of the cluster.
	{prefix: authorityPrefix, name: "the authority of the cluster", leftOut: true},
	{prefix: machinePrefix, name: "machines of the cluster", holds: cluster.Member{}, leftOut: true,
		topic: MachinesChanged, tells: tellRef},
	{prefix: joinTokenPrefix, name: "join tokens", holds: cluster.KeptToken{}, leftOut: true},
}

// duesOf has the kinds of what falls due for a record. If a record is left out of a backup,
// so is its entry in the queue; and verification expects the entry as long as the record
// exists.
var duesOf = map[byte]struct {
	prefix  prefix
	recount bool
}{
	DueMember:        {memberPrefix, true},
	DueMessage:       {messagePrefix, true},
	DueSession:       {sessionPrefix, true},
	DueLoginLink:     {loginLinkPrefix, true},
	DueSignInRequest: {signInPrefix, true},
	DueEndReason:     {endReasonPrefix, false},
	DueDecoy:         {decoyPrefix, false},
	DueDecision:      {decisionPrefix, false},
	DueBucket:        {bucketPrefix, false},
}

// byFirstByte finds the kind of a record without a search through all kinds.
var byFirstByte = func() (all [256][]*record) {
	for i := range records {
		first := records[i].prefix[0]
		all[first] = append(all[first], &records[i])
	}
	return all
}()

// recordOf returns the kind of the record at key; nil if there is none.
func recordOf(key []byte) *record {
	if len(key) == 0 {
		return nil
	}
	for _, r := range byFirstByte[key[0]] {
		if r.is(key) {
			return r
		}
	}
	return nil
}

func (r *record) is(key []byte) bool {
	ref := len(key) - len(r.prefix)
	if len(r.prefix) == 1 && ref != 0 || r.refLength != 0 && ref != r.refLength {
		return false
	}
	return bytes.HasPrefix(key, []byte(r.prefix))
}

// kindOf returns the kind with that prefix, the first of two; nil if there is none.
func kindOf(p prefix) *record {
	for i := range records {
		if records[i].prefix == p {
			return &records[i]
		}
	}
	return nil
}

// recountedFrom has the kinds from whose records verification derives entries.
var recountedFrom = func() map[prefix]bool {
	from := map[prefix]bool{}
	for _, r := range records {
		if r.recount {
			from[r.indexOf] = true
		}
	}
	for _, d := range duesOf {
		if d.recount {
			from[d.prefix] = true
		}
	}
	return from
}()
