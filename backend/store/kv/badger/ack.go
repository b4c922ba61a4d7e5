package badger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	dgraph "github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/ristretto/v2/z"

	"doorward/backend/store/kv"
)

// A crash can leave a half-written commit at the end of Badger's log; it was never
// acknowledged, and Badger drops it. Damage to the last acknowledged commit looks the same,
// and a missing log looks like one that never existed. So each commit contains its number
// in a record, and once it is on the disk, before it is acknowledged, the number is written
// to a file beside the database. That file is not synced: if the system loses its newest
// state, it names an older commit, which raises no alarm. It never names a newer one,
// because the commit was on the disk first. If it names a commit that the database does not
// have, acknowledged data was lost. A late commit (late.go) is named once it was synced.
const ackName = "ANSWERED"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var ackKey = []byte{metaMark, 'a', 'n', 's', 'w', 'e', 'r', 'e', 'd'}

// An ackMarker is that file, mapped into memory so that a write needs no system call; nil
// for a store in memory.
type ackMarker struct{ *z.MmapFile }

const ackSize = 4096

func openAckMarker(dir string) (*ackMarker, error) {
	if dir == "" {
		return nil, nil
	}
	name := filepath.Join(dir, ackName)
	if info, err := os.Stat(name); err != nil || info.Size() < ackSize {
		// Written in full: on a full disk a hole in the file would kill the process.
		if err := writeSynced(name, string(make([]byte, ackSize))); err != nil {
			return nil, err
		}
	}
	f, err := z.OpenMmapFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return &ackMarker{f}, nil
}

func (a *ackMarker) close() error {
	if a == nil {
		return nil
	}
	return a.Close(-1)
}

// stamp puts the number of a commit into the commit.
func (a *ackMarker) stamp(txn *dgraph.Txn, n uint64) error {
	if a == nil {
		return nil
	}
	return txn.Set(ackKey, kv.Seal(nil, ackKey[1:], binary.BigEndian.AppendUint64(nil, n)))
}

// record stores the number of a commit that is about to be acknowledged.
func (a *ackMarker) record(n uint64) {
	if a == nil {
		return
	}
	binary.BigEndian.PutUint64(a.Data, n)
	binary.BigEndian.PutUint32(a.Data[8:], crc32.Checksum(a.Data[:8], castagnoli))
}

// recorded returns the number that was stored last; zero if there is none or the file
// cannot be read.
func (a *ackMarker) recorded() uint64 { return recordIn(a.Data) }

func recordIn(data []byte) uint64 {
	if len(data) < 12 || binary.BigEndian.Uint32(data[8:]) != crc32.Checksum(data[:8], castagnoli) {
		return 0
	}
	return binary.BigEndian.Uint64(data)
}

// recordedIn is recorded for a generation that is not open.
func recordedIn(dir string) uint64 {
	data, err := os.ReadFile(filepath.Join(dir, ackName))
	if err != nil {
		return 0
	}
	return recordIn(data)
}

// check refuses a database without the last acknowledged commit.
func (a *ackMarker) check(txn *dgraph.Txn) error {
	if a == nil {
		return nil
	}
	var kept uint64
	item, err := txn.Get(ackKey)
	if err == nil {
		err = item.Value(func(stored []byte) error {
			text, err := kv.Unseal(ackKey[1:], stored)
			if err == nil && len(text) != 8 {
				err = errors.New("the number of a commit is damaged")
			}
			if err == nil {
				kept = binary.BigEndian.Uint64(text)
			}
			return err
		})
	}
	if err != nil && !errors.Is(err, dgraph.ErrKeyNotFound) {
		return fmt.Errorf("%w: %w", kv.ErrCorrupt, err)
	}
	if was := a.recorded(); was > kept {
		return fmt.Errorf("%w: commit %d was answered, and the last one that is left is %d", kv.ErrCorrupt, was, kept)
	}
	return nil
}
