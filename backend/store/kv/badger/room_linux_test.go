package badger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dgraph-io/ristretto/v2/z"
	"golang.org/x/sys/unix"

	"doorward/backend/store/kv"
	"doorward/build/need"
)

// tinyDisk mounts a file system of this size.
func tinyDisk(t *testing.T, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", bytes)); err != nil {
		need.Impossible(t, "Only root can make a disk that can be filled (mount: %v).", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("the disk stays behind: %v", err)
		}
	})
	return dir
}

// fillDisk takes all remaining blocks, as another program would.
func fillDisk(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "neighbour")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	end := int64(0)
	for step := int64(256 << 20); step >= 4096; {
		if unix.Fallocate(int(f.Fd()), 0, end, step) == nil {
			end += step
		} else {
			step /= 2
		}
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// Another program takes the last block between the check of the disk and the write through
// the map: the process is killed by SIGBUS. So a file without blocks is not mapped: a log
// is refused, and a table waits for its blocks.
func TestNothingIsMappedWithoutItsBlocks(t *testing.T) {
	const size = 1 << 20
	disk := tinyDisk(t, 8<<20)
	free := fillDisk(t, disk)
	if f, err := z.OpenMmapFile(
		filepath.Join(disk, "00001.mem"),
		os.O_CREATE|os.O_RDWR,
		size,
	); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("a log on a full disk: %v, %v", f, err)
	}
	made := make(chan error, 1)
	go func() {
		f, err := z.OpenMmapFile(filepath.Join(disk, "000001.sst"), os.O_CREATE|os.O_RDWR|os.O_EXCL, size)
		if err == z.NewFile {
			for i := range f.Data {
				f.Data[i] = 1 // SIGBUS if there were no block
			}
			err = f.Close(-1)
		}
		made <- err
	}()
	for deadline := time.Now().Add(time.Minute); !tablesWait(disk); {
		if time.Now().After(deadline) {
			t.Fatal("the table does not wait")
		}
		runtime.Gosched()
	}
	select {
	case err := <-made:
		t.Fatalf("the table was made on a full disk: %v", err)
	default:
	}
	free()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	if tablesWait(disk) {
		t.Error("the table that was made still waits")
	}
}

// The blocks beyond the end of a spare still belong to it when Badger extends it, on a disk
// that is full by then.
func TestSpareKeepsItsBlocks(t *testing.T) {
	disk := tinyDisk(t, logSize+8<<20)
	s, err := newSpare(disk)
	if err != nil || s == nil {
		t.Fatalf("a spare = %v, %v", s, err)
	}
	if err := s.ready(); err != nil {
		t.Fatal(err)
	}
	fillDisk(t, disk)
	f, err := z.OpenMmapFile(s.name(), os.O_CREATE|os.O_RDWR, logSize)
	if err != z.NewFile {
		t.Fatalf("the spare is no new log: %v", err)
	}
	for i := 0; i < len(f.Data); i += 4096 {
		f.Data[i] = 1
	}
	if err := s.ready(); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("a second spare on a full disk: %v", err)
	}
	if err := f.Close(-1); err != nil {
		t.Error(err)
	}
}

