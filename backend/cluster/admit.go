package cluster

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"doorward/backend/access"
)

// A Registry keeps the members of a cluster and its join tokens.
type Registry interface {
	// Admit calls decide with the token of that hash and the members as they are. If decide
	// returns nil, it keeps what decide left, before it returns: the token, and Joined as a
	// member, in the place of an earlier one with the same id. All of that is one transaction:
	// of two machines that show the same token at the same moment, one is admitted. decide may
	// run again, on what another call has left.
	//
	// If decide returns an error, nothing is changed, and Admit returns that error.
	Admit(ctx context.Context, token access.SecretHash, decide func(*Admission) error) error
}

// An Admission is what a decision rests on, and what it decides.
type Admission struct {
	Token   *KeptToken // nil: there is none with that hash
	Members []Member
	Schema  int    // that the store has
	Joined  Member // set by the decision
}

// A JoinRequest is what a machine sends to join.
type JoinRequest struct {
	Secret  access.Secret `json:"secret"`
	CSR     []byte        `json:"csr"`
	Name    string        `json:"name"`
	Address string        `json:"address"`
	Version string        `json:"version"` // of the program
	Schema  int           `json:"schema"`  // of the store: the newest that the program knows
	Clock   time.Time     `json:"clock"`
	Setup   []byte        `json:"setup,omitempty"` // what the caller compares

	OldestSchema int `json:"oldest_schema,omitempty"` // with which it works in a cluster; zero: it is Schema
}

// parseJoin reads a request. Whoever sent it may be anybody: what is wrong with it is told
// without a look at the cluster.
func parseJoin(text []byte) (r JoinRequest, csr Request, err error) {
	if len(text) > maxRequest {
		return r, csr, tooLong()
	}
	if err := decodeStrictly(text, &r); err != nil {
		return r, csr, badRequest(err)
	}
	if err := checkName(r.Name); err != nil {
		return r, csr, err
	}
	if err := checkAddress(r.Address); err != nil {
		return r, csr, err
	}
	if !validVersion(r.Version) || len(r.Setup) > MaxSetup {
		return r, csr, badRequest(nil)
	}
	csr, err = ParseRequest(r.CSR)
	return r, csr, err
}

const versionAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_ ()"

func validVersion(v string) bool {
	return len(v) <= maxVersion && strings.Trim(v, versionAlphabet) == ""
}

func badRequest(cause error) error {
	return access.Errorf(access.Invalid,
		"This is not a request to join a cluster, or it is from a version of Doorward that is not known here.").
		WithCode("join_malformed").Because(cause)
}

func tooLong() error {
	return access.Errorf(access.Invalid, "The request to join is too long: it can have at most %d bytes.", maxRequest).
		WithCode("join_too_long")
}

// admit decides whether a machine may join. The token comes first: who does not know its
// secret learns nothing about the cluster. A refusal for another reason leaves the token
// unused, since the caller then keeps nothing.
func (j *Joins) admit(r JoinRequest, csr Request, a *Admission, now time.Time) error {
	if a.Token == nil {
		return tokenUnknown()
	}
	again := a.Token.UsedBy == csr.hash
	if err := a.Token.use(csr.hash, now); err != nil {
		return err
	}
	joined := Member{ID: csr.node, Name: r.Name, Address: r.Address, Key: csr.hash, Version: r.Version, JoinedAt: now,
		Role: Learner}
	others := a.Members
	if again {
		i := slices.IndexFunc(a.Members, func(m Member) bool { return m.ID == csr.node && m.Key == csr.hash })
		if i < 0 || a.Members[i].Role == Leaving {
			return tokenUsed() // and the machine was removed since
		}
		joined.JoinedAt, joined.Role = a.Members[i].JoinedAt, a.Members[i].Role
		others = slices.Delete(slices.Clone(a.Members), i, i+1)
	}
	if err := j.fits(r, a.Schema, now); err != nil {
		return err
	}
	if err := fitsAmong(joined, others); err != nil {
		return err
	}
	a.Joined = joined
	return nil
}

// fits refuses a machine whose set-up is not that of the cluster.
func (j *Joins) fits(r JoinRequest, schema int, now time.Time) error {
	switch {
	case r.Schema < schema:
		return access.Errorf(access.Conflict,
			"This machine's version of Doorward is older than the cluster's. Upgrade this machine, then join.").
			WithCode("join_schema_older")
	case cmp.Or(r.OldestSchema, r.Schema) > schema:
		return access.Errorf(access.Conflict,
			"This machine's version of Doorward is newer than the cluster's. Upgrade the cluster, then join.").
			WithCode("join_schema_newer")
	}
	if skew := r.Clock.Sub(now).Abs(); skew > MaxSkew {
		return access.Errorf(access.Conflict,
			"The clocks of this machine and of the cluster differ by %d seconds, and may differ by %d. Correct this "+
				"machine's clock, then join.", seconds(skew), seconds(MaxSkew)).
			WithCode("join_clock")
	}
	if j.Check != nil {
		return j.Check(r.Setup)
	}
	return nil
}

// seconds rounds up, so that what is too much does not look as if it were not.
func seconds(d time.Duration) int {
	n := int(d / time.Second)
	if d%time.Second > 0 {
		n++
	}
	return n
}

// fitsAmong refuses a machine that another member could be taken for.
func fitsAmong(m Member, others []Member) error {
	for _, o := range others {
		switch {
		case o.ID == m.ID || o.Key == m.Key:
			return access.Errorf(access.Conflict,
				"This machine is already a member of the cluster. To join again, remove it there, and start here with "+
					"an empty directory.").WithCode("join_node_twice")
		case strings.EqualFold(o.Name, m.Name):
			return access.Errorf(access.Conflict,
				"The cluster already has a machine named %s. Give this one another name, or, if that one is lost, "+
					"remove it first with: doorward cluster remove", o.Name).
				On("name").WithCode("join_name_twice")
		case sameAddress(o.Address, m.Address):
			return access.Errorf(access.Conflict,
				"The machine %s of the cluster already has the address %s. Give this one its own, or, if that one "+
					"is lost, remove it first with: doorward cluster remove", o.Name, o.Address).
				On("address").WithCode("join_address_twice")
		}
	}
	if len(others) >= MaxMembers {
		return access.Errorf(access.Conflict,
			"The cluster has %d machines, which is the most it can have. Remove one first.", len(others)).
			WithCode("join_full")
	}
	return nil
}
