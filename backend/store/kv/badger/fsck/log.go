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

// Badger's log (.mem) is a header of 20 bytes and then records: meta, user meta, three
// varints (lengths of key and value, expiry), key, value, checksum. The records of a commit
// have its number at the end of their keys; one more record ends it. Zeros follow the last
// record.
const (
	logHeader    = 20
	logRecordMin = 5
	commitNumber = 8 // bytes at the end of each key
	bitDelete    = 1 << 0
	bitTxn       = 1 << 6
	bitFinTxn    = 1 << 7
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Every key of the database begins with a byte of the engine's, so that no caller's key can
// collide with the engine's own keys or with Badger's.
const (
	DataMark = 'd'
	MetaMark = 'm'
)

// A logRecord is what probeLog needs to know about a record.
type logRecord struct {
	size   int // also set if only the checksum is wrong
	commit uint64
	last   bool // ends its commit
}

// A probedLog says which commits Badger finds in a log; both are zero if it finds none.
type probedLog struct {
	path        string
	first, last uint64
}

// probeLog refuses a log in which whole commits follow an unreadable record, unless it may be
// torn. Badger would drop them, though they were acknowledged. A crash leaves at most one
// broken commit at the very end: it was never acknowledged, because the next one starts only
// after it.
func probeLog(path string, torn bool) (p probedLog, err error) {
	p.path = path
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
	if !torn && commitsLost(log) {
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

// commitsLost reports whether any readable record, starting at any byte behind the first
// broken commit, belongs to a later commit. Commits are numbered without gaps. A log in
// which every byte looks like a record would take time quadratic in its length; a crash
// leaves only one commit, so after reading a multiple of its length the log counts as
// damaged, whatever is behind.
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

// patienceWithLog is the maximum number of bytes read of a log, as a multiple of its
// length.
const patienceWithLog = 32

// tooLong reports whether the first unreadable record claims a value that nobody wrote.
// Badger believes it and allocates twice as much memory, up to 8 GB. A crash leaves zeros
// where nothing was written, and so claims less.
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

// wholeCommits returns where the complete commits end, and the number of the last.
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

// readRecord reads the record at the start of data, if there is a complete one. A record
// that we never write is rejected before its checksum is computed: of random bytes, that
// leaves one place in millions.
func readRecord(data []byte) (r logRecord, ok bool) {
	if len(data) < logRecordMin || !ourMeta(data[0]) || data[1] != 0 {
		return r, false
	}
	n := 2
	var lengths [3]uint64 // of the key and of the value, and the expiry
	limit := [3]uint64{1 + kv.MaxKey + commitNumber, kv.SealBytes + kv.MaxValue, 0}
	for i := range lengths {
		v, w := binary.Uvarint(data[n:min(len(data), n+binary.MaxVarintLen64)])
		if w <= 0 || v > limit[i] {
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

// ourMeta reports whether b is a kind of record that we write: a set key, a deleted key, or
// the end of a commit.
func ourMeta(b byte) bool { return b == bitTxn || b == bitTxn|bitDelete || b == bitFinTxn }

// ourKey reports whether b starts a record's key: one of our marks, or Badger's own.
func ourKey(b byte) bool { return b == DataMark || b == MetaMark || b == '!' }
