package machines

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"doorward/app"
	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/store"
)

// bindSocket binds the socket for the operator's commands about the cluster. It is not the
// server's own socket, because it answers on every machine, whoever leads.
func bindSocket(data string) (net.Listener, error) {
	name := within(data, socketName)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", name)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(name, 0o600)
}

// answerTime is how long a command about the cluster may take.
const answerTime = 30 * time.Second

// serveCommands answers commands that come by l. With here it carries them out by itself, as far
// as it can: another machine has sent them. Else it has the leading machine do so.
func (m *machine) serveCommands(l net.Listener, here bool) {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /machines", answering(answerTime, m.atLeader(here, m.states)))
	routes.HandleFunc("POST /tokens", answering(answerTime, m.atLeader(here, m.newToken)))
	routes.HandleFunc("DELETE /tokens", answering(answerTime, m.atLeader(here, m.voidTokens)))
	routes.HandleFunc("DELETE /machines/{who}", answering(answerTime, m.atLeader(here, m.remove)))
	if here {
		routes.HandleFunc("POST /marks", answering(answerTime, m.marks))
		routes.HandleFunc("POST /compact", answering(compactWithin, m.compacts))
		routes.HandleFunc("POST /compact/{at}", answering(compactWithin, m.compactsHere))
	}
	server := &http.Server{Handler: routes, ReadHeaderTimeout: answerTime,
		BaseContext: func(net.Listener) context.Context { return m.ctx },
		ConnContext: withPeer}
	ended := context.AfterFunc(m.ctx, func() { server.Close() })
	defer ended()
	if err := server.Serve(l); m.ctx.Err() == nil {
		m.log.Error("commands about the cluster are not answered any more", "err", err)
	}
}

type peerKey struct{}

// withPeer notes by which machine a command came, if it came by another one.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	if other, ok := c.(*cluster.Conn); ok {
		return context.WithValue(ctx, peerKey{}, other.Peer)
	}
	return ctx
}

func peerOf(r *http.Request) cluster.Member {
	peer, _ := r.Context().Value(peerKey{}).(cluster.Member)
	return peer
}

// operator is who has given a command, on this machine or another one.
func operator(r *http.Request) access.Actor {
	by := access.Operator
	by.Machine = peerOf(r).Name
	return by
}

// A problem is a refusal on its way to the command.
type problem struct {
	Kind   access.Kind `json:"kind"`
	Code   string      `json:"code"`
	Detail string      `json:"detail"`
}

func answering(within time.Duration, do func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), within)
		defer cancel()
		v, err := do(r.WithContext(ctx))
		status := http.StatusOK
		if err != nil {
			var e *access.Error
			if !errors.As(err, &e) { // the operator may know why
				e = access.Errorf(access.Unavailable, "%s", err.Error())
			}
			status, v = http.StatusConflict, problem{e.Kind, e.Code, e.Message}
		}
		text, err := json.Marshal(v)
		if err != nil {
			panic(err) // cannot happen: it is strings, numbers and times
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		w.WriteHeader(status)
		w.Write(text)
		http.NewResponseController(w).Flush() // before the context ends: see farewell
	}
}

func (m *machine) states(r *http.Request) (any, error) { return m.States(r.Context()) }

// A shownToken is a join token, which is shown once.
type shownToken struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

func (m *machine) newToken(r *http.Request) (any, error) {
	var shown shownToken
	if err := m.leadsOrSays(); err != nil {
		return shown, err
	}
	a, err := m.authority(r.Context())
	if err != nil {
		return shown, err
	}
	t := cluster.NewToken(a)
	err = m.store.Load().Update(r.Context(), func(tx *store.Tx) error {
		k := t.Keep(tx.Now)
		shown = shownToken{t.Reveal(), k.Expires}
		return store.MachinesIn(tx).AddJoinToken(operator(r), k)
	})
	return shown, err
}

// A voided is how many join tokens were voided.
type voided struct {
	Tokens int `json:"tokens"`
}

func (m *machine) voidTokens(r *http.Request) (any, error) {
	var v voided
	if err := m.leadsOrSays(); err != nil {
		return v, err
	}
	err := m.store.Load().Update(r.Context(), func(tx *store.Tx) (err error) {
		v.Tokens, err = store.MachinesIn(tx).VoidJoinTokens(operator(r))
		return err
	})
	return v, err
}

