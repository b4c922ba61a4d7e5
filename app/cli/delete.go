package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"doorward/backend/text"
)

// A deleted is what can still be said of a deleted member.
type deleted struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	State string `json:"state"` // rejected or removed
}

// deletes is a verb that deletes members: it finds them all, asks for
// confirmation once, and does it to each.
func (r *run) deletes(cmd *cobra.Command, yes *bool, done string, do func(a *api, m member) error) func(*cobra.Command,
	[]string) error {
	verb := r.on(func(a *api, args []string) error {
		var found []member
		missing := r.eachMember(a, args, func(m member) error {
			found = append(found, m)
			return nil
		})
		if len(found) == 0 {
			return missing
		}
		if !*yes {
			if err := r.confirm(cmd, found); err != nil {
				return err
			}
		}
		failed := false
		for _, m := range found {
			if err := do(a, m); err != nil {
				r.tell(err)
				failed = true
				continue
			}
			if err := r.value(deleted{m.ID, m.Email, done}, func(w io.Writer) {
				fmt.Fprintf(w, "%s is %s: the account is deleted.\n", plain(m.called()), done)
			}); err != nil {
				return err
			}
		}
		if failed {
			return errTold
		}
		return missing
	})
	return func(cmd *cobra.Command, args []string) error {
		if !*yes && !isTerminal(r.Stdin) {
			return noTerminal(cmd)
		}
		return verb(cmd, args)
	}
}

func noTerminal(cmd *cobra.Command) error {
	return wrongUse(cmd,
		"This deletes accounts, and there is no terminal to ask for confirmation. To go ahead, add --yes.")
}

// confirm asks whether to delete the members.
func (r *run) confirm(cmd *cobra.Command, found []member) error {
	var names []string
	for _, m := range found {
		names = append(names, plain(m.called()))
	}
	r.out.Flush()
	fmt.Fprintf(r.Stderr, "Delete %s, with all links and emails? This cannot be undone. [y/N] ", text.List(names))
	answer, err := bufio.NewReader(r.Stdin).ReadString('\n')
	if err != nil && answer == "" {
		fmt.Fprintln(r.Stderr)
		return noTerminal(cmd)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was deleted")
}

// isTerminal reports whether somebody may be there to answer.
func isTerminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a character device as well
	return err != nil || !os.SameFile(info, null)
}
