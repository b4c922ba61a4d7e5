package machines

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"doorward/app"
	"doorward/backend/access"
	"doorward/backend/cluster"
	"doorward/backend/private"
	"doorward/backend/store"
)

// A setup is what must be the same on all machines, and is set on each.
type setup struct {
	URL   string `json:"url,omitempty"`
	NoURL bool   `json:"no_url,omitempty"` // it is about to serve without one
}

// A bundle is what a machine needs that joins, besides its certificate.
type bundle struct {
	InstanceKey []byte `json:"instance_key"`
}

// joins lets others join through this machine.
func (m *machine) joins() *cluster.Joins {
	return &cluster.Joins{
		Authority: m.authority,
		Registry:  registry{m},
		Check:     m.check,
		Bundle: func(context.Context, cluster.Member) ([]byte, error) {
			return json.Marshal(bundle{InstanceKey: m.store.Load().InstanceKey()})
		},
	}
}

// check refuses a machine whose links would lead elsewhere.
func (m *machine) check(text []byte) error {
	var s setup
	if len(text) > 0 {
		if err := json.Unmarshal(text, &s); err != nil {
			return access.Errorf(access.Invalid, "What the machine has set up cannot be read.").
				WithCode("join_malformed").Because(err)
		}
	}
	url, err := m.publicURL()
	switch {
	case err != nil:
		return err
	case s.URL != "" && url != "" && s.URL != url:
		return access.Errorf(access.Conflict,
			"The public URL of the cluster is %s, and this machine was given %s. Give it the same.", url,
			access.Shorten(s.URL, 200)).On("url").WithCode("join_other_url")
	case s.NoURL && m.o.URL != "":
		return access.Errorf(access.Conflict,
			"The public URL of the cluster is %s, and this machine was given none. Give it the same.", url).
			On("url").WithCode("join_other_url")
	}
	return nil
}

// publicURL is the one that this machine was given, or else the one that was set in the console.
func (m *machine) publicURL() (url string, err error) {
	if m.o.URL != "" {
		return m.o.URL, nil
	}
	err = m.store.Load().View(store.Here(m.ctx), func(tx *store.Tx) error {
		set, err := tx.Settings()
		url = set.PublicURL
		return err
	})
	return url, err
}

// A registry is the store's, and on a machine that does not lead says where to ask.
type registry struct{ m *machine }

// maxWaiting is how many may wait for their token. It is fewer than may join at a time: a stranger's
// token never comes, and the place is free for who has one.
const maxWaiting = 4

// Admit implements cluster.Registry.
func (r registry) Admit(ctx context.Context, hash access.SecretHash, decide func(*cluster.Admission) error) error {
	s := r.m.store.Load()
	if s == nil {
		return cluster.Elsewhere("")
	}
	if s.Leads() {
		return store.Registry{Store: s}.Admit(ctx, hash, decide)
	}
	known, err := r.hears(ctx, s, hash)
	if err != nil {
		return err
	}
	if !known { // who shows no token learns nothing
		return decide(&cluster.Admission{})
	}
	return cluster.Elsewhere(r.m.node.LeaderAt().Address)
}

// hearTime is how long a machine that does not lead waits for the token that somebody shows:
// its copy may lag a little. hearLook is how often it looks.
const (
	hearTime = 3 * time.Second
	hearLook = 50 * time.Millisecond
)

// hears reports whether this machine's copy has a join token, or gets it in time.
func (r registry) hears(ctx context.Context, s *store.Store, hash access.SecretHash) (known bool, err error) {
	if known, err = has(ctx, s, hash); known || err != nil {
		return known, err
	}
	if r.m.joining.Add(1) > maxWaiting {
		r.m.joining.Add(-1)
		return false, cluster.JoinBusy()
	}
	defer r.m.joining.Add(-1)
	ctx, cancel := context.WithTimeout(ctx, hearTime)
	defer cancel()
	look := time.NewTicker(hearLook)
	defer look.Stop()
	for {
		if known, err = has(ctx, s, hash); known || err != nil && ctx.Err() == nil {
			return known, err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return false, nil
		}
	}
}

