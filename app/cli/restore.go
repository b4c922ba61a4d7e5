package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"doorward/app"
	"doorward/backend/access"

	"github.com/spf13/cobra"
)

const restoreHelp = `Two things are called restore:

  doorward restore EMAIL|ID            lets a suspended member in again
  doorward restore FILE --data NEWDIR  makes a data directory from a backup

Where --data stands on the command line and there is a file of that name, it is
the backup that is restored, into a directory that is fresh or empty. In every
other case it is the member.`

func (r *run) restoreVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore EMAIL|ID | FILE --data NEWDIR",
		Short: "Let a suspended member in again; or restore a backup",
		Long:  restoreHelp,
		Args:  cobra.ExactArgs(1),
	}
	member := r.on(func(a *api, args []string) error {
		return r.change(a, args[0], http.MethodPost, "restore", struct{}{})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		info, err := os.Stat(args[0])
		switch isFile := err == nil && info.Mode().IsRegular(); {
		case isFile && cmd.Flags().Changed("data"):
			return r.restoreBackup(cmd, args[0])
		case isFile:
			return wrongUse(cmd, "%s is a file. To restore a backup, name a fresh directory with --data.", args[0])
		case !namesMember(args[0]):
			return fmt.Errorf("there is no file %s, and it is neither the address nor the id of a member", args[0])
		}
		return member(cmd, args)
	}
	return settings(cmd, true)
}

// namesMember reports whether a text has the form of an address or an id.
func namesMember(s string) bool {
	if _, err := access.ParseMemberID(s); err == nil {
		return true
	}
	return strings.Contains(s, "@") && !strings.ContainsRune(s, os.PathSeparator)
}

// A restored is what came of a backup.
type restored struct {
	Data         string `json:"data"`
	Members      int    `json:"members"`
	Letters      int    `json:"letters"`
	AuditEntries int    `json:"audit_entries"`
	Tokens       int    `json:"tokens_void"`
}

func (r *run) restoreBackup(cmd *cobra.Command, name string) error {
	dir, err := app.DataDir(given(cmd), r.Env)
	if err != nil {
		return err
	}
	if _, running := app.Dial(dir); running {
		return fmt.Errorf("a server runs on %s; name a fresh directory with --data", dir)
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("the backup cannot be read: %w", err)
	}
	defer f.Close()
	info, err := app.Restore(cmd.Context(), f, dir)
	if err != nil {
		return err
	}
	out := restored{dir, info.Members, info.Letters, info.AuditEntries, info.Tokens}
	return r.value(out, func(w io.Writer) {
		fmt.Fprintf(w, "Restored %s, %s and %s into %s.\n", count(out.Members, "member"), count(out.Letters, "letter"), count(out.AuditEntries, "audit entry"), dir)
		if out.Tokens > 0 {
			fmt.Fprintf(w, "%s of then open nothing any more: make new ones with `doorward token add`.\n",
				count(out.Tokens, "API token"))
		}
		fmt.Fprintln(w, "Roles and suspensions are as they were then. Look over: doorward members")
		fmt.Fprintf(w, "Start on it with: doorward serve --data %s\n", dir)
	})
}
