package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sort"
	"time"

	"doorward/backend/access"
	"doorward/backend/cluster"
)

// maxJoinTokens is how many join tokens can be open.
const maxJoinTokens = 20

// joinTokenKept is for how long after its end whoever has a join token is told that it has
// expired, and not that nobody knows it.
const joinTokenKept = 24 * time.Hour

// A MachineID names a machine of the cluster.
type MachineID = cluster.NodeID

// Machines has the reads and writes of the cluster's machines, its authority and its join tokens,
// in a transaction. It is not a noun of Tx because a server alone has none of them.
type Machines struct{ tx *Tx }

// MachinesIn returns them in a transaction.
func MachinesIn(tx *Tx) Machines { return Machines{tx} }

// Authority returns what certifies the cluster's machines, as cluster.Authority marshals it: a
// secret. It is nil if this store is not a cluster's.
func (c Machines) Authority() ([]byte, error) {
	sealed, found, err := c.tx.read(authorityPrefix.key())
	if err != nil || !found {
		return nil, err
	}
	return unseal(c.tx.keys.authority, sealed, string(authorityPrefix))
}

// Begin makes the store a cluster's, whose only machine is first. What an earlier cluster
// has left is deleted.
func (c Machines) Begin(authority []byte, first cluster.Member) error {
	if err := c.tx.Record(access.Operator, access.ActionCreateCluster, first.Name, first.Address); err != nil {
		return err
	}
	return c.only(authority, first)
}

// GoOnAlone forgets all machines but this one, which votes, and all join tokens.
func (c Machines) GoOnAlone(id cluster.NodeID) error {
	m, err := c.Get(id)
	if err != nil {
		return err
	}
	a, err := c.authority()
	if err != nil {
		return err
	}
	if err := c.tx.Record(access.Operator, access.ActionRecoverCluster, m.Name, ""); err != nil {
		return err
	}
	return c.only(a, m)
}

// only makes m the only machine.
func (c Machines) only(authority []byte, m cluster.Member) error {
	if err := c.forget(); err != nil {
		return err
	}
	sealed := seal(c.tx.keys.authority, authority, string(authorityPrefix))
	if err := c.tx.put(authorityPrefix.key(), sealed); err != nil {
		return err
	}
	m.Role = cluster.Voter
	return c.tx.set(machineKey(m.ID), m)
}

// Dissolve makes the store an independent server's: nothing of its cluster is left.
func (c Machines) Dissolve(name string) error {
	if err := c.forget(); err != nil {
		return err
	}
	return c.tx.Record(access.Operator, access.ActionDissolveCluster, name, "")
}

// forget deletes the authority, all machines and all join tokens.
func (c Machines) forget() error {
	for _, p := range []prefix{machinePrefix, joinTokenPrefix} {
		found, err := c.tx.scan(p.key(), cluster.MaxMembers+maxJoinTokens)
		if err != nil {
			return err
		}
		for _, e := range found {
			if err := c.tx.unmark(e.Key); err != nil {
				return err
			}
		}
	}
	return c.tx.unmark(authorityPrefix.key())
}

// Get returns the machine with that id, or NotFound.
func (c Machines) Get(id cluster.NodeID) (m cluster.Member, err error) {
	found, err := c.tx.get(machineKey(id), &m)
	if err == nil && !found {
		err = access.Errorf(access.NotFound, "The cluster has no machine %s. List them with: doorward cluster list",
			access.Shorten(string(id), access.IDLength)).WithCode("machine_unknown")
	}
	return m, err
}

// List returns the machines, in the order in which they have joined.
func (c Machines) List() ([]cluster.Member, error) {
	found, err := c.tx.scan(machinePrefix.key(), cluster.MaxMembers)
	if err != nil {
		return nil, err
	}
	all := make([]cluster.Member, len(found))
	for i, e := range found {
		if err := decode(e.Key, e.Value, &all[i]); err != nil {
			return nil, err
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].JoinedAt.Before(all[j].JoinedAt) })
	return all, nil
}

// Promote says that a machine votes: it has caught up.
func (c Machines) Promote(id cluster.NodeID) error {
	m, err := c.Get(id)
	if err != nil || m.Role != cluster.Learner {
		return err
	}
	m.Role = cluster.Voter
	if err := c.tx.Record(access.System, access.ActionPromoteMachine, m.Name, ""); err != nil {
		return err
	}
	return c.tx.set(machineKey(id), m)
}

// Remove marks a machine as leaving, by whoever removes it: the leading one takes its vote away, and then calls Forget.
// If it were gone at once, its connections would be closed while a majority still needs it. The
// join token that it has used is deleted, so that it cannot ask again. The last machine stays.
func (c Machines) Remove(by access.Actor, id cluster.NodeID) error {
	m, err := c.Get(id)
	if err != nil || m.Role == cluster.Leaving {
		return err
	}
	all, err := c.List()
	if err != nil {
		return err
	}
	stay := slices.ContainsFunc(all, func(o cluster.Member) bool { return o.ID != id && o.Role != cluster.Leaving })
	if !stay {
		return access.MachineLast(m.Name)
	}
	if err := c.dropJoinTokens(func(k cluster.KeptToken) bool { return k.UsedBy == m.Key }); err != nil {
		return err
	}
	if err := c.tx.Record(by, access.ActionRemoveMachine, m.Name, m.Address); err != nil {
		return err
	}
	m.Role = cluster.Leaving
	return c.tx.set(machineKey(id), m)
}

// Forget deletes a machine that is leaving.
func (c Machines) Forget(id cluster.NodeID) error {
	m, err := c.Get(id)
	if access.NotFound.Is(err) {
		return nil
	}
	if err != nil || m.Role != cluster.Leaving {
		return err
	}
	return c.tx.unmark(machineKey(id))
}

