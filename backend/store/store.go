package store

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"doorward/backend/access"
	"doorward/backend/private"
	"doorward/backend/store/kv"
)

// Options configure a store.
type Options struct {
	Engine  kv.Opener // the storage engine
	Dir     string    // the data directory; empty: in memory, for tests
	Now     func() time.Time
	Uptime  func() time.Duration // independent of the clock; nil: this process, or as Now if set
	Logger  *slog.Logger
	Machine string // this machine's name in its cluster, for the audit log; empty: it is in none
	Twice   bool   // test mode: every Update function runs twice
	MinFree uint64 // bytes; see kv.Config
	Free    func(string) (uint64, error)
}

// A Store is the typed store. It is safe for concurrent use.
type Store struct {
	kv         engine
	dir        string // the data directory
	machine    string
	clockNow   func() time.Time
	latest     latest
	lead       lead
	beginnings beginnings
	clock      *clock
	keys       keys
	recent     recent
	parts      *partIndex
	onUpdate   atomic.Pointer[func(Weight)]
	unmarked   atomic.Bool // it was empty when opened: its schema is not written yet
}

// Open opens the store in a data directory, creates both if the directory is new, and
// migrates an older version's data to this schema. A fault of the directory comes back as a
// sentence. Where the store is on several machines, SharedSchema migrates instead.
func Open(o Options) (*Store, error) {
	s, err := openAsItIs(o)
	if err != nil {
		return nil, err
	}
	s.beginnings.asItIs = false
	if !s.Leads() {
		return s, nil // it begins when it does
	}
	begin := s.begin
	if !s.Elected() {
		begin = s.migrate
	}
	if err := begin(context.Background()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openAsItIs opens the store without migrating it.
func openAsItIs(o Options) (*Store, error) {
	started := time.Now()
	if o.Uptime == nil && o.Now == nil {
		o.Uptime = func() time.Duration { return time.Since(started) }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Uptime == nil {
		began := o.Now()
		o.Uptime = func() time.Duration { return o.Now().Sub(began) }
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	root := make([]byte, 32)
	rand.Read(root)
	c := kv.Config{MinFree: o.MinFree, Free: o.Free, Logger: o.Logger, Twice: o.Twice, Now: o.Now}
	s := &Store{dir: o.Dir, machine: o.Machine, beginnings: beginnings{asItIs: true}}
	if o.Dir != "" {
		c.Dir = filepath.Join(o.Dir, engineDir)
		if err := prepareDir(o.Dir, o.Logger); err != nil {
			return nil, err
		}
	}
	engine, err := openEngine(o, c)
	if err != nil {
		return nil, err
	}
	if o.Dir != "" {
		if root, err = instanceKey(o.Dir, engine, root, o.Logger); err != nil {
			return nil, errors.Join(err, engine.Close())
		}
	}
	s.kv, s.keys, s.recent = engine, deriveKeys(root), newRecent()
	s.clockNow = func() time.Time { return o.Now().UTC().Truncate(time.Microsecond) }
	s.clock = newClock(s.clockNow, o.Uptime, time.Time{})
	if err := s.check(Here(context.Background())); err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	s.latest.unread.Store(true)
	s.latest.most = maxSkew
	if s.Elected() {
		s.latest.most = clockBack
	}
	s.lead.follow(engine, func() {
		s.latest.unread.Store(true)
		s.beginnings.newest.Add(1)
	})
	s.parts = newPartIndex(s, o.Logger)
	return s, nil
}

// Close waits for the writes in progress and releases the directory. Afterwards everything
// that reads or writes is Unavailable.
func (s *Store) Close() error {
	s.parts.end()
	s.lead.end()
	return s.explain(s.kv.Close())
}

// Ready returns an error if the store accepts no writes.
func (s *Store) Ready(ctx context.Context) error {
	return s.explain(s.kv.Update(ctx, opOf(ctx), func(kv.Tx) error { return nil }))
}

// Instance is the random name of this installation.
func (s *Store) Instance() string { return s.kv.Identity().Instance }

// A Tx is one consistent view of all data, at one moment. It is valid only inside the
// function it was given to.
type Tx struct {
	Now time.Time

	AuditLog       AuditLog
	Browsers       Browsers
	Buckets        Buckets
	Decoys         Decoys
	LoginLinks     LoginLinks
	Members        Members
	Messages       Messages
	Roles          Roles
	Schedule       Schedule
	Sessions       Sessions
	SignInRequests SignInRequests
	Tokens         Tokens
	Traces         Traces

	kv       kv.Tx
	keys     *keys
	recent   *recent
	machine  string
	parts    *partIndex       // in a View
	ctx      context.Context  // likewise: of the caller
	counters *access.Counters // read at the first use, written at the end
	head     *auditHead       // likewise

	shape shape // of the writes within Evenly
	slots int   // the number of slots used

	missing map[string]struct{} // keys that are known not to exist, in an Update
}

// View runs fn on one consistent state, and returns its error. fn sees all that was committed
// on this machine before View was called.
func (s *Store) View(ctx context.Context, fn func(tx *Tx) error) error {
	if s.beginnings.due() && !isHere(ctx) {
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	return s.view(ctx, fn)
}

// view is View also before the data was checked.
func (s *Store) view(ctx context.Context, fn func(tx *Tx) error) error {
	now := s.Now()
	return s.explain(s.reader(ctx)(ctx, func(t kv.Tx) error {
		return fn(newTx(Tx{Now: now, kv: t, keys: &s.keys, recent: &s.recent, parts: s.parts, ctx: ctx}))
	}))
}

// Update runs fn in a transaction: either all its writes are committed, or none, and they
// are on the disk when Update returns. fn may run more than once, so it must change nothing
// but tx and variables that it sets again each time. An error of fn is returned as it is, and
// nothing was written then. If the store cannot tell whether the writes were kept, the error
// is Unavailable (unknown_outcome).
func (s *Store) Update(ctx context.Context, fn func(tx *Tx) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.update(ctx, fn)
}

// update is Update also before the data was checked.
func (s *Store) update(ctx context.Context, fn func(tx *Tx) error) error {
	if err := s.readLatest(ctx); err != nil {
		return err
	}
	now, op := s.clockNow(), opOf(ctx)
	err := s.kv.Update(ctx, op, func(t kv.Tx) error {
		tx := newTx(Tx{
			Now:     s.latest.notBehind(now),
			kv:      t,
			keys:    &s.keys,
			recent:  &s.recent,
			machine: s.machine,
			missing: make(map[string]struct{}, 8),
		})
		weigh := s.onUpdate.Load()
		if weigh != nil {
			tx.kv = &weighed{Tx: t, wrote: shape{}}
		}
		if err := fn(tx); err != nil {
			return err
		}
		if s.unmarked.Load() {
			if err := tx.markSchema(); err != nil {
				return err
			}
		}
		if err := tx.finish(); err != nil {
			return err
		}
		if weigh != nil {
			tx.kv.(*weighed).tell(*weigh)
		}
		return nil
	})
	if err = s.settle(ctx, op, err); err == nil {
		s.unmarked.Store(false)
	}
	return s.explain(err)
}

// Urgent marks an Update that takes rights away, which is accepted even while the disk is
// nearly full.
func Urgent(ctx context.Context) context.Context { return kv.Urgent(ctx) }

func (tx *Tx) finish() error {
	if tx.counters != nil {
		if err := setDecoded(tx, tx.recent.counters, countersPrefix.key(), *tx.counters); err != nil {
			return err
		}
	}
	if tx.head != nil {
		return tx.putHead()
	}
	return nil
}

// engineDir is the engine's directory within the data directory.
const engineDir = "store"

// prepareDir creates the data directory, corrects one of ours that others can read, and
// refuses one of another user.
func prepareDir(dir string, log *slog.Logger) error {
	was, err := private.Dir(dir)
	var told *access.Error
	switch {
	case errors.As(err, &told):
		return told
	case errors.Is(err, syscall.ENOTDIR):
		return access.Errorf(access.NoData, "%s is a file. --data needs a directory.",
			dir).WithCode("data_dir_not_ours").Because(err)
	case errors.Is(err, fs.ErrPermission):
		return access.Errorf(
			access.NoData,
			"The data directory %s cannot be created or read: %v. Make the user that runs Doorward its owner, "+
				"or choose another directory.",
			dir,
			cause(err),
		).WithCode("data_dir_unreadable").Because(err)
	case err != nil:
		return access.Errorf(access.NoData, "The data directory %s cannot be created: %v.",
			dir, cause(err)).WithCode("data_dir_unwritable").Because(err)
	case was != 0:
		log.Warn(
			"others on this machine could read the data directory; its mode was corrected",
			"dir",
			dir,
			"was",
			was.String(),
		)
	}
	return refuseForeign(dir)
}

// refuseForeign refuses a directory that contains anything that Doorward did not put there.
func refuseForeign(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return access.Errorf(access.NoData,
			"The data directory %s cannot be read: %v.", dir, cause(err)).
			WithCode("data_dir_unreadable").Because(err)
	}
	known := func(name string) bool {
		return name == engineDir || strings.HasPrefix(name, engineDir+".") ||
			strings.HasPrefix(name, keyFile) || strings.HasPrefix(name, "doorward.")
	}
	for _, e := range entries {
		if !known(e.Name()) && e.Name() != "lost+found" {
			return access.Errorf(access.NoData,
				"%s contains %q, which does not belong to Doorward. Choose a separate directory with --data.", dir,
				access.Shorten(e.Name(), 40)).
				WithCode("data_dir_not_ours")
		}
	}
	return nil
}

func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// firstOf runs the steps in order until one fails.
func firstOf(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
