package machines

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"doorward/app"
	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/private"
	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
	"doorward/backend/store/replica"
)

// engineOptions are those with which the copy of a stopped machine is opened.
func engineOptions(o app.ClusterOptions, self replica.Peer) replica.Options {
	return replica.Options{Config: kv.Config{Dir: within(o.Data, storeDir), Logger: o.Logger}, Self: self}
}

// identityOf returns this machine's identity; a data directory that is no cluster's is refused.
func identityOf(o app.ClusterOptions) (*cluster.Identity, replica.Peer, error) {
	if !app.InCluster(o.Data) {
		return nil, replica.Peer{}, access.Errorf(access.Conflict, "The data in %s is not a cluster's.", o.Data).
			WithCode("cluster_none")
	}
	id, err := cluster.Open(within(o.Data, app.ClusterDir))
	if err != nil {
		return nil, replica.Peer{}, err
	}
	me := id.Member("", time.Time{})
	return id, replica.Peer{ID: string(me.ID), Address: me.Address}, nil
}

// Recover implements app.Cluster. It can be run again after a crash, and until then the server
// does not start: the store would say that the others are still machines of the cluster.
func (Cluster) Recover(ctx context.Context, o app.ClusterOptions) error {
	id, self, err := identityOf(o)
	if err != nil {
		return err
	}
	all, err := store.ReadMachines(storeOptions(o))
	if err != nil {
		return err
	}
	if _, begun := os.Lstat(within(o.Data, aloneFile)); errors.Is(begun, fs.ErrNotExist) {
		if err := recoverable(o, all, self.ID); err != nil {
			return err
		}
		if err := nobodyElse(ctx, o, id, all); err != nil {
			return err
		}
		if err := private.Replace(within(o.Data, aloneFile), nil); err != nil {
			return err
		}
	}
	if err := replica.Recover(engineOptions(o, self)); err != nil {
		return err
	}
	o.Name = id.Member("", time.Time{}).Name
	err = changeAlone(ctx, o, func(tx *store.Tx) error { return store.MachinesIn(tx).GoOnAlone(id.Node()) })
	if err != nil {
		return err
	}
	return errors.Join(os.Remove(within(o.Data, aloneFile)), private.SyncDir(o.Data))
}

func storeOptions(o app.ClusterOptions) store.Options {
	return store.Options{Engine: badger.Engine, Dir: o.Data, Logger: o.Logger, Machine: o.Name}
}

// changeAlone changes the store while no other machine has its log.
func changeAlone(ctx context.Context, o app.ClusterOptions, change func(*store.Tx) error) error {
	s, err := openAlone(o)
	if err != nil {
		return err
	}
	return errors.Join(s.Update(ctx, change), s.Close())
}

// recoverable refuses a machine that has nothing to go on with, or no right to, by the list in its
// own copy.
func recoverable(o app.ClusterOptions, all []cluster.Member, self string) error {
	begins, err := readBeginning(o.Data)
	me := recordOf(all, self)
	switch {
	case err != nil:
		return err
	case begins != nil || len(all) == 0:
		return access.Errorf(access.NoData,
			"This machine has no copy of the cluster's data yet, so there is nothing to go on with. Start the server, "+
				"with: doorward serve. Nothing was changed.").WithCode("cluster_no_copy")
	case me == nil || me.Role == cluster.Leaving:
		return removedHere()
	}
	return nil
}

// removedHere refuses to make a second cluster of a machine that the first has removed.
func removedHere() error {
	return access.Errorf(access.Conflict,
		"This machine was removed from the cluster, which goes on without it. To add it again, run here: doorward "+
			"cluster rejoin. Nothing was changed.").WithCode("cluster_removed")
}

// askTime is how long another machine may take to answer before it counts as stopped.
const askTime = 3 * time.Second

// nobodyElse refuses to go on alone while those that answer are a majority with this one: what
// was acknowledged on them would be lost, and there would be two clusters.
func nobodyElse(ctx context.Context, o app.ClusterOptions, id *cluster.Identity, all []cluster.Member) error {
	l, err := listen(id.Member("", time.Time{}).Address)
	if err != nil {
		return err
	}
	port := cluster.Serve(cluster.Options{Listener: l, Identity: id, Log: o.Logger,
		Members: func() []cluster.Member { return all }})
	defer port.Close()
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	answer, refuse := make([]bool, len(all)), make([]bool, len(all))
	var asked sync.WaitGroup
	for i, m := range all {
		if m.ID == id.Node() {
			continue
		}
		asked.Go(func() {
			c, err := port.DialRaft(ctx, m.Address)
			if err == nil {
				c.Close()
			}
			answer[i], refuse[i] = err == nil, access.Explain(err).Code == "cluster_refused"
		})
	}
	asked.Wait()
	if slices.Contains(refuse, true) { // it runs, and does not know this one as a member any more
		return removedHere()
	}
	return refuseMajority(all, answer, id.Node())
}

