package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"doorward/app"
	"doorward/app/config"
	"doorward/backend/access"
	"doorward/backend/text"

	"github.com/spf13/cobra"
)

// clusterOptions are those of this machine.
func (r *run) clusterOptions(c config.Config, f machineFlags) app.ClusterOptions {
	return app.ClusterOptions{
		Data: c.Data, Listen: f.listen, Address: f.address, Name: f.name, Version: r.Version, URL: app.GivenURL(c),
		Logger: slog.New(slog.NewTextHandler(r.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Now:    r.Now,
	}
}

func (r *run) clusterVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "Several machines: init, token, list, remove, …",
		Long: "A cluster is several machines that keep the same data. One of them leads, and\n" +
			"another one takes over when it stops; a majority of them must run.",
		RunE: r.below,
	}
	cmd.AddCommand(r.clusterInitVerb(), r.clusterTokenVerb(), r.clusterListVerb(), r.clusterRemoveVerb(),
		r.clusterRecoverVerb(), r.clusterLeaveVerb(), r.clusterRejoinVerb())
	return cmd
}

// done is what a command about the cluster prints that has nothing else to say.
type done struct {
	Data string `json:"data"`
	Done string `json:"done"`
}

// machineData is the data directory of a command that asks the server on it.
func (r *run) machineData(cmd *cobra.Command) (string, error) {
	dir, err := config.DataDir(given(cmd), r.Env)
	if err != nil {
		return "", err
	}
	if _, err := os.Lstat(filepath.Join(dir, app.ClusterDir)); errors.Is(err, fs.ErrPermission) {
		return "", fmt.Errorf("the data directory %s cannot be read: run this as the user that runs the server", dir)
	}
	return dir, nil
}

// stopped runs a verb on the data directory of a server that does not run.
func (r *run) stopped(f *machineFlags,
	verb func(cmd *cobra.Command, o app.ClusterOptions) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		c, err := config.Load(given(cmd), r.Env)
		if err != nil {
			return err
		}
		if _, running := app.Dial(c.Data); running {
			return fmt.Errorf("a server is running on %s; stop it first", c.Data)
		}
		return verb(cmd, r.clusterOptions(c, *f))
	}
}

func (r *run) clusterInitVerb() *cobra.Command {
	f := &machineFlags{}
	cmd := &cobra.Command{
		Use:   "init --cluster-listen HOST:PORT [--machine NAME]",
		Short: "Make this server the first machine of a cluster",
		Long: "Make this server the first machine of a cluster. It must not run. Its data stays\n" +
			"as it is, and the machines that join get a copy.",
		Args: cobra.NoArgs,
		RunE: r.stopped(f, func(cmd *cobra.Command, o app.ClusterOptions) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			if err := r.Cluster.Init(cmd.Context(), o); err != nil {
				return err
			}
			return r.value(done{o.Data, "init"}, func(w io.Writer) {
				fmt.Fprintf(w, "This server is the first machine of a cluster now. Start it:\n%s\n\n"+
					"Then let two others join: two machines survive the loss of neither.\nA token for each: %s\n",
					r.spell("serve"), r.spell("cluster token"))
			})
		}),
	}
	f.add(cmd)
	return settings(cmd, true)
}

func (r *run) clusterListVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the machines of the cluster",
		Args:  cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := r.machineData(cmd)
		if err != nil {
			return err
		}
		all, err := r.Cluster.Machines(cmd.Context(), dir)
		if err != nil {
			return err
		}
		if r.json {
			for _, m := range all {
				if err := r.value(m, nil); err != nil {
					return err
				}
			}
			return nil
		}
		t := newTable(r.out, "NAME", "ADDRESS", "ROLE", "NOW", "VERSION", "JOINED")
		for _, m := range all {
			t.row(m.Name, m.Address, m.Role, nowOf(m), m.Version, ago(m.JoinedAt, time.Now()))
		}
		return errors.Join(t.flush(), r.sayCluster(all))
	}
	return cmd
}

// sayCluster says what is wrong with all of the cluster, as far as the machine that was asked knows.
func (r *run) sayCluster(all []access.MachineState) error {
	if err := r.out.Flush(); err != nil {
		return err
	}
	self := slices.IndexFunc(all, func(m access.MachineState) bool { return m.Self })
	switch {
	case self < 0 || all[self].Role == "leaving":
		fmt.Fprintln(r.Stderr, "doorward: This machine was removed from the cluster, and the list is as it was then. "+
			"To add it again, stop its server and run: doorward cluster rejoin")
	case !slices.ContainsFunc(all, func(m access.MachineState) bool { return m.Leads }):
		fmt.Fprintln(r.Stderr, "doorward: No machine is in charge of the cluster right now. Most of its machines must "+
			"be running.")
	}
	return nil
}