// has reports whether this machine's copy has a join token.
func has(ctx context.Context, s *store.Store, hash access.SecretHash) (known bool, err error) {
	err = s.View(store.Here(ctx), func(tx *store.Tx) error {
		k, err := store.MachinesIn(tx).JoinToken(hash)
		known = k != nil
		return err
	})
	return known, err
}

// Init implements app.Cluster.
func (Cluster) Init(ctx context.Context, o app.ClusterOptions) error {
	name, address, err := named(o)
	if err != nil {
		return err
	}
	if app.InCluster(o.Data) {
		return access.Errorf(access.Conflict, "The data in %s belongs to a cluster already.", o.Data).
			WithCode("cluster_member_already")
	}
	making := within(o.Data, app.ClusterDir+".making")
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	o.Name = name
	s, err := openAlone(o)
	if err != nil {
		return err
	}
	err = begin(ctx, s, o, making, name, address)
	if err = errors.Join(err, s.Close()); err != nil {
		return errors.Join(err, os.RemoveAll(making))
	}
	if err := (beginning{First: true}).write(o.Data); err != nil {
		return err
	}
	if err := os.Rename(making, within(o.Data, app.ClusterDir)); err != nil {
		return err
	}
	return private.SyncDir(o.Data)
}

// openAlone opens the store as that of a server alone.
func openAlone(o app.ClusterOptions) (*store.Store, error) {
	return store.Open(storeOptions(o))
}

func begin(ctx context.Context, s *store.Store, o app.ClusterOptions, dir, name, address string) error {
	a, err := cluster.NewAuthority(time.Now())
	if err != nil {
		return err
	}
	id, err := cluster.Create(dir, a, name, address, time.Now())
	if err != nil {
		return err
	}
	text, err := a.Marshal()
	if err != nil {
		return err
	}
	first := id.Member(o.Version, time.Now().UTC())
	return s.Update(ctx, func(tx *store.Tx) error { return store.MachinesIn(tx).Begin(text, first) })
}

// named returns the name and the address of this machine, if they are not given as the
// platform and the port have them.
func named(o app.ClusterOptions) (name, address string, err error) {
	if name = o.Name; name == "" {
		if name, err = os.Hostname(); err != nil {
			return "", "", err
		}
	}
	return name, cmp.Or(o.Address, o.Listen), nil
}

// joinTime is how long a join may take. Its answer is small: the copy comes once the server runs.
const joinTime = 30 * time.Second

// Join implements app.Cluster.
func (Cluster) Join(ctx context.Context, o app.ClusterOptions, contact, token string) error {
	return joinWith(ctx, o, contact, token, setup{URL: o.URL, NoURL: o.URL == ""})
}

func joinWith(ctx context.Context, o app.ClusterOptions, contact, token string, has setup) error {
	t, err := cluster.ParseToken(token)
	if err != nil {
		return err
	}
	name, address, err := named(o)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(within(o.Data, storeDir)); !errors.Is(err, fs.ErrNotExist) {
		return access.Errorf(access.NoData,
			"The data directory %s has a store already. A machine joins with a new or an empty one: give --data "+
				"another, or put this one away.", o.Data).WithCode("join_not_empty")
	}
	l, err := listen(cmp.Or(o.Listen, address)) // or it would be a member that nobody reaches
	if err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	if _, err := private.Dir(o.Data); err != nil {
		return err
	}
	given, err := json.Marshal(has)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	_, err = cluster.Join(ctx, cluster.JoinOptions{
		Dir:     within(o.Data, app.ClusterDir),
		Token:   t,
		Contact: contact,
		Name:    name,
		Address: address,
		Version: o.Version,
		Schema:  store.Schema(),
		Setup:   given,
		Now:     o.Now,

		OldestSchema: store.OldestShared(),
		Keep:         func(w cluster.Welcome) error { return keep(o.Data, w) },
	})
	return err
}

// keep keeps what the cluster hands over.
func keep(data string, w cluster.Welcome) error {
	var b bundle
	if err := json.Unmarshal(w.Bundle, &b); err != nil {
		return err
	}
	if err := store.WriteInstanceKey(data, b.InstanceKey); err != nil {
		return err
	}
	return beginning{Members: w.Members}.write(data)
}
