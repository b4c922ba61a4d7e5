package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"doorward/app/config"
	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/web"
)

// A Cluster keeps a data directory's store on several machines. Package machines is one; main
// hands it to the command line.
type Cluster interface {
	// Init makes the server of o.Data, which must not run, the first machine of a cluster.
	Init(ctx context.Context, o ClusterOptions) error

	// Join makes this machine, whose data directory is new or empty, a member of the cluster
	// of that token, through the machine at contact.
	Join(ctx context.Context, o ClusterOptions, contact, token string) error

	// Open opens this machine's part in the cluster of o.Data. Its Engine is the store's.
	Open(o ClusterOptions) (Machine, error)

	// Token, VoidTokens, Machines and Remove ask the server that runs on a data directory: for a
	// token with which one machine can join, to void those that were not used and how many they
	// were, for all machines, and to remove the one with that name or id.
	Token(ctx context.Context, data string) (token string, expires time.Time, err error)
	VoidTokens(ctx context.Context, data string) (n int, err error)
	Machines(ctx context.Context, data string) ([]access.MachineState, error)
	Remove(ctx context.Context, data, machine string) error

	// Recover makes this machine, whose server must not run, the only one of its cluster. It is
	// refused while a majority answers.
	Recover(ctx context.Context, o ClusterOptions) error

	// Leave makes the data of this machine, whose server must not run, a server of its own.
	Leave(ctx context.Context, o ClusterOptions) error

	// Rejoin is Join for a machine that was removed. What it has is put aside.
	Rejoin(ctx context.Context, o ClusterOptions, contact, token string) (aside string, err error)
}

// ClusterOptions say what this machine is in a cluster.
type ClusterOptions struct {
	Data    string // the data directory
	Name    string // of this machine, for people; empty: the host's
	Listen  string // HOST:PORT on which the other machines connect; empty: Address
	Address string // HOST:PORT at which they reach this one; empty: Listen, or as it was given before
	Version string // of this program
	URL     string // the public URL, if it was given at the start
	Logger  *slog.Logger
	Now     func() time.Time // nil: time.Now
}

// A Machine is this machine's part in its cluster.
type Machine interface {
	web.Cluster
	service.Cluster

	// Forwarded returns the connections of other machines that forward requests to this one.
	Forwarded() net.Listener

	// Engine opens the store's engine.
	Engine(c kv.Config) (kv.Store, error)

	// Attach begins to do what keeps the cluster together, with the store on that engine.
	Attach(s *store.Store) error

	// BeforeHandOver registers what waits until the requests at hand are answered, before the
	// lead is handed over.
	BeforeHandOver(drain func(ctx context.Context))

	// HandOver gives the lead to another machine that answers, if this one leads, and waits
	// until that one leads. Meanwhile this one says that nobody does, so that what comes waits
	// and is forwarded. It gives up when ctx ends.
	HandOver(ctx context.Context)

	// Health asks every machine how it is. It is answered on each of them.
	Health(ctx context.Context) []MachineHealth

	// Unfit returns a channel that has an error when this program must not go on with the
	// cluster's data, which a newer one has changed meanwhile.
	Unfit() <-chan error

	// Compact has every machine of the cluster remove deleted data from its disk, and says of each
	// that has not why. It is refused while nobody leads.
	Compact(ctx context.Context) ([]access.MachineCompacted, error)

	// CompactMissed has this machine do so if it has not since that night, as one that was down,
	// once it has caught up.
	CompactMissed(ctx context.Context, night time.Time) error

	// AwaitLeader waits until some machine leads, and if it is this one, serves; or until ctx
	// ends.
	AwaitLeader(ctx context.Context)

	// AwaitCopy waits until this machine's copy has everything that the leading one has when it
	// is asked; or until ctx ends. It does not wait while nobody leads.
	AwaitCopy(ctx context.Context)

	// Close ends what Attach has begun, and closes the port. The store was closed before.
	Close() error
}

// A MachineHealth is how a machine of the cluster is, by its own account just now.
type MachineHealth struct {
	Name            string
	Leads, Self     bool
	Leaves          bool          // it was removed, as far as this machine's copy goes
	Answers         bool          // what follows is known of one that does
	Harmed          bool          // its copy is damaged
	Behind          uint64        // changes that its copy lacks, of those that any machine has
	Ahead           time.Duration // of its clock, compared with most of those that answer; negative: it is behind
	WrongClock      bool          // by so much that it does not lead
	Free, Floor     uint64        // bytes of its disk, and below how many it takes no changes
	Version         string
	CertificateEnds time.Time
}

