package kv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"

	"github.com/dgraph-io/ristretto/v2/z"
)

// Badger's log (.mem) is a header of 20 bytes and then records: meta, user
// meta, three varints (lengths of key and value, expiry), key, value, checksum.
// The records of a commit carry its number at the end of their keys; one more
// record ends it. Behind the last there are zeros.
const (
	logHeader    = 20
	logRecordMin = 5
	bitTxn       = 1 << 6
	bitFinTxn    = 1 << 7
)

// A logRecord is what probeLog needs to know of a record.
type logRecord struct {
	size   int
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
		return p, fmt.Errorf("%w: log %s: a commit stands behind a damaged one", ErrCorrupt, filepath.Base(path))
	}
	if _, p.last = wholeCommits(log); p.last > 0 {
		first, _ := readRecord(log[logHeader:])
		p.first = first.commit
	}
	return p, nil
}

// commitsLost says whether any record can be read behind the first commit that
// is not whole, wherever it begins, that belongs to a later one. Commits are
// numbered without gaps.
func commitsLost(log []byte) bool {
	at, last := wholeCommits(log)
	first := last + 1
	for at < len(log) {
		r, ok := readRecord(log[at:])
		if !ok {
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
	return false
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

// readRecord reads the record at the start of data, if a whole one is there.
func readRecord(data []byte) (r logRecord, ok bool) {
	if len(data) < logRecordMin || data[0]&(bitTxn|bitFinTxn) == 0 {
		return r, false
	}
	n := 2
	var lengths [3]uint64
	for i := range lengths {
		v, w := binary.Uvarint(data[n:min(len(data), n+binary.MaxVarintLen64)])
		if w <= 0 || v > 1<<20 {
			return r, false
		}
		lengths[i], n = v, n+w
	}
	value := n + int(lengths[0])
	end := value + int(lengths[1])
	if lengths[0] < 8 || end+crc32.Size > len(data) {
		return r, false
	}
	if binary.BigEndian.Uint32(data[end:]) != crc32.Checksum(data[:end], castagnoli) {
		return r, false
	}
	r = logRecord{size: end + crc32.Size, last: data[0]&bitFinTxn != 0}
	r.commit = ^binary.BigEndian.Uint64(data[value-8 : value])
	if r.last {
		commit, err := strconv.ParseUint(string(data[value:end]), 10, 64)
		return r, err == nil && commit == r.commit
	}
	return r, true
}
