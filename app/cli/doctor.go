package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"doorward/app"
	"doorward/app/config"

	"github.com/spf13/cobra"
)

// A check is one result of the doctor.
type check struct {
	Name   string `json:"name"`
	State  string `json:"state"` // ok, warn or fail
	Detail string `json:"detail"`
	Times  times  `json:"times,omitempty"`
	Fix    string `json:"fix"`
}

func (r *run) doctorVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the public URL, mail, disk, clock, permissions and store",
		Long: "Check what Doorward needs, one line each, and say how to fix what is wrong. The\nexit code is 1 " +
			"if anything is wrong.\n\n" +
			"With --ready, check only whether a server runs here and accepts changes: for the\nhealth check of a " +
			"container.",
		Args: cobra.NoArgs,
	}
	ready := cmd.Flags().Bool("ready", false, "check only whether a server runs here and accepts changes")
	right := cmd.Flags().Bool("clock-is-right", false, "confirm that the clock is right, and do what was "+
		"waiting for that")
	looked := false
	look := r.on(func(a *api, _ []string) error {
		if *right {
			if _, err := a.ask(http.MethodPost, local+"/clock", struct{}{}); err != nil {
				return err
			}
		}
		var out struct {
			Checks []check `json:"checks"`
		}
		raw, err := a.get(local+"/doctor", &out)
		if err != nil {
			return err
		}
		looked = true
		return r.diagnosis(raw, out.Checks)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *ready {
			return r.readiness(cmd)
		}
		err := look(cmd, args)
		var use *misuse
		if looked || errors.As(err, &use) {
			return err
		}
		start := []check{{Name: "start", State: "fail", Detail: plain(explain(err)),
			Fix: "Nothing else can be looked at until this is fixed."}}
		raw, _ := json.Marshal(map[string]any{"checks": start})
		return r.diagnosis(raw, start)
	}
	return settings(cmd, true)
}

// readyWait is how long a server may take to say that it is ready.
const readyWait = 5 * time.Second

// readiness asks the running server whether it is ready. It opens no store and
// contacts no mail server, so it may be run every few seconds.
func (r *run) readiness(cmd *cobra.Command) error {
	dir, err := config.DataDir(given(cmd), r.Env)
	if err != nil {
		return err
	}
	client, running := app.Dial(dir)
	if !running {
		return fmt.Errorf("no server is running on the data directory %s", dir)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), readyWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://doorward/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	says, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(says)))
	}
	raw, _ := json.Marshal(map[string]bool{"ready": true})
	return r.item(raw, func(w io.Writer) { fmt.Fprintln(w, "The server is ready.") })
}

// diagnosis prints the results and fails if one of them is a failure.
func (r *run) diagnosis(raw json.RawMessage, found []check) error {
	err := r.item(raw, func(w io.Writer) {
		t := newTable(w)
		for _, c := range found {
			t.row(c.State, c.Name, c.Times.here(c.Detail))
			if c.Fix != "" {
				fmt.Fprintf(t.w, "\t\t%s\n", plain(c.Fix))
			}
		}
		t.flush()
	})
	if err != nil {
		return err
	}
	wrong := 0
	for _, c := range found {
		if c.State == "fail" {
			wrong++
		}
	}
	if wrong == 0 {
		return nil
	}
	if wrong > 1 {
		return fmt.Errorf("there are %d things to fix", wrong)
	}
	return errors.New("there is one thing to fix")
}
