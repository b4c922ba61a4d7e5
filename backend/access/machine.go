package access

import (
	"strings"
	"time"
)

// A MachineState is a machine of a cluster, as another one sees it.
type MachineState struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Address  string    `json:"address"`
	Role     string    `json:"role"`    // learner, voter or leaving
	Version  string    `json:"version"` // of the program; of one that does not answer, when it joined
	JoinedAt time.Time `json:"joined_at"`
	Leads    bool      `json:"leads"`
	Self     bool      `json:"self"`

	// Answers and Behind, the number of entries that it lacks, are known to the leading
	// machine only.
	Answers *bool   `json:"answers,omitempty"`
	Behind  *uint64 `json:"behind,omitempty"`

	// WrongClock says that its clock differs so much from most of the others' that it does not
	// lead, as far as the leading machine knows.
	WrongClock bool `json:"wrong_clock,omitempty"`

	// Damaged says that its copy is known to be damaged, as far as the leading machine knows.
	Damaged bool `json:"damaged,omitempty"`
}

// A MachineCompacted says whether a machine of a cluster has removed deleted data from its disk.
type MachineCompacted struct {
	Name    string `json:"name"`
	Problem string `json:"problem,omitempty"` // why it has not; empty: it has
}

// MachineUnknown refuses what is about a machine that the cluster does not have.
func MachineUnknown(who string, known []string) *Error {
	return Errorf(NotFound, "The cluster has no machine %s. These are: %s.", Shorten(who, 60),
		strings.Join(known, ", ")).WithCode("machine_unknown")
}

// MachineLeads refuses to remove the machine that leads.
func MachineLeads(name string) *Error {
	return Errorf(Conflict, "%s is leading. Stop it first, then remove it on the machine that leads after that.", name).
		WithCode("machine_leads")
}

// MachineLast refuses to remove the only machine.
func MachineLast(name string) *Error {
	return Errorf(Conflict,
		"%s is the only machine of the cluster. To make it a server of its own, stop it and run: doorward cluster "+
			"leave --alone", name).WithCode("machine_last")
}

// ClusterWouldStop refuses to remove a machine without which those that answer are no majority.
func ClusterWouldStop(name string, answer, votes int) *Error {
	return Errorf(Conflict,
		"Without %s, too few machines would answer: %d of %d with a vote, which is not a majority, and nothing could "+
			"be changed any more. Start the others first, or add another machine.", name, answer, votes).
		WithCode("cluster_would_stop")
}
