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

// A crash can leave a commit half-written at the end of Badger's log; it was
// never answered, and Badger drops it. Damage to the last commit that was
// answered looks the same, and a log that is gone looks like one that was never
// there. So each commit carries its number in a record, and after it is on the
// disk, before it is answered, the number is written to a file beside the
// database. That file is not synced: the system may lose its newest state, and
// then it says less than is true, which is no alarm. It never says more, since
// the commit was on the disk before. Where it names a commit that the database
// does not hold, something that was answered is lost.
const ackName = "ANSWERED"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var ackKey = []byte{metaMark, 'a', 'n', 's', 'w', 'e', 'r', 'e', 'd'}

// An ackMarker is that file, in memory, so that a note costs no call of the system;
// nil for a store in memory.
type ackMarker struct{ *z.MmapFile }

const ackSize = 4096

func openAckMarker(dir string) (*ackMarker, error) {
	if dir == "" {
		return nil, nil
	}
	name := filepath.Join(dir, ackName)
	if info, err := os.Stat(name); err != nil || info.Size() < ackSize {
		// Written whole: on a full disk a hole in it would end the process.
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

// stamp puts a commit's own number into it.
func (a *ackMarker) stamp(txn *dgraph.Txn, n uint64) error {
	if a == nil {
		return nil
	}
	return txn.Set(ackKey, kv.Seal(nil, ackKey[1:], binary.BigEndian.AppendUint64(nil, n)))
}

// record writes that a commit is answered from now on.
func (a *ackMarker) record(n uint64) {
	if a == nil {
		return
	}
	binary.BigEndian.PutUint64(a.Data, n)
	binary.BigEndian.PutUint32(a.Data[8:], crc32.Checksum(a.Data[:8], castagnoli))
}

// recorded is the commit that was noted last; zero where none was, or where the
// note cannot be read.
func (a *ackMarker) recorded() uint64 {
	if binary.BigEndian.Uint32(a.Data[8:]) != crc32.Checksum(a.Data[:8], castagnoli) {
		return 0
	}
	return binary.BigEndian.Uint64(a.Data)
}

// check refuses a database that lacks a commit that was answered.
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