// AddJoinToken stores a new join token, of which only the hash is known here.
func (c Machines) AddJoinToken(by access.Actor, k cluster.KeptToken) error {
	if _, err := c.authority(); err != nil {
		return err
	}
	old := c.tx.Now.Add(-joinTokenKept)
	if err := c.dropJoinTokens(func(k cluster.KeptToken) bool { return k.Expires.Before(old) }); err != nil {
		return err
	}
	kept, err := c.tx.scan(joinTokenPrefix.key(), maxJoinTokens)
	if err != nil {
		return err
	}
	if len(kept) == maxJoinTokens {
		return access.Errorf(access.TooMany,
			"There are %d join tokens from the last hours. Use one of them, or make another tomorrow.",
			maxJoinTokens).WithCode("join_tokens_many")
	}
	if err := c.tx.Record(by, access.ActionCreateJoinToken, "", ""); err != nil {
		return err
	}
	return c.tx.set(joinTokenPrefix.ofHash(k.Hash), k)
}

// VoidJoinTokens deletes the join tokens that no machine has used, and returns how many could
// still be used.
func (c Machines) VoidJoinTokens(by access.Actor) (n int, err error) {
	if _, err := c.authority(); err != nil {
		return 0, err
	}
	err = c.dropJoinTokens(func(k cluster.KeptToken) bool {
		if k.UsedBy.IsZero() && c.tx.Now.Before(k.Expires) {
			n++
		}
		return k.UsedBy.IsZero()
	})
	if err != nil || n == 0 {
		return 0, err
	}
	return n, c.tx.Record(by, access.ActionVoidJoinTokens, "", "")
}

// authority is Authority for those who need one.
func (c Machines) authority() ([]byte, error) {
	a, err := c.Authority()
	if err == nil && a == nil {
		err = access.Errorf(access.Conflict,
			"This data is not a cluster's. Make its server the first machine of one with: doorward cluster init").
			WithCode("cluster_none")
	}
	return a, err
}

// dropJoinTokens deletes those for which drop is true.
func (c Machines) dropJoinTokens(drop func(cluster.KeptToken) bool) error {
	found, err := c.tx.scan(joinTokenPrefix.key(), maxJoinTokens)
	if err != nil {
		return err
	}
	for _, e := range found {
		var k cluster.KeptToken
		if err := decode(e.Key, e.Value, &k); err != nil {
			return err
		}
		if !drop(k) {
			continue
		}
		if err := c.tx.unmark(e.Key); err != nil {
			return err
		}
	}
	return nil
}

// JoinToken returns the join token with that hash; nil if there is none.
func (c Machines) JoinToken(hash access.SecretHash) (*cluster.KeptToken, error) {
	var k cluster.KeptToken
	found, err := c.tx.get(joinTokenPrefix.ofHash(hash), &k)
	if err != nil || !found {
		return nil, err
	}
	return &k, nil
}

// A Registry keeps a cluster's machines and join tokens in its store. Only the leading
// machine can admit others.
type Registry struct{ Store *Store }

var _ cluster.Registry = Registry{}

// Admit implements cluster.Registry.
func (r Registry) Admit(ctx context.Context, hash access.SecretHash, decide func(*cluster.Admission) error) error {
	return r.Store.Update(ctx, func(tx *Tx) error {
		c := Machines{tx}
		token, err := c.JoinToken(hash)
		if err != nil {
			return err
		}
		members, err := c.List()
		if err != nil {
			return err
		}
		is, said, err := tx.schemaState()
		if err != nil {
			return err
		}
		if !said {
			is.Schema = schema()
		}
		a := &cluster.Admission{Token: token, Members: members, Schema: is.Schema}
		if err := decide(a); err != nil {
			return err
		}
		return c.admit(hash, a)
	})
}

// admit stores what was decided. A machine that only asks again is not recorded again.
func (c Machines) admit(hash access.SecretHash, a *cluster.Admission) error {
	if err := c.tx.set(joinTokenPrefix.ofHash(hash), a.Token); err != nil {
		return err
	}
	known := slices.ContainsFunc(a.Members, func(m cluster.Member) bool { return m.ID == a.Joined.ID })
	if !known {
		if err := c.tx.Record(access.System, access.ActionJoinMachine, a.Joined.Name, a.Joined.Address); err != nil {
			return err
		}
	}
	return c.tx.set(machineKey(a.Joined.ID), a.Joined)
}

// ReadMachines returns the machines in the store of a stopped server, and changes nothing.
func ReadMachines(o Options) (all []cluster.Member, err error) {
	s, err := openAsItIs(o)
	if err != nil {
		return nil, err
	}
	err = s.View(context.Background(), func(tx *Tx) (err error) {
		all, err = Machines{tx}.List()
		return err
	})
	return all, errors.Join(err, s.Close())
}

// checkMachines refuses machines without an authority, and two that could be taken for each
// other.
func checkMachines(tx *Tx) error {
	c := Machines{tx}
	a, err := c.Authority()
	if err != nil {
		return err
	}
	all, err := c.List()
	if err != nil {
		return err
	}
	fits := (a == nil) == (len(all) == 0)
	for i, m := range all {
		fits = fits && m.Role != "" && !slices.ContainsFunc(all[:i], func(o cluster.Member) bool {
			return o.ID == m.ID || bytes.Equal(o.Key[:], m.Key[:]) || o.Name == m.Name || o.Address == m.Address
		})
	}
	if fits {
		return nil
	}
	return access.Errorf(access.Conflict,
		"The store does not fit together: the machines of its cluster are not as they can be. Restore the latest "+
			"backup.").WithCode("store_broken")
}
