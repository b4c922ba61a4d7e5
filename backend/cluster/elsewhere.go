package cluster

import (
	"errors"

	"doorward/backend/access"
)

// An elsewhere is the answer of a machine that cannot take others in: another one leads.
type elsewhere struct {
	leader  string
	refusal *access.Error
}

// Error returns the sentence.
func (e *elsewhere) Error() string { return e.refusal.Error() }

// Unwrap returns the refusal, which can be explained.
func (e *elsewhere) Unwrap() error { return e.refusal }

// Elsewhere is what a Registry answers, to whoever knows the secret of a token, on a machine
// that does not lead: the one that does has that address. The machine that joins asks there.
func Elsewhere(leader string) error {
	if checkAddress(leader) != nil {
		return access.Errorf(access.Unavailable,
			"No machine is in charge of the cluster right now. Try again when most of its machines are running.").
			WithCode("join_no_leader")
	}
	return &elsewhere{leader, access.Errorf(access.Unavailable,
		"Another machine of the cluster leads: the one at %s. Join there.", leader).WithCode("join_elsewhere")}
}

// leaderIn returns the address at which a refusal says to ask.
func leaderIn(err error) (address string, ok bool) {
	var e *elsewhere
	if !errors.As(err, &e) {
		return "", false
	}
	return e.leader, true
}

// maxContacts is how many machines are asked to join: the leading one may change meanwhile.
const maxContacts = 4