// CopyDamaged says what mends a damaged copy of a machine of a cluster.
func CopyDamaged(dir string) error {
	return access.Errorf(access.NoData,
		"The copy of the store in %s is damaged. The other machines have the same data: remove this machine from the "+
			"cluster on one of them, then stop its server, and run here: doorward cluster rejoin. See the log for "+
			"details.", dir).WithCode("cluster_copy_damaged")
}

// ClusterDir is the directory by which a data directory is a cluster's, within that.
const ClusterDir = "doorward.cluster"

// InCluster reports whether a data directory belongs to a cluster: its store must then not be
// opened as that of a server alone, or it would diverge from the others.
func InCluster(data string) bool {
	_, err := os.Lstat(filepath.Join(data, ClusterDir))
	return err == nil
}

// Joining reports whether an earlier try to join did not come to its end.
func Joining(data string) bool {
	_, err := os.Lstat(filepath.Join(data, ClusterDir, clusterCertificate))
	return InCluster(data) && errors.Is(err, fs.ErrNotExist)
}

// clusterCertificate is what a machine's identity gets last.
const clusterCertificate = "node.pem"

// leaderWait is how long a start waits for the cluster to have a leading machine before it says
// that it runs.
const leaderWait = 10 * time.Second

// copyWait is how long it waits then for what it has missed.
const copyWait = 3 * time.Second

// A MachineOpener opens this machine's part in the cluster of a data directory.
type MachineOpener func(c config.Config, log *slog.Logger) (Machine, error)

// InThis returns how OpenMachine opens a machine of that cluster.
func InThis(cluster Cluster) MachineOpener {
	return func(c config.Config, log *slog.Logger) (Machine, error) {
		return cluster.Open(ClusterOptions{
			Data: c.Data, Listen: c.ClusterListen, Version: c.Version, URL: GivenURL(c), Logger: log, Now: c.Now,
		})
	}
}

// openMachine opens this machine's part in the cluster of the data directory, if it belongs to
// one.
func (a *App) openMachine(open MachineOpener) (err error) {
	if !InCluster(a.c.Data) {
		return nil
	}
	if open == nil {
		return access.Errorf(access.Conflict,
			"This data belongs to a cluster. Start the server, or make this copy a server of its own with: "+
				"doorward cluster leave --alone").WithCode("cluster_data")
	}
	if _, running := Dial(a.c.Data); running { // or it would be said that the cluster's port is taken
		return access.Errorf(access.NoData,
			"Another Doorward is using the data directory %s. Stop it first, or choose another directory.", a.c.Data).
			WithCode("data_dir_in_use")
	}
	a.machine, err = open(a.c, a.log)
	return err
}

// refuseMachine refuses a store that is a machine's of a cluster, whose data directory does not say
// so any more: part of it was lost, or left out of a copy. A server of its own would diverge from
// the others.
func (a *App) refuseMachine() error {
	return a.store.View(context.Background(), func(tx *store.Tx) error {
		all, err := store.MachinesIn(tx).List()
		if err != nil || len(all) == 0 {
			return err
		}
		return access.Errorf(access.NoData,
			"The data in %s is a machine's of a cluster, and the directory %s in it is missing. Put that back. If it "+
				"is lost, remove the machine from the cluster, put the data directory away, and join again with a "+
				"new one.", a.c.Data, ClusterDir).WithCode("cluster_identity_missing")
	})
}

// ofACopy says of a copy that cannot be used how this machine gets another one: nothing has to be
// restored while the other machines have it.
func ofACopy(dir string, err error) error {
	switch access.Explain(err).Code {
	case "data_dir_damaged", "data_dir_no_sentinel", "instance_key_missing", "instance_key_damaged":
		return access.Errorf(access.NoData,
			"This machine's copy in %s is damaged or incomplete, and is not used: see the log for details. Get "+
				"another one from the cluster: remove this machine there, then run here: doorward cluster rejoin. If "+
				"no other machine is left, restore the latest backup into an empty directory.", dir).
			WithCode("cluster_copy_damaged").Because(err)
	}
	return err
}

// GivenURL is the public URL if it was given at the start; else empty: it may be another on each
// machine, or set in the console.
func GivenURL(c config.Config) string {
	if c.SetWith["url"] == "" {
		return ""
	}
	return c.URL
}
