package cli

import (
	"bufio"
	"context"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// A Program is the command line with what surrounds it.
type Program struct {
	Frontend fs.FS  // door/, letters/, tokens.css and dist/
	Version  string // as the build set it
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Env      func(name string) string
}

// Main runs the verb in args, which do not hold the program's name, and
// returns the exit code. An interrupt ends the verb in order; a second one ends
// it at once.
func (p Program) Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	r := &run{Program: p, out: bufio.NewWriter(p.Stdout)}
	root := r.root()
	root.SetArgs(args)
	root.SetIn(p.Stdin)
	root.SetOut(r.out)
	root.SetErr(p.Stderr)
	err := root.ExecuteContext(ctx)
	if flushed := r.out.Flush(); err == nil {
		err = flushed
	}
	return r.finish(err)
}

// A run is one call of the command line.
type run struct {
	Program
	out  *bufio.Writer
	data string
	json bool
}

const about = `Doorward decides who gets in.

An Admin invites people by mail and gives each a role. Whoever proves the
address waits for a decision, and then reaches what the roles open.

Start with:  doorward serve`

func (r *run) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "doorward",
		Short:             "Doorward decides who gets in",
		Long:              about,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              knownVerb,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return wrongUse(cmd, "%s", sentence(err.Error())) })
	root.PersistentFlags().StringVar(&r.data, "data", "", "data directory (default: the platform's place for a program's data)")
	root.PersistentFlags().BoolVar(&r.json, "json", false, "print the API's objects as JSON, one to a line")
	root.SetHelpCommand(&cobra.Command{Use: "help [VERB]", Short: "Explain a verb", RunE: helpOn})
	root.AddCommand(
		r.serveVerb(), r.setupVerb(), r.loginLinkVerb(),
		r.inviteVerb(), r.importVerb(), r.resendVerb(),
		r.requestsVerb(), r.approveVerb(), r.rejectVerb(),
		r.membersVerb(), r.accessVerb(), r.suspendVerb(), r.restoreVerb(), r.removeVerb(),
		r.auditVerb(), r.outboxVerb(), r.tokenVerb(), r.mailTestVerb(),
		r.backupVerb(), r.verifyVerb(), r.compactVerb(), r.doctorVerb(),
		r.versionVerb(), r.completionVerb(),
	)
	for _, verb := range root.Commands() {
		checkUse(verb)
	}
	return root
}

// checkUse makes a wrong number of arguments wrong usage, in the verb and those
// below it.
func checkUse(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return wrongUse(cmd, "%s", sentence(err.Error()))
			}
			return nil
		}
	}
	for _, below := range cmd.Commands() {
		checkUse(below)
	}
}

func knownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return wrongUse(cmd, "There is no verb %q. Did you mean %s?", args[0], like[0])
	}
	return wrongUse(cmd, "There is no verb %q.", args[0])
}

func helpOn(cmd *cobra.Command, args []string) error {
	about, _, err := cmd.Root().Find(args)
	if err != nil || about == cmd.Root() && len(args) > 0 {
		return knownVerb(cmd.Root(), args)
	}
	return about.Help()
}
