package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

func (r *run) requestsVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "requests",
		Short: "List the login requests",
		Long: "List the login requests: those with a verified address first, the longest\nwaiting at the top. An " +
			"address is not verified if its link was shared in another\nway than by email.",
		Args: cobra.NoArgs,
		RunE: r.on(func(a *api, _ []string) error {
			_, shown, err := a.pages(public+"/login-requests", url.Values{}, 0, r.eachPage(showRequests))
			if err == nil && shown == 0 && !r.json {
				fmt.Fprintln(r.out, "There are no login requests.")
			}
			return err
		}),
	}
	return settings(cmd, true)
}

// eachPage prints the items of a list: a line of JSON each, or as show does.
func (r *run) eachPage(show func(w io.Writer, items []json.RawMessage,
	first bool) error) func([]json.RawMessage) error {
	first := true
	return func(items []json.RawMessage) error {
		if !r.json {
			if len(items) == 0 {
				return nil
			}
			defer func() { first = false }()
			return show(r.out, items, first)
		}
		for _, raw := range items {
			if err := r.item(raw, nil); err != nil {
				return err
			}
		}
		return nil
	}
}

func showRequests(w io.Writer, items []json.RawMessage, first bool) error {
	all, err := membersOf(items)
	if err != nil {
		return err
	}
	t := newTable(w)
	if first {
		t.row("EMAIL", "NAME", "ASKED FOR", "ADDRESS", "INVITED", "BY", "NOTE")
	}
	now := time.Now()
	for _, m := range all {
		proved := "not verified yet"
		switch {
		case !m.EmailVerifiedAt.IsZero():
			proved = "verified " + ago(m.EmailVerifiedAt, now)
		case m.LinkHandedBy != "":
			proved = "not verified: link shared by " + m.LinkHandedBy
		case !m.ExpiresAt.IsZero() && now.After(m.ExpiresAt):
			proved = "invitation expired"
		}
		t.row(m.Email, m.Name, m.with(), proved, ago(m.InvitedAt, now), m.InvitedBy, m.Note)
	}
	return t.flush()
}

func (r *run) approveVerb() *cobra.Command {
	var roles []string
	cmd := &cobra.Command{
		Use:   "approve EMAIL|ID... [--role ROLE]",
		Short: "Approve login requests",
		Long:  "Approve login requests, with the roles that people were invited to, or with the\nroles given here.",
		Args:  cobra.MinimumNArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			return r.eachMember(a, args, func(m member) error {
				in := map[string]any{}
				if len(roles) > 0 {
					in["roles"] = roles
				}
				var out member
				raw, err := a.post(memberPath(m.ID, "approve"), in, &out)
				if err != nil {
					return err
				}
				return r.item(raw, func(w io.Writer) {
					fmt.Fprintf(w, "Approved. %s\n", out.access())
				})
			})
		}),
	}
	r.roleFlag(cmd, &roles, "`ROLE` to grant instead; may be given more than once")
	return settings(cmd, true)
}

func (r *run) rejectVerb() *cobra.Command {
	var yes, tell bool
	var reason string
	cmd := &cobra.Command{
		Use:   "reject EMAIL|ID... [--yes]",
		Short: "Reject login requests and delete the accounts",
		Long: "Reject login requests. The accounts, links and emails are deleted. What stays is\nan " +
			"audit entry without the address.",
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation")
	cmd.Flags().StringVar(&reason, "reason", "", "the reason, for the email; needs --tell")
	cmd.Flags().BoolVar(&tell, "tell", false, "notify them by email")
	cmd.RunE = r.deletes(cmd, &yes, "rejected", func(a *api, m member) error {
		_, err := a.post(memberPath(m.ID, "reject"), map[string]any{"reason": reason, "tell_them": tell}, nil)
		return err
	})
	return settings(cmd, true)
}