// Sixteen clients write as fast as they can, so that tables are constantly made and merged,
// and another program takes the last byte exactly when a log is full and its table is made,
// or at a random moment. Writes are refused with a sentence, reads go on, and once there is
// room everything continues automatically; no acknowledged data is missing, not even from a
// compaction that was in progress.
func TestNeighbourTakesTheLastByte(t *testing.T) {
	need.Time(t)
	const rounds, clients = 3, 16
	disk := tinyDisk(t, 300<<20)
	b, err := Open(Options{Config: kv.Config{Dir: filepath.Join(disk, "store"), MinFree: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	var (
		kept    [clients]atomic.Int64
		all     sync.WaitGroup
		refused atomic.Int64
		stop    = make(chan struct{})
	)
	for c := range clients {
		all.Go(func() {
			for n := int64(1); ; {
				select {
				case <-stop:
					return
				default:
				}
				err := b.Update(context.Background(), kv.NewOp(), func(tx kv.Tx) error {
					for i := range 8 { // the same keys in another order, to give compactions work
						key := fmt.Appendf(nil, "%d/%02d/%d", i, c, n*7919%2003)
						if err := tx.Set(key, fmt.Appendf(nil, "%d %01000d", n, n)); err != nil {
							return err
						}
					}
					return tx.Set(fmt.Appendf(nil, "last/%02d", c), fmt.Appendf(nil, "%d", n))
				})
				switch {
				case err == nil:
					kept[c].Store(n)
					n++
				case errors.Is(err, kv.ErrReadOnly) || errors.Is(err, kv.ErrUnavailable) && b.broken.Load() == nil:
					refused.Add(1)
					time.Sleep(time.Millisecond) // leaves the processor to the background work
				default:
					t.Errorf("client %d: %v", c, err)
					return
				}
			}
		})
	}
	sum := func() (n int64) {
		for c := range kept {
			n += kept[c].Load()
		}
		return n
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !ok(); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: not within a minute; %d kept, %d refused", what, sum(), refused.Load())
			}
			time.Sleep(time.Millisecond)
		}
	}
	for round := range rounds {
		goal := sum() + 300 + rand.Int64N(700)
		until(fmt.Sprintf("round %d: writes are taken", round), func() bool { return sum() >= goal })
		if round%3 != 2 {
			until("a table is made", func() bool { return fullLogs(t, b.o.Dir) > 1 })
		}
		was := refused.Load()
		free := fillDisk(t, disk)
		until(fmt.Sprintf("round %d: writes are refused", round), func() bool {
			return refused.Load() > was+10*clients
		})
		if err := b.View(t.Context(), func(tx kv.Tx) error {
			_, err := tx.Get([]byte("last/00"))
			return err
		}); err != nil {
			t.Errorf("round %d: a read on a full disk: %v", round, err)
		}
		free()
	}
	close(stop)
	all.Wait()
	t.Logf("%d commits kept in %d rounds, %d refused", sum(), rounds, refused.Load())
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err = Open(Options{Config: kv.Config{Dir: b.o.Dir, MinFree: 1 << 20}}); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for c := range clients {
		last := kept[c].Load()
		err := b.View(t.Context(), func(tx kv.Tx) error {
			for n := max(1, last-2000); n <= last; n++ {
				for i := range 8 {
					value, err := tx.Get(fmt.Appendf(nil, "%d/%02d/%d", i, c, n*7919%2003))
					var kept int64
					if _, e := fmt.Sscan(string(value), &kept); err != nil || e != nil || kept < n {
						return fmt.Errorf("key %d of commit %d: %.20q, %w", i, n, value, errors.Join(err, e))
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("client %d, answered to %d: %v", c, last, err)
		}
	}
}

// fullLogs counts the logs with data: all but one wait to become tables.
func fullLogs(t *testing.T, dir string) (n int) {
	logs, err := filepath.Glob(filepath.Join(generationOf(t, dir), "*.mem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, log := range logs {
		if info, err := os.Stat(log); err == nil && info.Size() > 0 {
			n++
		}
	}
	return n
}

// A server is stopped on a disk that is completely full. With the blocks of the spare it
// shuts down normally.
func TestStopOnFullDisk(t *testing.T) {
	disk := tinyDisk(t, 120<<20)
	dir := filepath.Join(disk, "store")
	b, err := Open(Options{Config: kv.Config{Dir: dir, MinFree: 1}})
	if err != nil {
		t.Fatal(err)
	}
	setKey(t, b, "answered")
	fillDisk(t, disk)
	err = b.Update(kv.Urgent(t.Context()), kv.NewOp(), func(tx kv.Tx) error {
		return tx.Set([]byte("revoked"), []byte("v"))
	})
	if err != nil {
		t.Errorf("what takes rights away, on a disk that is full to the last byte: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("Close on a full disk = %v", err)
	}
	if found, err := countAll(dir); err != nil || found != 2 {
		t.Errorf("the next start has %d keys, %v", found, err)
	}
}

// A server is stopped while a table waits for room that does not come: it still stops, no
// other process may use its files, and the next start finds everything in the log.
func TestStopWhileTablesWait(t *testing.T) {
	disk := tinyDisk(t, 120<<20)
	dir := filepath.Join(disk, "store")
	b, err := Open(Options{Config: kv.Config{Dir: dir, MinFree: 1}})
	if err != nil {
		t.Fatal(err)
	}
	setKey(t, b, "answered")
	generation := generationOf(t, dir)
	err = b.onWriter(t.Context(), func() error { // so that there is no room for shutting down normally
		e := b.current.Load()
		err := e.spare.remove()
		e.spare = nil
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	free := fillDisk(t, disk)
	if err := b.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if !tablesWait(generation) {
		t.Error("no table waits: the test tests nothing")
	}
	if _, err := Open(Options{Config: kv.Config{Dir: dir, MinFree: 1}}); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("another Open of the files = %v", err)
	}
	if found, err := countAll(crashed(t, dir)); err != nil || found != 1 {
		t.Errorf("a start after the end of the process has %d keys, %v", found, err)
	}
	free()
	for deadline := time.Now().Add(time.Minute); tablesWait(generation) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}

// mapper is reached across its package's border. Its source is compared, so that a changed
// version of the package is noticed here and not by data loss.
func TestMapperIsAsWeKnowIt(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(strings.TrimSpace(string(out)), "unix", "syscall_unix.go"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	source, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	const made = `type mmapper struct {
	sync.Mutex
	active map[*byte][]byte // active mappings; key is last byte in mapping
	mmap   func(addr, length uintptr, prot, flags, fd int, offset int64) (uintptr, error)
	munmap func(addr uintptr, length uintptr) error
}
`
	if !strings.Contains(string(source), made) {
		t.Error("golang.org/x/sys/unix makes its mapper another way: see room_linux.go before it is used")
	}
	name := runtime.FuncForPC(reflect.ValueOf(mapper.munmap).Pointer()).Name()
	if name != "golang.org/x/sys/unix.munmap" {
		t.Errorf("the mapper's munmap is %s", name)
	}
}
