package cluster

import (
	"cmp"
	"time"
)

// How long certificates are valid. A certificate begins a day before it is made: a machine whose
// clock is hours behind must still hear from the others that it is. Who is a member is decided by
// the list of members, so an early beginning lets nobody in.
const (
	authorityTTL   = 10 * 365 * 24 * time.Hour
	certificateTTL = 365 * 24 * time.Hour
	backdate       = 24 * time.Hour

	// RenewBefore is how long before its end a machine's certificate is renewed.
	RenewBefore = 30 * 24 * time.Hour
)

// TokenTTL is how long a join token can be used.
const TokenTTL = time.Hour

// MaxMembers is how many machines a cluster can have. Three or five are usual; each change is
// sent to all of them.
const MaxMembers = 9

// MaxSkew is how much the clocks of two machines may differ for one to join. A machine whose clock
// differs more from most of the others' does not lead.
const MaxSkew = 10 * time.Second

// The maximum length of what a machine sends to join, and of what it is answered.
const (
	maxRequest = 16 << 10 // the whole request
	maxAnswer  = 256 << 10
	maxCSR     = 2 << 10
	maxVersion = 64
	maxName    = 63
	maxAddress = 253 + 1 + 5 // a host name, a colon and a port
	maxTold    = 500         // of a refusal that is shown

	// MaxSetup is how long JoinOptions.Setup can be, and MaxBundle the Bundle of an answer.
	MaxSetup  = 4 << 10
	MaxBundle = 64 << 10
)

// Bounds are what strangers can make the port do. Zero fields have the default.
type Bounds struct {
	// Handshakes is how many connections may be without a finished handshake, and PerAddress
	// how many of them may come from one address (IPv6: one /64). At either, the oldest one
	// makes room: a machine's handshake is over in milliseconds, and who sends nothing is the
	// oldest soon. Within is how long a handshake may take.
	Handshakes, PerAddress int
	Within                 time.Duration

	// Failures limits the handshakes of one address that fail, or are beyond Tries. An address from which a
	// machine of the cluster has connected is not held to it, so that whoever shares it
	// cannot keep that machine out.
	Failures Rate

	// Joins is how many join requests may be in progress, Tries limits those of one address,
	// and JoinWithin is how long one may take to arrive.
	Joins      int
	Tries      Rate
	JoinWithin time.Duration
}

func (b Bounds) orDefault() Bounds {
	return Bounds{
		Handshakes: cmp.Or(b.Handshakes, 256),
		PerAddress: cmp.Or(b.PerAddress, 32),
		Within:     cmp.Or(b.Within, 5*time.Second),
		Failures:   cmp.Or(b.Failures, Rate{Burst: 60, Every: time.Second}),
		Joins:      cmp.Or(b.Joins, 8),
		Tries:      cmp.Or(b.Tries, Rate{Burst: 10, Every: 10 * time.Second}),
		JoinWithin: cmp.Or(b.JoinWithin, 10*time.Second),
	}
}
