package kv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/ristretto/v2/z"
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
const answeredName = "ANSWERED"

var answeredKey = []byte{metaMark, 'a', 'n', 's', 'w', 'e', 'r', 'e', 'd'}

// answered is that file, in memory, so that a note costs no call of the system;
// nil for a store in memory.
type answered struct{ *z.MmapFile }

const answeredSize = 4096

func openAnswered(dir string) (*answered, error) {
	if dir == "" {
		return nil, nil
	}
	name := filepath.Join(dir, answeredName)
	if info, err := os.Stat(name); err != nil || info.Size() < answeredSize {
		// Written whole: on a full disk a hole in it would end the process.
		if err := writeSynced(name, string(make([]byte, answeredSize))); err != nil {
			return nil, err
		}
	}
	f, err := z.OpenMmapFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return &answered{f}, nil
}

func (a *answered) close() error {
	if a == nil {
		return nil
	}
	return a.Close(-1)
}

// number puts a commit's own number into it.
func (a *answered) number(txn *badger.Txn, n uint64) error {
	if a == nil {
		return nil
	}
	return txn.Set(answeredKey, seal(nil, answeredKey[1:], binary.BigEndian.AppendUint64(nil, n)))
}

// note writes that a commit is answered from now on.
func (a *answered) note(n uint64) {
	if a == nil {
		return
	}
	binary.BigEndian.PutUint64(a.Data, n)
	binary.BigEndian.PutUint32(a.Data[8:], crc32.Checksum(a.Data[:8], castagnoli))
}

// noted is the commit that was noted last; zero where none was, or where the
// note cannot be read.
func (a *answered) noted() uint64 {
	if binary.BigEndian.Uint32(a.Data[8:]) != crc32.Checksum(a.Data[:8], castagnoli) {
		return 0
	}
	return binary.BigEndian.Uint64(a.Data)
}

// check refuses a database that lacks a commit that was answered.
func (a *answered) check(txn *badger.Txn) error {
	if a == nil {
		return nil
	}
	var kept uint64
	item, err := txn.Get(answeredKey)
	if err == nil {
		err = item.Value(func(stored []byte) error {
			text, err := unseal(answeredKey[1:], stored)
			if err == nil && len(text) != 8 {
				err = errors.New("the number of a commit is damaged")
			}
			if err == nil {
				kept = binary.BigEndian.Uint64(text)
			}
			return err
		})
	}
	if err != nil && !errors.Is(err, badger.ErrKeyNotFound) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if was := a.noted(); was > kept {
		return fmt.Errorf("%w: commit %d was answered, and the last one that is left is %d", ErrCorrupt, was, kept)
	}
	return nil
}
