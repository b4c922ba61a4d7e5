package fsck

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"

	"github.com/dgraph-io/ristretto/v2/z"

	"doorward/backend/store/kv"
)

// Badger's log (.mem) is a header of 20 bytes and then records: meta, user
// meta, three varints (lengths of key and value, expiry), key, value, checksum.
// The records of a commit carry its number at the end of their keys; one more
// record ends it. Behind the last there are zeros.
const (
	logHeader    = 20
	logRecordMin = 5
	commitNumber = 8 // bytes at the end of each key
	bitDelete    = 1 << 0
	bitTxn       = 1 << 6
	bitFinTxn    = 1 << 7
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Every key of the database begins with one byte of the engine's, so that no
// caller's key can meet the engine's own or those that Badger keeps for itself.
const (
	DataMark = 'd'
	MetaMark = 'm'
)

// A logRecord is what probeLog needs to know of a record.
type logRecord struct {
	size   int // also where only its checksum is wrong
	commit uint64
	last   bool // ends its commit
}

// A probedLog is which commits a log holds; both are zero where it holds none.
type probedLog struct{ first, last uint64 }

// probeLog refuses a log in which whole commits stand behind a record that
// cannot be read. Badger would drop them, though they were answered. One
// broken commit at the very end is what a crash leaves: it was never answered,
// since the next one only begins after it.
func probeLog(path string) (p probedLog, err error) {
	info, err := os.Stat(path)
	if err != nil || info.Size() == 0 {
		return p, err
	}
	file, err := z.OpenMmapFile(path, os.O_RDONLY, 0)
	if err != nil {
		return p, err
	}
	defer file.Close(-1)
	log := bytes.TrimRight(file.Data, "\x00")
	if commitsLost(log) {
		return p, fmt.Errorf("%w: log %s: a commit stands behind a damaged one", kv.ErrCorrupt, filepath.Base(path))
	}
	if tooLong(log) {
		return p, fmt.Errorf("%w: log %s: a record is longer than any that was written", kv.ErrCorrupt,
			filepath.Base(path))
	}
	if _, p.last = wholeCommits(log); p.last > 0 {
		first, _ := readRecord(log[logHeader:])
		p.first = first.commit
	}
	return p, nil
}

// commitsLost says whether any record can be read behind the first commit that
// is not whole, wherever it begins, that belongs to a later one. Commits are
// numbered without gaps. A log that was made to look like records from every byte
// on takes as long as its length squared; what a crash leaves is one commit, so
// after some times its length it is damaged, whatever is behind.
func commitsLost(log []byte) bool {
	at, last := wholeCommits(log)
	first := last + 1
	for left := patienceWithLog * len(log); at < len(log) && left > 0; left-- {
		r, ok := readRecord(log[at:])
		if !ok {
			left -= r.size
			at++
			continue
		}
		if last == 0 {
			first, last = r.commit, r.commit
		}
		if r.commit > first {
			return true
		}
		at += r.size
	}
	return at < len(log)
}

// patienceWithLog is how many times its own length is read of a log, at most.
const patienceWithLog = 32

// tooLong says whether the first record that cannot be read claims a value that
// nobody wrote. Badger believes it and asks for twice as much memory, up to 8 GB.
// What a crash leaves has zeros where it was not written, and claims less.
func tooLong(log []byte) bool {
	at, _ := wholeCommits(log)
	for at < len(log) {
		r, ok := readRecord(log[at:])
		if !ok {
			break
		}
		at += r.size
	}
	if at+2 > len(log) {
		return false
	}
	_, w := binary.Uvarint(log[at+2:])
	if w <= 0 {
		return false
	}
	value, _ := binary.Uvarint(log[at+2+w:])
	return uint32(value) > kv.SealBytes+kv.MaxValue
}

// wholeCommits returns where the commits that are whole end, and the number of
// the last.
func wholeCommits(log []byte) (end int, last uint64) {
	end = logHeader
	for at, open := end, uint64(0); at < len(log); {
		r, ok := readRecord(log[at:])
		if !ok || (open != 0 && r.commit != open) {
			break
		}
		at += r.size
		open = r.commit
		if r.last {
			end, last, open = at, r.commit, 0
		}
	}
	return end, last
}

// readRecord reads the record at the start of data, if a whole one is there. What
// we never write is no record, and no checksum is reckoned for it: of random bytes
// that leaves one place in millions.
func readRecord(data []byte) (r logRecord, ok bool) {
	if len(data) < logRecordMin || !ourMeta(data[0]) || data[1] != 0 {
		return r, false
	}
	n := 2
	var lengths [3]uint64 // of the key, of the value, and the expiry
	most := [3]uint64{1 + kv.MaxKey + commitNumber, kv.SealBytes + kv.MaxValue, 0}
	for i := range lengths {
		v, w := binary.Uvarint(data[n:min(len(data), n+binary.MaxVarintLen64)])
		if w <= 0 || v > most[i] {
			return r, false
		}
		lengths[i], n = v, n+w
	}
	value := n + int(lengths[0])
	end := value + int(lengths[1])
	if lengths[0] <= commitNumber || end+crc32.Size > len(data) || !ourKey(data[n]) {
		return r, false
	}
	r.size = end + crc32.Size
	if binary.BigEndian.Uint32(data[end:]) != crc32.Checksum(data[:end], castagnoli) {
		return r, false
	}
	r.last = data[0]&bitFinTxn != 0
	r.commit = ^binary.BigEndian.Uint64(data[value-commitNumber : value])
	if r.last {
		commit, err := strconv.ParseUint(string(data[value:end]), 10, 64)
		return r, err == nil && commit == r.commit
	}
	return r, true
}

// ourMeta are the kinds of records: a key that is set, one that is deleted, and
// the end of a commit.
func ourMeta(b byte) bool { return b == bitTxn || b == bitTxn|bitDelete || b == bitFinTxn }

// ourKey is how a record's key begins: with one of our marks, or as Badger's own
// do.
func ourKey(b byte) bool { return b == DataMark || b == MetaMark || b == '!' }
