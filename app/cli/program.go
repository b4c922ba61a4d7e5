package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"doorward/app"
	"doorward/backend/access"

	"github.com/spf13/cobra"
)

// A Program is the command line with its environment.
type Program struct {
	Name     string // as it was called: os.Args[0]
	Frontend fs.FS  // portal/, emails/, tokens.css and dist/
	Version  string // set by the build
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Env      func(name string) string
	Cluster  app.Cluster      // what several machines do together
	Now      func() time.Time // nil: the system's clock
}

// Main runs the verb in args, which do not include the program's name, and
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

An Admin invites people by email and gives each a role. They verify their
address and wait for approval; then they can open what their roles include.

Start with:  doorward serve`

func (r *run) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "doorward COMMAND",
		Short:             "Doorward decides who gets in",
		Long:              about,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              knownVerb,
		RunE:              r.bare,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return wrongUse(cmd, "%s", sentence(err.Error()))
	})
	root.PersistentFlags().
		StringVar(&r.data, "data", "", "data directory (default: the system's directory for application data)")
	root.PersistentFlags().BoolVar(&r.json, "json", false, "print the API's objects as JSON, one per line")
	root.SetHelpCommand(&cobra.Command{Use: "help [COMMAND]", Short: "Show help for a command", RunE: helpOn})
	root.SuggestionsMinimumDistance = 2
	root.SetUsageTemplate(usage)
	root.InitDefaultHelpFlag()
	r.addVerbs(root)
	return root
}

// addVerbs adds all verbs, in the groups and the order of the help.
func (r *run) addVerbs(root *cobra.Command) {
	cobra.EnableCommandSorting = false
	for _, group := range []struct {
		title string
		verbs []*cobra.Command
	}{
		{"Run it", []*cobra.Command{r.serveVerb(), r.desktopVerb(), r.setupVerb(), r.loginLinkVerb(), r.doctorVerb(),
			r.mailTestVerb()}},
		{"Invitations and requests",
			[]*cobra.Command{r.inviteVerb(), r.importVerb(), r.resendVerb(), r.requestsVerb(), r.approveVerb(),
				r.rejectVerb()}},
		{"Members and API tokens",
			[]*cobra.Command{r.membersVerb(), r.accessVerb(), r.suspendVerb(), r.unsuspendVerb(), r.removeVerb(),
				r.tokenVerb()}},
		{"Logs", []*cobra.Command{r.auditVerb(), r.outboxVerb()}},
		{"Data", []*cobra.Command{r.backupVerb(), r.restoreVerb(), r.verifyVerb(), r.compactVerb(), r.clusterVerb()}},
		{"This program", []*cobra.Command{r.versionVerb(), r.completionVerb()}},
	} {
		root.AddGroup(&cobra.Group{ID: group.title, Title: group.title + ":"})
		for _, verb := range group.verbs {
			verb.GroupID = group.title
			checkUse(verb)
			root.AddCommand(verb)
		}
	}
}

// usage shows how a verb is written, its subcommands, and its flags.
const usage = `Usage:  {{if .HasParent}}{{.Parent.CommandPath}} {{end}}{{.Use}}{{range .Groups}}{{$group := .}}

{{.Title}}{{range $.Commands}}{{if and (eq .GroupID $group.ID) .IsAvailableCommand}}
  {{rpad .Name .NamePadding}}  {{.Short}}{{end}}{{end}}{{end}}{{if and .HasParent .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}}  {{.Short}}{{end}}{{end}}{{end}}{{if and .HasParent .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsagesWrapped 80 | trimTrailingWhitespaces}}{{end}}{{if .HasParent}}

For every command:
{{.InheritedFlags.FlagUsagesWrapped 80 | trimTrailingWhitespaces}}{{else}}

For every command:
{{.LocalFlags.FlagUsagesWrapped 80 | trimTrailingWhitespaces}}

More about a command:  doorward help COMMAND{{end}}
`

// checkUse makes a wrong number of arguments a misuse, in the verb and its
// subcommands.
func checkUse(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if check(cmd, args) == nil {
				return nil
			}
			return wrongUse(cmd, "%s The usage is %q.", surplus(args), spelling(cmd))
		}
	}
	for _, below := range cmd.Commands() {
		checkUse(below)
	}
}

// surplus says what is wrong with the number of arguments.
func surplus(args []string) string {
	if len(args) == 0 {
		return "Something is missing."
	}
	return fmt.Sprintf("%q is one argument too many.", access.Shorten(args[len(args)-1], 40))
}

// spelling is how a verb is written.
func spelling(cmd *cobra.Command) string { return cmd.Parent().CommandPath() + " " + cmd.Use }

func knownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return wrongUse(cmd, "There is no command %q. Did you mean %s?", access.Shorten(args[0], 40),
			strings.Join(like, " or "))
	}
	return wrongUse(cmd, "There is no command %q.", access.Shorten(args[0], 40))
}

func helpOn(cmd *cobra.Command, args []string) error {
	about, _, err := cmd.Root().Find(args)
	if err != nil || about == cmd.Root() && len(args) > 0 {
		return knownVerb(cmd.Root(), args)
	}
	about.InitDefaultHelpFlag()
	return about.Help()
}
