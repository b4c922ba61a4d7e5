package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"doorward/backend/text"
)

// orVoid makes the command for join tokens void them, if it is told to.
func (r *run) orVoid(cmd *cobra.Command) *cobra.Command {
	void, one := false, cmd.RunE
	cmd.Long = "Make a token with which one machine can join within the next hour. If one came\n" +
		"into the wrong hands, void all that no machine has used yet."
	cmd.Flags().BoolVar(&void, "void", false, "void the tokens that were not used, instead of making one")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !void {
			return one(cmd, args)
		}
		dir, err := r.machineData(cmd)
		if err != nil {
			return err
		}
		n, err := r.Cluster.VoidTokens(cmd.Context(), dir)
		if err != nil {
			return err
		}
		return r.value(map[string]any{"voided": n}, func(w io.Writer) {
			fmt.Fprintf(w, "%s can no longer be used.\nIf a machine has joined that should not have, it is in this "+
				"list. Remove it:\n%s\n", text.Count(n, "join token"), r.spell("cluster list"))
		})
	}
	return cmd
}
