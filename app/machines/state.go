package machines

import (
	"context"
	"sync"

	"doorward/backend/access"
	"doorward/backend/cluster"
)

// States implements service.Cluster.
func (m *machine) States(ctx context.Context) (all []access.MachineState, err error) {
	leader := m.node.LeaderAt().ID
	said := map[cluster.NodeID]heard{}
	var asked sync.WaitGroup
	_, leads := m.Leader()
	if leads {
		asked.Go(func() { said = m.statuses(ctx) })
	}
	standings, err := m.node.Standings(ctx)
	asked.Wait()
	leads = leads && err == nil
	for _, k := range m.members() {
		s := access.MachineState{
			ID: string(k.ID), Name: k.Name, Address: k.Address, Role: string(k.Role), Version: k.Version,
			JoinedAt: k.JoinedAt, Leads: string(k.ID) == leader, Self: k.ID == m.identity.Node(),
		}
		if v := said[k.ID].Version; v != "" {
			s.Version = v
		}
		s.WrongClock, s.Damaged = isWrong(said, k.ID), said[k.ID].Harmed
		if s.Self {
			s.Version = m.o.Version
		}
		if leads && !s.Self {
			standing := standings[s.ID]
			s.Answers = &standing.Answers
			if standing.Answers {
				s.Behind = &standing.Behind
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// Removable implements service.Cluster.
func (m *machine) Removable(ctx context.Context, id string) error {
	all := m.members()
	k := recordOf(all, id)
	switch {
	case k == nil:
		return access.MachineUnknown(id, names(all))
	case len(all) == 1:
		return access.MachineLast(k.Name)
	case k.ID == m.identity.Node():
		return access.MachineLeads(k.Name)
	}
	return m.staysMajority(ctx, *k)
}

// staysMajority refuses to remove a machine without which the others that answer are no
// majority.
func (m *machine) staysMajority(ctx context.Context, gone cluster.Member) error {
	have, err := m.node.Members()
	if err != nil {
		return err
	}
	standings, err := m.node.Standings(ctx)
	if err != nil {
		return err
	}
	votes, answer := 0, 0
	for _, h := range have {
		if !h.Votes || h.ID == string(gone.ID) {
			continue
		}
		votes++
		if h.ID == m.self().ID || standings[h.ID].Answers {
			answer++
		}
	}
	if answer > votes/2 {
		return nil
	}
	return access.ClusterWouldStop(gone.Name, answer, votes)
}

func names(all []cluster.Member) []string {
	list := make([]string, len(all))
	for i, k := range all {
		list[i] = k.Name
	}
	return list
}
