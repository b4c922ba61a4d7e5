package machines

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"doorward/backend/access"
	"doorward/backend/cluster"
)

// A command about the cluster can be given on every machine. Only the leading one can carry it
// out, so the others send it there, as its operator's own: who holds one machine of a cluster
// holds all, for each has the authority.

// seekTime is for how long a machine looks for the one that leads. seekPause is between two tries.
const (
	seekTime  = 3 * time.Second
	seekPause = 50 * time.Millisecond
)

// nobodyLeads refuses what only the leading machine can do. Nothing was done.
func nobodyLeads() error {
	return access.Errorf(access.Unavailable,
		"No machine is in charge of the cluster right now. Most of its machines must be running. Nothing was changed.").
		WithCode(codeNobodyLeads)
}

const codeNobodyLeads = "no_majority"

// atLeader has the leading machine do something, or with here, this one.
func (m *machine) atLeader(here bool, do func(*http.Request) (any, error)) func(*http.Request) (any, error) {
	if here {
		return do
	}
	return func(r *http.Request) (any, error) {
		if m.store.Load().Leads() {
			return do(r)
		}
		if r.Method == http.MethodGet {
			return m.listed(r, do)
		}
		var answer any
		return answer, m.send(r, seekTime, &answer)
	}
}

// listed is the list of machines, as the leading one knows it, or else as far as this one does.
func (m *machine) listed(r *http.Request, do func(*http.Request) (any, error)) (any, error) {
	var all []access.MachineState
	if err := m.send(r, 0, &all); err != nil {
		return do(r)
	}
	for i := range all {
		all[i].Self = all[i].ID == string(m.identity.Node())
	}
	return all, nil
}

// send has the machine that leads answer a command. It looks for that one for a while, as long as
// nothing was done.
func (m *machine) send(r *http.Request, within time.Duration, out any) error {
	for end := time.Now().Add(within); ; {
		done, err := m.trySend(r, out)
		if done || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(seekPause):
		case <-r.Context().Done():
			return err
		}
	}
}

// trySend reports whether another machine may have done something.
func (m *machine) trySend(r *http.Request, out any) (done bool, err error) {
	id := m.node.LeaderAt().ID
	if id == "" || id == m.self().ID {
		return false, nobodyLeads()
	}
	conn, err := m.port.DialCommand(r.Context(), cluster.NodeID(id))
	if err != nil {
		return false, err
	}
	err = callOver(r.Context(), conn, r.Method, r.URL.EscapedPath(), out)
	var refused *access.Error
	if err == nil || errors.As(err, &refused) {
		return err == nil || refused.Code != codeNobodyLeads, err
	}
	return true, access.Errorf(access.Unavailable,
		"The machine that leads did not answer to the end, so it is not known whether this was done. Look with: "+
			"doorward cluster list").WithCode("unknown_outcome").Because(err)
}

// dialSocket connects to the server that runs on a data directory, for commands about the cluster.
func dialSocket(ctx context.Context, data string) (net.Conn, error) {
	return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", within(data, socketName))
}
