package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

func (r *run) membersVerb() *cobra.Command {
	var search, role, state, sort string
	var limit int
	cmd := &cobra.Command{
		Use:   "members [--search WORDS] [--role ROLE] [--state STATE] [--sort ORDER] [--limit N]",
		Short: "List members",
		Long: "List members. --search finds any part, of three letters or more, of a name or an\naddress, and " +
			"shorter ones at the beginning of a word. All words must match.\n\n" +
			"The newest invitation comes first. --sort is another order: name, email,\nadded (by the invitation) or " +
			"last_sign_in. A minus sign reverses it, as in\n--sort=-name. Search results have their own order.",
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&search, "search", "", "`WORDS` of a name or an address, or parts of them")
	cmd.Flags().StringVar(&role, "role", "", "only members with this `ROLE`")
	cmd.Flags().StringVar(&state, "state", "", "only members in this `STATE`: pending, active or suspended")
	cmd.Flags().StringVar(&sort, "sort", "", "`ORDER` of the list: name, email, added or last_sign_in")
	cmd.Flags().IntVar(&limit, "limit", maxPage, "maximum number; 0 for all")
	complete(cmd, "role", r.roleNames)
	complete(cmd, "state", words("pending", "active", "suspended"))
	complete(cmd, "sort", words("name", "-name", "email", "-email", "added", "-added", "last_sign_in", "-last_sign_in"))
	verb := r.on(func(a *api, _ []string) error {
		q := url.Values{}
		for key, v := range map[string]string{"q": search, "role": role, "state": state, "sort": sort} {
			if v != "" {
				q.Set(key, v)
			}
		}
		last, shown, err := a.pages(public+"/members", q, limit, r.eachPage(showMembers))
		if err != nil {
			return err
		}
		r.more(last, shown)
		if shown == 0 && !r.json {
			fmt.Fprintln(r.out, "No members match.")
		}
		return nil
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if limit < 0 {
			return wrongUse(cmd, "--limit cannot be negative; 0 means all.")
		}
		return verb(cmd, args)
	}
	return settings(cmd, true)
}

// more says on standard error that a list continues.
func (r *run) more(last page, shown int) {
	if last.Next == "" {
		return
	}
	r.out.Flush()
	total := fmt.Sprint(last.Total)
	if last.TotalIsFloor {
		total = "at least " + total
	}
	if last.Total <= shown {
		total = "more"
	}
	fmt.Fprintf(r.Stderr, "%d of %s shown; --limit 0 shows all.\n", shown, total)
}

func showMembers(w io.Writer, items []json.RawMessage, first bool) error {
	all, err := membersOf(items)
	if err != nil {
		return err
	}
	t := newTable(w)
	if first {
		t.row("EMAIL", "NAME", "STATE", "ROLES", "INVITED", "LAST SIGN-IN")
	}
	now := time.Now()
	for _, m := range all {
		t.row(m.Email, m.Name, m.State, m.with(), ago(m.InvitedAt, now), ago(m.LastSignInAt, now))
	}
	return t.flush()
}

func (r *run) accessVerb() *cobra.Command {
	var roles []string
	cmd := &cobra.Command{
		Use:   "access EMAIL|ID --role ROLE...",
		Short: "Change a member's roles",
		Long:  "Change a member's roles to exactly those given. It takes effect\nimmediately.",
		Args:  cobra.ExactArgs(1),
	}
	r.roleFlag(cmd, &roles, "`ROLE` of the member; may be given more than once")
	verb := r.on(func(a *api, args []string) error {
		return r.change(a, args[0], http.MethodPatch, "", map[string]any{"roles": roles})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(roles) == 0 {
			return wrongUse(cmd,
				"Choose the member's roles with --role. To keep someone out, suspend or remove them.")
		}
		return verb(cmd, args)
	}
	return settings(cmd, true)
}

func (r *run) suspendVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "suspend EMAIL|ID",
		Short: "Suspend a member",
		Args:  cobra.ExactArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			return r.change(a, args[0], http.MethodPost, "suspend", struct{}{})
		}),
	}
	return settings(cmd, true)
}

func (r *run) unsuspendVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unsuspend EMAIL|ID",
		Short: "Let a suspended member sign in again",
		Args:  cobra.ExactArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			return r.change(a, args[0], http.MethodPost, "unsuspend", struct{}{})
		}),
	}
	return settings(cmd, true)
}

// change does a verb to one member and says what they may do now.
func (r *run) change(a *api, who, method, verb string, in any) error {
	m, _, err := a.find(who)
	if err != nil {
		return err
	}
	raw, err := a.ask(method, memberPath(m.ID, verb), in)
	if err != nil {
		return err
	}
	if err := read(raw, &m); err != nil {
		return err
	}
	return r.item(raw, func(w io.Writer) { fmt.Fprintln(w, m.access()) })
}

func (r *run) removeVerb() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "remove EMAIL|ID [--yes]",
		Short: "Delete a member's account",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation")
	cmd.RunE = r.deletes(cmd, &yes, "removed", func(a *api, m member) error {
		_, err := a.ask(http.MethodDelete, memberPath(m.ID, ""), nil)
		return err
	})
	return settings(cmd, true)
}
