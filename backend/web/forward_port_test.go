package web_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"doorward/backend/cluster"
)

// Requests go from machine to machine over the cluster's port: each end has shown that it is a
// machine of the cluster. One that was removed gets no answer for anybody any more.
func TestForwardingOverTheClustersPort(t *testing.T) {
	p := newPair(t)
	p.Other.Web.ForwardWithin(0)
	first, second, remove := portsOf(t)
	done := make(chan error, 1)
	go func() { done <- p.Web.ServeForwarded(first.Forward()) }()
	t.Cleanup(func() {
		p.Must(p.Web.Close())
		<-done
	})
	id := first.id
	p.There.OnDial(func(ctx context.Context, _ string) (net.Conn, error) { return second.DialForward(ctx, id) })
	p.Via(p.Admin).Get("/api/v1/me").Want(t, http.StatusOK, `"state":"active"`)
	page := p.Via(p.Stranger).Get("/login")
	p.Via(p.Stranger).Post(page, "/login", "email", "ada@example.com").Want(t, http.StatusOK)
	e := p.Via(p.Admin).Listen(p.Other.Serve())
	e.Until("overview")
	remove(second)
	first.Prune()
	for event, data := e.Next(); event != ""; event, data = e.Next() {
		t.Errorf("a machine that was removed is told of %s %s", event, data)
	}
	p.Eventually("a machine that was removed forwards nothing", func() bool {
		a := p.Via(p.Admin).Get("/api/v1/me")
		return a.StatusCode == http.StatusServiceUnavailable
	})
	p.Via(p.Admin).Get("/api/v1/me").Want(t, http.StatusServiceUnavailable, `"no_leader"`)
	p.Admin.Get("/api/v1/me").Want(t, http.StatusOK)
}

type port struct {
	*cluster.Port
	id cluster.NodeID
}

// portsOf are the ports of a cluster of two machines, and what removes one of them.
func portsOf(t *testing.T) (first, second port, remove func(port)) {
	t.Helper()
	now := time.Now()
	authority, err := cluster.NewAuthority(now)
	must(t, err)
	var mu sync.Mutex
	var members []cluster.Member
	list := func() []cluster.Member {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(members)
	}
	start := func(name string) port {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		identity, err := cluster.Create(filepath.Join(t.TempDir(), name), authority, name, l.Addr().String(), now)
		must(t, err)
		mu.Lock()
		members = append(members, identity.Member("1.0.0", now))
		mu.Unlock()
		s := cluster.Serve(cluster.Options{Listener: l, Identity: identity, Members: list})
		t.Cleanup(func() { must(t, s.Close()) })
		return port{s, identity.Node()}
	}
	first, second = start("first"), start("second")
	return first, second, func(p port) {
		mu.Lock()
		defer mu.Unlock()
		members = slices.DeleteFunc(members, func(m cluster.Member) bool { return m.ID == p.id })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
