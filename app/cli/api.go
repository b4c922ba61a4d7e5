package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"doorward/app"
	"doorward/app/config"
	"doorward/backend/access"
	"doorward/backend/store"
)

// An api is the connection to the operator's API: through a running server's
// socket, or in this process.
type api struct {
	ctx    context.Context
	client *http.Client
	app    *app.App // nil while a server runs
}

// waitForStore is how long a verb waits for another verb that has the store open.
const waitForStore = 10 * time.Second

// on runs a verb with the API, and afterwards closes what was opened for it.
func (r *run) on(verb func(a *api, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a, err := r.reach(cmd)
		if err != nil {
			return err
		}
		err = verb(a, args)
		if a.app != nil {
			err = errors.Join(err, a.app.Close())
		}
		return err
	}
}

// reach connects to the running server, or opens the store itself.
func (r *run) reach(cmd *cobra.Command) (*api, error) {
	flags := given(cmd)
	dir, err := config.DataDir(flags, r.Env)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), waitForStore)
	defer cancel()
	for {
		if client, running := app.Dial(dir); running {
			return &api{ctx: cmd.Context(), client: client}, settled(cmd, flags)
		}
		opened, err := r.open(cmd, flags)
		if err == nil {
			return &api{ctx: cmd.Context(), client: opened.Client(), app: opened}, nil
		}
		if !inUse(err) || !pause(ctx, 50*time.Millisecond) {
			return nil, err
		}
	}
}

// inUse reports whether another process has the store open: a server that is
// about to listen, or another verb that will soon finish.
func inUse(err error) bool { return errors.Is(err, store.ErrInUse) }

// pause waits, and reports whether ctx is still valid.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (r *run) open(cmd *cobra.Command, flags map[string]string) (*app.App, error) {
	c, err := config.Load(flags, r.Env)
	if err != nil {
		return nil, err
	}
	if c.LogLevel == "info" {
		c.LogLevel = "warn" // a verb reports on its own what it did
	}
	c.Frontend, c.Version, c.Log, c.Now = r.Frontend, r.Version, r.Stderr, r.Now
	return app.Open(cmd.Context(), c)
}

// settled refuses settings on the command line that would have no effect on a
// running server.
func settled(cmd *cobra.Command, flags map[string]string) error {
	for name := range flags {
		if name != "data" {
			return wrongUse(cmd,
				"A server is running on this data directory with its own settings: --%s would change nothing. "+
					"Leave it "+
					"out, or restart the server with it.", name)
		}
	}
	return nil
}

// settings adds a flag for each setting to a verb.
func settings(cmd *cobra.Command, hidden bool) *cobra.Command {
	for _, s := range config.Settings {
		if s.Name == "data" {
			continue
		}
		cmd.Flags().String(s.Name, s.Default, s.Usage)
		cmd.Flags().Lookup(s.Name).Hidden = hidden
	}
	return cmd
}

// given returns the settings on the command line.
func given(cmd *cobra.Command) map[string]string {
	set := map[string]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if _, is := config.SettingOf(f.Name); is {
			set[f.Name] = f.Value.String()
		}
	})
	return set
}

const (
	public = "/api/v1"
	local  = "/local/v1" // the operator's own, on this machine only
)

// maxAnswer is more than any answer that is read into memory.
const maxAnswer = 64 << 20

// ask sends in as JSON, unless it is nil, and returns the answer.
func (a *api) ask(method, path string, in any) (json.RawMessage, error) {
	resp, err := a.send(method, path, in)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the server's answer was interrupted: %w", err)
	}
	return body, nil
}

// send returns an answer with a status of success, or an error.
func (a *api) send(method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(a.ctx, method, "http://doorward"+path, body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) && a.ctx.Err() == nil {
			err = fmt.Errorf("the server did not answer; the request may not have been carried out: %w", u.Err)
		}
		return nil, err
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		return nil, refusedBy(resp)
	}
	return resp, nil
}

func refusedBy(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	f := &refusal{}
	if err := json.Unmarshal(body, f); err != nil {
		f.Detail = ""
	}
	f.Status = resp.StatusCode
	return f
}

// get is ask for reading, into out.
func (a *api) get(path string, out any) (json.RawMessage, error) {
	raw, err := a.ask(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	return raw, read(raw, out)
}

// post is ask with POST, into out.
func (a *api) post(path string, in, out any) (json.RawMessage, error) {
	if in == nil {
		in = struct{}{}
	}
	raw, err := a.ask(http.MethodPost, path, in)
	if err != nil {
		return nil, err
	}
	return raw, read(raw, out)
}

func read(raw json.RawMessage, out any) error {
	if len(raw) == 0 || out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("this program does not understand the server's answer; "+
			"check that both have the same version: %w", err)
	}
	return nil
}

// A page is a part of a list.
type page struct {
	Items        []json.RawMessage `json:"items"`
	Next         string            `json:"next"`
	Total        int               `json:"total"`
	TotalIsFloor bool              `json:"total_is_floor"`
}

const maxPage = 200

// pages passes the items of a list to each, page by page, up to limit items; zero
// means all. It returns the last page, without the items that were passed on, and
// how many were.
func (a *api) pages(path string, q url.Values, limit int, each func([]json.RawMessage) error) (last page, shown int,
	err error) {
	for {
		size := maxPage
		if limit > 0 {
			size = min(size, limit-shown)
		}
		q.Set("limit", strconv.Itoa(size))
		last = page{}
		if _, err := a.get(path+"?"+q.Encode(), &last); err != nil {
			return last, shown, err
		}
		if err := each(last.Items); err != nil {
			return last, shown, err
		}
		shown += len(last.Items)
		if last.Next == "" || len(last.Items) == 0 || limit > 0 && shown >= limit {
			return last, shown, nil
		}
		q.Set("cursor", last.Next)
	}
}

// find returns the member with that address or id.
func (a *api) find(who string) (m member, raw json.RawMessage, err error) {
	path := public + "/members/" + url.PathEscape(who)
	if strings.Contains(who, "@") {
		path = local + "/members/by-email?email=" + url.QueryEscape(who)
	}
	if who == "" {
		return m, nil, errors.New("an address or an id is empty")
	}
	raw, err = a.get(path, &m)
	var f *refusal
	if errors.As(err, &f) && f.Status == http.StatusNotFound {
		f.Detail = fmt.Sprintf("There is no member %s.", access.Shorten(who, 80))
	}
	return m, raw, err
}
