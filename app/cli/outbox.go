package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// A message is the part of an email in the outbox that the verbs use.
type message struct {
	ID              string    `json:"id"`
	Kind            string    `json:"kind"`
	To              string    `json:"to"`
	Subject         string    `json:"subject"`
	HeaderMessageID string    `json:"message_id"`
	State           string    `json:"state"`
	Detail          string    `json:"detail"`
	At              time.Time `json:"at"`
	QueuedAt        time.Time `json:"queued_at"`
	NextTry         time.Time `json:"next_try"`
	Text            string    `json:"text"`
	HTML            string    `json:"html"`
	Withheld        string    `json:"withheld"` // why the body is withheld
}

func (r *run) outboxVerb() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "outbox [--limit N]",
		Short: "List the emails and their delivery status",
		Long: "List the emails, the newest first, and their status: queued, sent (the mail\nserver accepted " +
			"it), retrying, failed, withdrawn (its link no longer works), or\nheld (no mail server is set up; read " +
			"it with `doorward outbox show ID`).",
		Args: cobra.NoArgs,
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "maximum number; 0 for all")
	verb := r.on(func(a *api, _ []string) error {
		last, shown, err := a.pages(public+"/outbox", url.Values{}, limit, r.eachPage(showMessages))
		if err != nil {
			return err
		}
		r.more(last, shown)
		if shown == 0 && !r.json {
			fmt.Fprintln(r.out, "The outbox is empty.")
		}
		return nil
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if limit < 0 {
			return wrongUse(cmd, "--limit cannot be negative; 0 means all.")
		}
		return verb(cmd, args)
	}
	cmd.AddCommand(r.outboxShowVerb(), r.outboxRetryVerb())
	return settings(cmd, true)
}

func showMessages(w io.Writer, items []json.RawMessage, first bool) error {
	t := newTable(w)
	if first {
		t.row("ID", "KIND", "TO", "STATE", "SINCE", "DETAIL")
	}
	now := time.Now()
	for _, raw := range items {
		var l message
		if err := read(raw, &l); err != nil {
			return err
		}
		t.row(l.ID, l.Kind, l.To, l.State, ago(l.At, now), l.Detail)
	}
	return t.flush()
}

func (r *run) outboxShowVerb() *cobra.Command {
	var html bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Print an email as it is sent",
		Long: "Print an email as it is sent. Emails with a link or a code can be read until\nthey are sent, have " +
			"expired or have failed.",
		Args: cobra.ExactArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			var l message
			raw, err := a.get(local+"/outbox/"+url.PathEscape(args[0]), &l)
			if err != nil {
				return err
			}
			return r.item(raw, func(w io.Writer) {
				if html && l.Withheld == "" {
					fmt.Fprintln(w, strings.TrimRight(l.HTML, "\n"))
					return
				}
				l.print(w)
			})
		}),
	}
	cmd.Flags().BoolVar(&html, "html", false, "print the HTML part instead")
	return settings(cmd, true)
}

func (l message) print(w io.Writer) {
	state := l.State
	if l.Detail != "" {
		state += ": " + l.Detail
	}
	fmt.Fprintf(w, "To:          %s\nSubject:     %s\nMessage-ID:  <%s>\nState:       %s\n\n", plain(l.To),
		plain(l.Subject), plain(l.HeaderMessageID), plain(state))
	fmt.Fprintln(w, strings.TrimRight(plainLines(l.Text+l.Withheld), "\n"))
}

func (r *run) outboxRetryVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retry ID",
		Short: "Retry an email now",
		Args:  cobra.ExactArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			raw, err := a.ask(http.MethodPost, public+"/outbox/"+url.PathEscape(args[0])+"/retry", struct{}{})
			if err != nil {
				return err
			}
			return r.item(raw, func(w io.Writer) { fmt.Fprintln(w, "The email is queued again.") })
		}),
	}
	return settings(cmd, true)
}
