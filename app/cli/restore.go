package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"doorward/app"
	"doorward/app/config"
	"doorward/backend/text"

	"github.com/spf13/cobra"
)

func (r *run) restoreVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore FILE --data NEWDIR",
		Short: "Restore a backup into a new data directory",
		Long: "Restore a backup into NEWDIR, which must be new or empty.\nTo let a suspended member sign in again: " +
			"doorward unsuspend EMAIL.",
		Args: cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("data") {
			return wrongUse(cmd,
				"Name a new directory for the backup with --data. To let a suspended member sign in again: doorward "+
					"unsuspend EMAIL.")
		}
		return r.restoreBackup(cmd, args[0])
	}
	return settings(cmd, true)
}

// A restored is the result of a restore.
type restored struct {
	Data         string `json:"data"`
	Members      int    `json:"members"`
	Messages     int    `json:"messages"`
	AuditEntries int    `json:"audit_entries"`
	Tokens       int    `json:"tokens_void"`
}

func (r *run) restoreBackup(cmd *cobra.Command, name string) error {
	dir, err := config.DataDir(given(cmd), r.Env)
	if err != nil {
		return err
	}
	if _, running := app.Dial(dir); running {
		return fmt.Errorf("a server is running on %s; name a new directory with --data", dir)
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s; to let a suspended member sign in again: "+
			"doorward unsuspend EMAIL", name)
	}
	if err != nil {
		return fmt.Errorf("the backup cannot be read: %w", err)
	}
	defer f.Close()
	info, err := app.Restore(cmd.Context(), f, dir)
	if err != nil {
		return err
	}
	out := restored{dir, info.Members, info.Messages, info.AuditEntries, info.Tokens}
	return r.value(out, func(w io.Writer) {
		fmt.Fprintf(w, "Restored %s, %s and %s into %s.\n", text.Count(out.Members, "member"),
			text.Count(out.Messages, "email"), text.Count(out.AuditEntries, "audit entry"), dir)
		if out.Tokens > 0 {
			fmt.Fprintf(w, "No longer valid: %s in the backup. Create new ones with `doorward token add`.\n",
				text.Count(out.Tokens, "API token"))
		}
		fmt.Fprintln(w, "Roles and suspensions are as they were when it was made. Check them: doorward members")
		fmt.Fprintf(w, "Start the server with: doorward serve --data %s\n", dir)
	})
}
