package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"doorward/app"
	"doorward/app/config"

	"github.com/spf13/cobra"
)

// machineFlags are what this machine is to the others.
type machineFlags struct {
	listen, address, name string
}

func (f *machineFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.listen, "cluster-listen", "",
		"`HOST:PORT` on which the other machines of the cluster connect (default: where they reach this one)")
	cmd.Flags().StringVar(&f.address, "cluster-address", "",
		"`HOST:PORT` at which they reach this machine, if that is another")
	cmd.Flags().StringVar(&f.name, "machine", "", "`NAME` of this machine for people (default: the host's name)")
}

// check refuses addresses that are missing, or that nobody could connect to.
func (f *machineFlags) check(cmd *cobra.Command) error {
	if f.listen == "" && f.address == "" {
		return wrongUse(cmd, "Give the address for the other machines with --cluster-listen.")
	}
	for name, place := range map[string]string{"cluster-listen": f.listen, "cluster-address": f.address} {
		if place != "" {
			if err := checkPlace(cmd, name, place); err != nil {
				return err
			}
		}
	}
	host, _, _ := net.SplitHostPort(cmp.Or(f.address, f.listen))
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return wrongUse(cmd, "With --cluster-listen %s this machine listens on all its addresses. Give the one at "+
			"which the others reach it with --cluster-address, such as 10.0.0.1:9443.", f.listen)
	}
	return nil
}

// checkPlace refuses what is not a host and a port.
func checkPlace(cmd *cobra.Command, name, place string) error {
	if _, port, err := net.SplitHostPort(place); err != nil || port == "" {
		return wrongUse(cmd, "--%s needs a host and a port, such as 10.0.0.1:9443.", name)
	}
	return nil
}

// tokenFlags are where a join token comes from.
type tokenFlags struct{ token, file string }

func (f *tokenFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.token, "token", "",
		"join `TOKEN`; other users of this machine can see flags, so put it in a file")
	cmd.Flags().StringVar(&f.file, "token-file", "",
		"`FILE` with the join token, or - for standard input; DOORWARD_JOIN_TOKEN_FILE is the same")
}

// maxJoinToken is more bytes than a join token with spaces around it has.
const maxJoinToken = 4 << 10

// joinToken returns the join token, from the first place that has one: a flag, the environment,
// a file that either names, or systemd's credential join_token.
func (r *run) joinToken(f tokenFlags) (string, error) {
	const env = "DOORWARD_JOIN_TOKEN"
	if f.token != "" {
		fmt.Fprintf(r.Stderr, "doorward: The join token stands on the command line, where every user of this machine "+
			"can read it until it is used. Use --token-file or %s_FILE.\n", env)
		return whole(f.token), nil
	}
	name := cmp.Or(f.file, r.Env(env+"_FILE"))
	if v := r.Env(env); f.file == "" && v != "" {
		return whole(v), nil
	}
	if dir := r.Env("CREDENTIALS_DIRECTORY"); name == "" && dir != "" {
		name = filepath.Join(dir, "join_token")
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			name = ""
		}
	}
	if name == "" {
		return "", fmt.Errorf("a join token is needed: make one on a machine of the cluster with `doorward cluster "+
			"token`, and give it with --token-file or %s_FILE", env)
	}
	in := r.Stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("the join token cannot be read: %w", err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxJoinToken))
	token := whole(string(text))
	if err == nil && token == "" {
		err = fmt.Errorf("the join token in %s is missing: the file is empty", name)
	}
	return token, err
}

// whole is a token without the spaces and line ends that it may have got while it was copied.
func whole(token string) string { return strings.Join(strings.Fields(token), "") }

// A joining is what serve does before it opens a data directory.
type joining struct {
	machineFlags
	tokenFlags
	contact string
}

func (j *joining) add(cmd *cobra.Command) {
	j.machineFlags.add(cmd)
	j.tokenFlags.add(cmd)
	cmd.Flags().StringVar(&j.contact, "join", "", "`HOST:PORT` of a machine of a cluster, which this one joins")
}

// join makes this machine a member, if it was told to and is none yet.
func (r *run) join(cmd *cobra.Command, c *config.Config, j joining) error {
	j.listen = cmp.Or(j.listen, r.Env("DOORWARD_CLUSTER_LISTEN"))
	c.ClusterListen = j.listen
	contact := cmp.Or(j.contact, r.Env("DOORWARD_JOIN"))
	inCluster := app.InCluster(c.Data)
	switch {
	case inCluster && !app.Joining(c.Data):
		return nil
	case contact == "" && (j.token != "" || j.file != ""):
		return wrongUse(cmd, "A join token is for a machine that joins: give the address of one of the cluster with "+
			"--join.")
	case contact == "":
		if j.listen != "" && !inCluster {
			fmt.Fprintln(r.Stderr, "doorward: The address for other machines changes nothing, for this server is "+
				"alone. To make it the first machine of a cluster: doorward cluster init")
		}
		return nil
	}
	if err := checkPlace(cmd, "join", contact); err != nil {
		return err
	}
	if err := j.check(cmd); err != nil {
		return err
	}
	token, err := r.joinToken(j.tokenFlags)
	if err != nil {
		return err
	}
	err = r.Cluster.Join(cmd.Context(), r.clusterOptions(*c, j.machineFlags), contact, token)
	if stopped := cmd.Context().Err(); err != nil && stopped != nil { // Ctrl+C, and not what it has met
		return stopped
	}
	return err
}
