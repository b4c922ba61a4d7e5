package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"doorward/backend/access"
	"doorward/backend/text"
)

// An entry is the part of an audit entry that the verbs use.
type entry struct {
	Seq     uint64    `json:"seq"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Source  string    `json:"source"`
	Machine string    `json:"machine"`
	Action  string    `json:"action"`
	Target  string    `json:"target"`
	Detail  string    `json:"detail"`
}

func (r *run) auditVerb() *cobra.Command {
	var follow bool
	var limit int
	cmd := &cobra.Command{
		Use:   "audit [--follow] [--limit N]",
		Short: "Show the audit log",
		Long:  "Show the newest entries of the audit log, the latest last: who did what to whom,\nwhen and from where.",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "keep printing new entries until interrupted")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many of the newest entries; 0 for all")
	verb := r.on(func(a *api, _ []string) error {
		if follow && a.app != nil {
			return errors.New("no server is running on this data directory, so there would be no new entries; start " +
				"one, or " +
				"leave out --follow")
		}
		last, err := r.audit(a, limit)
		if err != nil || !follow {
			return err
		}
		return r.follow(a, last)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if limit < 0 {
			return wrongUse(cmd, "--limit cannot be negative; 0 means all.")
		}
		return verb(cmd, args)
	}
	cmd.AddCommand(r.auditVerifyVerb())
	return settings(cmd, true)
}

// audit prints the newest entries, oldest first, and returns the last one's
// number.
func (r *run) audit(a *api, limit int) (last uint64, err error) {
	if limit == 0 {
		return r.since(a, 0)
	}
	var all []json.RawMessage
	if _, _, err = a.pages(public+"/audit", url.Values{}, limit, func(items []json.RawMessage) error {
		all = append(all, items...)
		return nil
	}); err != nil {
		return 0, err
	}
	slices.Reverse(all)
	return r.entries(all, 0)
}

// since prints all entries after seq and returns the last one's number.
func (r *run) since(a *api, seq uint64) (uint64, error) {
	for {
		var p page
		if _, err := a.get(fmt.Sprintf("%s/audit?since=%d", local, seq), &p); err != nil || len(p.Items) == 0 {
			return seq, err
		}
		next, err := r.entries(p.Items, seq)
		if err != nil || next == seq {
			return seq, err
		}
		seq = next
	}
}

// entries prints entries and returns the last one's number, or seq.
func (r *run) entries(items []json.RawMessage, seq uint64) (uint64, error) {
	for _, raw := range items {
		var e entry
		if err := read(raw, &e); err != nil {
			return seq, err
		}
		if err := r.item(raw, e.say); err != nil {
			return seq, err
		}
		seq = e.Seq
	}
	return seq, nil
}

// say writes the entry in one line: when, who (through what), did what to whom.
func (e entry) say(w io.Writer) {
	words := strings.ReplaceAll(e.Action, "_", " ")
	if known, ok := access.AuditActionOf(e.Action); ok {
		words = known.Phrase()
	}
	through := e.Source
	if e.Machine != "" {
		through += " on " + e.Machine
	}
	line := fmt.Sprintf("%s  %s (%s)  %s", e.At.Local().Format("2006-01-02 15:04:05"), e.Actor, through, words)
	if e.Target != "" && e.Target != e.Actor {
		line += "  " + e.Target
	} else {
		line = strings.TrimSuffix(line, ":")
	}
	if e.Detail != "" {
		line += "  " + e.Detail
	}
	fmt.Fprintln(w, plain(line))
}

// followInterval is how often new entries are looked for.
const followInterval = 500 * time.Millisecond

// follow prints new entries after seq until it is interrupted, which is no
// failure.
func (r *run) follow(a *api, seq uint64) error {
	for {
		if err := r.out.Flush(); err != nil {
			return err
		}
		if !pause(a.ctx, followInterval) {
			return nil
		}
		next, err := r.since(a, seq)
		if a.ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		seq = next
	}
}

func (r *run) auditVerifyVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that no entry was altered, removed or moved",
		Args:  cobra.NoArgs,
		RunE: r.on(func(a *api, _ []string) error {
			var out struct {
				Entries int `json:"entries"`
			}
			raw, err := a.get(local+"/audit/verify", &out)
			if err != nil {
				return err
			}
			return r.item(raw, func(w io.Writer) {
				fmt.Fprintf(w, "Audit log verified: %s intact.\n", text.Count(out.Entries, "entry"))
			})
		}),
	}
	return settings(cmd, true)
}