// leadsOrSays refuses what only the leading machine can do.
func (m *machine) leadsOrSays() error {
	if m.store.Load().Leads() {
		return nil
	}
	return nobodyLeads()
}

func (m *machine) remove(r *http.Request) (any, error) {
	var removed access.MachineState
	if err := m.leadsOrSays(); err != nil {
		return removed, err
	}
	who := r.PathValue("who")
	k := m.named(who)
	if k == nil {
		return removed, access.MachineUnknown(who, names(m.members()))
	}
	if err := m.Removable(r.Context(), string(k.ID)); err != nil {
		return removed, err
	}
	removed = access.MachineState{ID: string(k.ID), Name: k.Name, Address: k.Address}
	asksItself := peerOf(r).ID == k.ID
	if asksItself {
		m.farewell(r.Context(), k.ID)
	}
	err := m.store.Load().Update(r.Context(), func(tx *store.Tx) error {
		return store.MachinesIn(tx).Remove(operator(r), k.ID)
	})
	if err != nil || asksItself {
		return removed, err
	}
	return removed, m.awaitGone(r.Context(), *k)
}

// farewell keeps the connections to a machine until ctx ends. If its own operator removes it, it is
// told so before everybody hangs up on it: else it could not say whether that was done.
func (m *machine) farewell(ctx context.Context, id cluster.NodeID) {
	m.told.Store(&id)
	context.AfterFunc(ctx, func() {
		m.told.Store(nil)
		wake(m.kick)
	})
}

// named is the machine with that id or name; nil: there is none.
func (m *machine) named(who string) *cluster.Member {
	all := m.members()
	i := slices.IndexFunc(all, func(k cluster.Member) bool {
		return string(k.ID) == who || strings.EqualFold(k.Name, who)
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}

// awaitGone waits until a machine that leaves is gone.
func (m *machine) awaitGone(ctx context.Context, k cluster.Member) error {
	look := time.NewTicker(hearLook)
	defer look.Stop()
	for recordOf(m.members(), string(k.ID)) != nil {
		select {
		case <-look.C:
		case <-ctx.Done():
			return access.Errorf(access.Unavailable,
				"%s is being removed, and is not gone yet: the machines that stay must run. Look with: doorward "+
					"cluster list", k.Name).WithCode("machine_leaving")
		}
	}
	return nil
}

// call asks the server that runs on a data directory.
func call(ctx context.Context, data, method, path string, out any) error {
	conn, err := dialSocket(ctx, data)
	if err != nil {
		return notRunning(data, err)
	}
	return callOver(ctx, conn, method, path, out)
}

// callOver asks a server that is at the other end of a connection, and closes that.
func callOver(ctx context.Context, conn net.Conn, method, path string, out any) error {
	defer conn.Close()
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, method, "http://doorward"+path, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusOK {
		return json.NewDecoder(bytes.NewReader(text)).Decode(out)
	}
	var p problem
	if err := json.Unmarshal(text, &p); err != nil {
		return errors.New(strings.TrimSpace(string(text)))
	}
	return access.Errorf(p.Kind, "%s", p.Detail).WithCode(p.Code)
}

func notRunning(data string, err error) error {
	if !app.InCluster(data) {
		return access.Errorf(access.Conflict,
			"The data in %s is not a cluster's. Make its server the first machine of one with: doorward cluster init",
			data).WithCode("cluster_none")
	}
	return access.Errorf(access.Unavailable, "No server runs on %s. Start it first, with: doorward serve", data).
		WithCode("cluster_stopped").Because(err)
}

// Token implements app.Cluster.
func (Cluster) Token(ctx context.Context, data string) (string, time.Time, error) {
	var t shownToken
	err := call(ctx, data, http.MethodPost, "/tokens", &t)
	return t.Token, t.Expires, err
}

// VoidTokens implements app.Cluster.
func (Cluster) VoidTokens(ctx context.Context, data string) (int, error) {
	var v voided
	err := call(ctx, data, http.MethodDelete, "/tokens", &v)
	return v.Tokens, err
}

// Machines implements app.Cluster.
func (Cluster) Machines(ctx context.Context, data string) (all []access.MachineState, err error) {
	err = call(ctx, data, http.MethodGet, "/machines", &all)
	return all, err
}

// Remove implements app.Cluster.
func (Cluster) Remove(ctx context.Context, data, who string) error {
	return call(ctx, data, http.MethodDelete, "/machines/"+url.PathEscape(who), &access.MachineState{})
}
