package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"doorward/backend/access"
	"doorward/backend/text"

	"github.com/spf13/cobra"
)

func (r *run) clusterTokenVerb() *cobra.Command {
	void := false
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Make a token with which one machine can join",
		Long: "Make a token with which one machine can join within the next hour. If one came\n" +
			"into the wrong hands, void all that no machine has used yet.",
		Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&void, "void", false, "void the tokens that were not used, instead of making one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := r.machineData(cmd)
		if err != nil {
			return err
		}
		if void {
			return r.voidTokens(cmd.Context(), dir)
		}
		return r.newToken(cmd.Context(), dir)
	}
	return cmd
}

func (r *run) newToken(ctx context.Context, dir string) error {
	token, expires, err := r.Cluster.Token(ctx, dir)
	if err != nil {
		return err
	}
	out := struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires_at"`
	}{token, expires}
	return r.value(out, func(w io.Writer) {
		fmt.Fprintf(w, "With this token one machine can join until %s. Put it into a file there, with mode 0600, "+
			"and run:\ndoorward serve --join %s --token-file FILE --cluster-listen HOST:PORT --machine NAME\n\n"+
			"It is not shown again:\n%s\n", expires.UTC().Format("15:04 UTC"), r.ownAddress(ctx, dir), token)
	})
}

// ownAddress is the address of the machine of that data directory for the others.
func (r *run) ownAddress(ctx context.Context, dir string) string {
	all, err := r.Cluster.Machines(ctx, dir)
	self := slices.IndexFunc(all, func(m access.MachineState) bool { return m.Self })
	if err != nil || self < 0 {
		return "HOST:PORT"
	}
	return all[self].Address
}

func (r *run) voidTokens(ctx context.Context, dir string) error {
	n, err := r.Cluster.VoidTokens(ctx, dir)
	if err != nil {
		return err
	}
	return r.value(map[string]any{"voided": n}, func(w io.Writer) {
		fmt.Fprintf(w, "%s can no longer be used.\nIf a machine has joined that should not have, it is in this "+
			"list. Remove it:\n%s\n", text.Count(n, "join token"), r.spell("cluster list"))
	})
}
