package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"doorward/backend/text"
)

// A token is the part of an API token that the verbs use.
type token struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Roles      []string  `json:"roles"`
	MadeAt     time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	LastUsedAt time.Time `json:"used_at"`
	Secret     string    `json:"token"` // only in the answer to its creation
}

func (r *run) tokenVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "API tokens: add, list, revoke",
		Long:  "API tokens let a program use the API: Authorization: Bearer dw_…",
		RunE:  r.below,
	}
	cmd.AddCommand(r.tokenAddVerb(), r.tokenListVerb(), r.tokenRevokeVerb())
	return cmd
}

// below runs a verb that only has subcommands.
func (r *run) below(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return knownVerb(cmd, args)
	}
	return wrongUse(cmd, "Choose what to do: %s.", text.List(namesBelow(cmd)))
}

func namesBelow(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return names
}

func (r *run) tokenAddVerb() *cobra.Command {
	in := struct {
		Name      string   `json:"name"`
		Roles     []string `json:"roles"`
		ExpiresIn string   `json:"expires_in,omitempty"`
	}{Roles: []string{}}
	cmd := &cobra.Command{
		Use:   "add NAME --role ROLE [--expires 90d]",
		Short: "Create an API token, which is shown only once",
		Args:  cobra.ExactArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			in.Name = args[0]
			var out token
			raw, err := a.post(public+"/tokens", in, &out)
			if err != nil {
				return err
			}
			return r.item(raw, func(w io.Writer) {
				fmt.Fprintf(w, "This is the token %s, with %s, until %s. It is not shown again:\n%s\n",
					plain(out.Name), plain(text.List(out.Roles)), moment(out.ExpiresAt), out.Secret)
			})
		}),
	}
	r.roleFlag(cmd, &in.Roles, "`ROLE` that the token has; may be given more than once")
	cmd.Flags().
		StringVar(&in.ExpiresIn, "expires", "",
			"the `TIME` after which it expires, from 1h to 366d (default: 90d); the settings can change both")
	return settings(cmd, true)
}

func (r *run) tokenListVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the API tokens, without their secrets",
		Args:  cobra.NoArgs,
		RunE: r.on(func(a *api, _ []string) error {
			var all page
			if _, err := a.get(public+"/tokens", &all); err != nil {
				return err
			}
			if len(all.Items) == 0 && !r.json {
				fmt.Fprintln(r.out, "There are no tokens.")
			}
			return r.eachPage(showTokens)(all.Items)
		}),
	}
	return settings(cmd, true)
}

func showTokens(w io.Writer, items []json.RawMessage, _ bool) error {
	t := newTable(w, "ID", "NAME", "ROLES", "MADE", "LAST USED", "EXPIRES")
	now, endless := time.Now(), 0
	for _, raw := range items {
		var k token
		if err := read(raw, &k); err != nil {
			return err
		}
		expires := ago(k.ExpiresAt, now)
		if k.ExpiresAt.IsZero() {
			expires = "never"
			endless++
		}
		t.row(k.ID, k.Name, text.List(k.Roles), ago(k.MadeAt, now), ago(k.LastUsedAt, now), expires)
	}
	if err := t.flush(); err != nil || endless == 0 {
		return err
	}
	_, err := fmt.Fprintln(
		w,
		"Those that never expire were created by an older version: create a new one for each, then revoke the old one.",
	)
	return err
}

func (r *run) tokenRevokeVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke an API token",
		Args:  cobra.ExactArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			if _, err := a.ask(http.MethodDelete, public+"/tokens/"+url.PathEscape(args[0]), nil); err != nil {
				return err
			}
			return r.value(map[string]any{"id": args[0], "revoked": true}, func(w io.Writer) {
				fmt.Fprintln(w, "The token is revoked.")
			})
		}),
	}
	return settings(cmd, true)
}