func refuseMajority(all []cluster.Member, answer []bool, self cluster.NodeID) error {
	voters, have := 0, 0
	var others []string
	for i, m := range all {
		if answer[i] {
			others = append(others, m.Name)
		}
		if m.Role != cluster.Voter {
			continue
		}
		voters++
		if answer[i] || m.ID == self {
			have++
		}
	}
	if len(others) == 0 || have <= voters/2 {
		return nil
	}
	slices.Sort(others)
	return access.Errorf(access.Conflict,
		"Nothing has to be recovered: %s can be reached, and with this machine that is a majority. Start the server "+
			"here. Nothing was changed.", strings.Join(others, " and ")).WithCode("cluster_has_majority")
}

// Leave implements app.Cluster. What says that the data is a cluster's goes last, so it can be
// run again after a crash.
func (Cluster) Leave(ctx context.Context, o app.ClusterOptions) error {
	gone := within(o.Data, app.ClusterDir+".gone")
	if err := os.RemoveAll(gone); err != nil { // an earlier call was killed, and has left the key
		return err
	}
	id, self, err := identityOf(o)
	if err != nil {
		return err
	}
	if _, err := store.ReadMachines(storeOptions(o)); err != nil { // a newer program's data stays as it is
		return err
	}
	if err := replica.Separate(engineOptions(o, self)); err != nil {
		return err
	}
	o.Name = id.Member("", time.Time{}).Name
	err = changeAlone(ctx, o, func(tx *store.Tx) error { return store.MachinesIn(tx).Dissolve(o.Name) })
	if err != nil {
		return err
	}
	for _, left := range []string{newFile, aloneFile, socketName} {
		if err := os.Remove(within(o.Data, left)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(within(o.Data, app.ClusterDir), gone); err != nil {
		return err
	}
	return errors.Join(private.SyncDir(o.Data), os.RemoveAll(gone))
}

// asideDir has what a machine had before it joined again.
const asideDir = app.ClusterDir + ".before"

// Rejoin implements app.Cluster. If the cluster does not take this machine, everything is put
// back.
func (Cluster) Rejoin(ctx context.Context, o app.ClusterOptions, contact, token string) (aside string, err error) {
	id, _, err := identityOf(o)
	if err != nil {
		return "", err
	}
	if _, err := cluster.ParseToken(token); err != nil {
		return "", err
	}
	me := id.Member("", time.Time{})
	if o.Name == "" {
		o.Name = me.Name
	}
	if o.Address == "" && o.Listen == "" {
		o.Address = me.Address
	}
	aside = within(o.Data, asideDir)
	if _, err := os.Lstat(aside); err == nil {
		return "", access.Errorf(access.NoData,
			"%s has what this machine had before it joined again the last time. Move it away, or delete it.", aside).
			WithCode("rejoin_aside")
	}
	if _, err := private.Dir(aside); err != nil {
		return "", err
	}
	if err := moveParts(o.Data, aside); err != nil {
		return "", errors.Join(err, moveParts(aside, o.Data), os.Remove(aside))
	}
	if err := joinWith(ctx, o, contact, token, setup{URL: o.URL}); err != nil {
		return "", errors.Join(err, removeParts(o.Data), moveParts(aside, o.Data), os.Remove(aside))
	}
	return aside, nil
}

// parts are what a machine has of its cluster in its data directory. The first says that it
// has any, and is moved last.
var parts = []string{app.ClusterDir, storeDir, storeDir + ".log", "instance.key", newFile, aloneFile}

func moveParts(from, to string) error {
	for _, part := range slices.Backward(parts) {
		err := os.Rename(within(from, part), within(to, part))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(private.SyncDir(from), private.SyncDir(to))
}

func removeParts(data string) (err error) {
	for _, part := range parts {
		err = errors.Join(err, os.RemoveAll(within(data, part)))
	}
	return err
}
