package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"time"
)

// Client calls this App's operator API in memory: any host name will do.
func (a *App) Client() *http.Client {
	a.local.Do(func() {
		a.memory = newMemoryListener()
		a.running.Go(func() {
			if err := a.web.Serve(a.memory, true); err != nil && !errors.Is(err, net.ErrClosed) {
				a.log.Error("the operator's own API stopped", "err", err)
			}
		})
	})
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return a.memory.dial(ctx) },
		},
	}
}

// Dial returns a client for the server that runs on a data directory; false where
// none answers.
func Dial(dir string) (*http.Client, bool) {
	name := filepath.Join(dir, SocketName)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", name)
	}
	conn, err := dial(context.Background(), "", "")
	if err != nil {
		return nil, false
	}
	conn.Close()
	return &http.Client{Transport: &http.Transport{DialContext: dial}}, true
}
