package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// A linked is an answer with a login link.
type linked struct {
	Member    member `json:"member"`
	LoginLink string `json:"login_link"`
}

func (r *run) setupVerb() *cobra.Command {
	var in struct {
		Email     string `json:"email"`
		Name      string `json:"name,omitempty"`
		Workspace string `json:"workspace,omitempty"`
	}
	cmd := &cobra.Command{
		Use:   "setup --email EMAIL [--name NAME] [--workspace NAME]",
		Short: "Create the first Admin without a browser and print a login link",
		Args:  cobra.NoArgs,
	}
	cmd.Flags().StringVar(&in.Email, "email", "", "the first Admin's address")
	cmd.Flags().StringVar(&in.Name, "name", "", "the first Admin's name")
	cmd.Flags().StringVar(&in.Workspace, "workspace", "", "the workspace's name")
	verb := r.on(func(a *api, _ []string) error {
		var out linked
		raw, err := a.post(local+"/setup", in, &out)
		if err != nil {
			return err
		}
		return r.link(raw, out.LoginLink, "The first Admin is %s. This link signs in, once, within 15 minutes:",
			out.Member.called())
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if in.Email == "" {
			return wrongUse(cmd, "Enter the first Admin's address with --email.")
		}
		return verb(cmd, args)
	}
	return settings(cmd, true)
}

func (r *run) loginLinkVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "login-link EMAIL",
		Short: "Print a one-time login link for an active Admin",
		Long: "Print a one-time login link for an active Admin: the way back in when email\ndoes not work. " +
			"It works only on the machine that has the data.",
		Args: cobra.ExactArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			var out linked
			raw, err := a.post(local+"/login-link", map[string]string{"email": args[0]}, &out)
			if err != nil {
				return err
			}
			return r.link(raw, out.LoginLink, "This link signs %s in, once, within 15 minutes:", out.Member.called())
		}),
	}
	return settings(cmd, true)
}

// link prints an answer with a login link, which is on a line of its own.
func (r *run) link(raw json.RawMessage, link, format string, args ...any) error {
	return r.item(raw, func(w io.Writer) {
		fmt.Fprintln(w, plain(fmt.Sprintf(format, args...)))
		fmt.Fprintln(w, link)
	})
}
