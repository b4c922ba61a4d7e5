package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// An invitation is the verbs' request to the API.
type invitation struct {
	Email     string   `json:"email"`
	Roles     []string `json:"roles"`
	Name      string   `json:"name,omitempty"`
	Note      string   `json:"note,omitempty"`
	Language  string   `json:"language,omitempty"`
	ExpiresIn string   `json:"expires_in,omitempty"`
	PrintLink bool     `json:"print_link,omitempty"`
}

// An invited is the API's answer to an invitation.
type invited struct {
	member
	LoginLink      string     `json:"login_link"`
	RejectedBefore *rejection `json:"rejected_before"`
}

func (r *run) inviteVerb() *cobra.Command {
	var in invitation
	cmd := &cobra.Command{
		Use:   "invite EMAIL... --role ROLE",
		Short: "Invite people by email",
		Long: "Invite people by email. Each gets a pending account, and an email with a login\n" +
			"link.\n\n" +
			"With --print-link, the login link is printed too, so that you can share it in\n" +
			"another way. It is the link in the email, and works once. The address is not\n" +
			"verified until the person signs in with an emailed link or code.",
		Args: cobra.MinimumNArgs(1),
	}
	verb := r.on(func(a *api, args []string) error {
		return r.each(args, func(who string) error {
			in.Email = who
			return r.invite(a, in)
		})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if in.Name != "" && len(args) > 1 {
			return wrongUse(cmd, "--name is for one person. Invite people one by one, or import a list.")
		}
		return verb(cmd, args)
	}
	r.roleFlag(cmd, &in.Roles, "requested `ROLE`; may be given more than once")
	cmd.Flags().StringVar(&in.Name, "name", "", "the `NAME` of the invited person")
	cmd.Flags().StringVar(&in.Note, "note", "", "a `LINE` of your own in the email")
	cmd.Flags().StringVar(&in.Language, "language", "", "the `LANGUAGE` of their emails, such as de (default English)")
	cmd.Flags().
		StringVar(&in.ExpiresIn, "expires", "", "the `TIME` after which it expires, such as 36h or 7d (default 7d)")
	cmd.Flags().BoolVar(&in.PrintLink, "print-link", false, "print the login link")
	return settings(cmd, true)
}

func (r *run) invite(a *api, in invitation) error {
	if in.Roles == nil {
		in.Roles = []string{}
	}
	var out invited
	raw, err := a.post(public+"/invitations", in, &out)
	if err != nil {
		return err
	}
	return r.item(raw, func(w io.Writer) {
		fmt.Fprintf(w, "Invited %s as %s.\n", plain(out.called()), plain(out.with()))
		out.RejectedBefore.say(w)
		if !in.PrintLink {
			out.Delivery.say(w)
			return
		}
		fmt.Fprintln(w, out.LoginLink)
	})
}

func (r *run) resendVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resend EMAIL|ID...",
		Short: "Send new invitations; older links stop working",
		Args:  cobra.MinimumNArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			return r.eachMember(a, args, func(m member) error {
				raw, err := a.ask(http.MethodPost, memberPath(m.ID, "resend"), struct{}{})
				if err != nil {
					return err
				}
				var out member
				if err := read(raw, &out); err != nil {
					return err
				}
				return r.item(raw, func(w io.Writer) {
					fmt.Fprintf(w, "New invitation for %s. The older link no longer works.\n", plain(out.called()))
					out.Delivery.say(w)
				})
			})
		}),
	}
	return settings(cmd, true)
}

// memberPath is the API's path of a verb on a member.
func memberPath(id, verb string) string {
	path := public + "/members/" + url.PathEscape(id)
	if verb != "" {
		path += "/" + verb
	}
	return path
}

// A rejection says that an address was rejected before.
type rejection struct {
	At time.Time `json:"at"`
	By string    `json:"by,omitempty"`
}

func (b *rejection) say(w io.Writer) {
	if b == nil {
		return
	}
	by := ""
	if b.By != "" {
		by = " by " + plain(b.By)
	}
	fmt.Fprintf(w, "This address was rejected before%s, on %s.\n", by, b.At.Local().Format("2 January 2006"))
}