// nowOf says how a machine is, as far as the one that was asked knows.
func nowOf(m access.MachineState) string {
	var now []string
	switch {
	case m.Leads:
		now = append(now, "leads")
	case m.Answers == nil:
	case !*m.Answers:
		now = append(now, "does not answer")
	case m.Behind != nil && *m.Behind > 0:
		now = append(now, text.Count(int(*m.Behind), "change")+" behind")
	default:
		now = append(now, "up to date")
	}
	if m.Damaged {
		now = append(now, "its copy is damaged")
	}
	if m.WrongClock {
		now = append(now, "its clock is wrong")
	}
	if m.Self {
		now = append(now, "this machine")
	}
	return strings.Join(now, ", ")
}

func (r *run) clusterRemoveVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remove NAME|ID",
		Short: "Remove a machine from the cluster",
		Long: "Remove a machine from the cluster. It cannot come back with what it has; it can\n" +
			"join anew with another token. The one that leads cannot be removed: stop it\n" +
			"first, and another one leads.",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: r.removableNames,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir, err := r.machineData(cmd)
		if err != nil {
			return err
		}
		if err := r.Cluster.Remove(cmd.Context(), dir, args[0]); err != nil {
			return err
		}
		return r.value(map[string]any{"machine": args[0], "removed": true}, func(w io.Writer) {
			fmt.Fprintf(w, "%s is removed from the cluster.\n", plain(args[0]))
		})
	}
	return cmd
}

func (r *run) clusterRecoverVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recover",
		Short: "Go on with this machine alone after a majority is lost",
		Long: "Go on with this machine alone after a majority of the machines is lost for good.\n" +
			"The server must not run. What only the others had is lost, and they cannot come\nback. It is refused " +
			"while a majority can be reached.",
		Args: cobra.NoArgs,
		RunE: r.stopped(&machineFlags{}, func(cmd *cobra.Command, o app.ClusterOptions) error {
			if err := r.Cluster.Recover(cmd.Context(), o); err != nil {
				return err
			}
			return r.value(done{o.Data, "recover"}, func(w io.Writer) {
				fmt.Fprintf(w, "This machine is the only one of its cluster now. Start it:\n%s\n\n"+
					"Do not start the others with what they have: two of them would go on as the old cluster.\n"+
					"On each that still exists: doorward cluster rejoin\n", r.spell("serve"))
			})
		}),
	}
	return settings(cmd, true)
}

func (r *run) clusterLeaveVerb() *cobra.Command {
	alone := false
	cmd := &cobra.Command{
		Use:   "leave --alone",
		Short: "Make the data of this machine a server of its own",
		Long: "Make the data of this machine a server of its own. The server must not run. The\n" +
			"other machines go on without it; remove it there.",
		Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&alone, "alone", false, "this copy becomes independent of the others")
	leave := r.stopped(&machineFlags{}, func(cmd *cobra.Command, o app.ClusterOptions) error {
		if err := r.Cluster.Leave(cmd.Context(), o); err != nil {
			return err
		}
		return r.value(done{o.Data, "leave"}, func(w io.Writer) {
			fmt.Fprintf(w, "This is a server of its own now. Start it:\n%s\n\n"+
				"If the others go on, remove this machine there: doorward cluster remove NAME\n"+
				"If they do not, put their data away, so that nobody starts them.\n", r.spell("serve"))
		})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !alone {
			return wrongUse(cmd, "Two servers with the same data go apart from then on. If that is meant, add --alone.")
		}
		return leave(cmd, args)
	}
	return settings(cmd, true)
}

func (r *run) clusterRejoinVerb() *cobra.Command {
	f, token := &machineFlags{}, &tokenFlags{}
	contact := ""
	cmd := &cobra.Command{
		Use:   "rejoin --join HOST:PORT --token-file FILE",
		Short: "Let this machine join again, with a new copy",
		Long: "Let this machine join again after it was removed, because its copy was damaged\n" +
			"or lost. The server must not run. What it has is put aside.",
		Args: cobra.NoArgs,
	}
	cmd.RunE = r.stopped(f, func(cmd *cobra.Command, o app.ClusterOptions) error {
		if contact == "" {
			return wrongUse(cmd, "Give the address of a machine of the cluster with --join.")
		}
		if err := checkPlace(cmd, "join", contact); err != nil {
			return err
		}
		if f.listen != "" || f.address != "" { // else as they were
			if err := f.check(cmd); err != nil {
				return err
			}
		}
		secret, err := r.joinToken(*token)
		if err != nil {
			return err
		}
		o.Listen, o.Address, o.Name = f.listen, f.address, f.name
		aside, err := r.Cluster.Rejoin(cmd.Context(), o, contact, secret)
		if err != nil {
			return err
		}
		return r.value(done{aside, "rejoin"}, func(w io.Writer) {
			fmt.Fprintf(w, "This machine is a member again. What it had is in %s. Start it:\n%s\n", aside,
				r.spell("serve"))
		})
	})
	f.add(cmd)
	token.add(cmd)
	cmd.Flags().StringVar(&contact, "join", "", "`HOST:PORT` of a machine of the cluster")
	return settings(cmd, true)
}
