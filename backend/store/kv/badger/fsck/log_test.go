package fsck

import (
	"bytes"
	"encoding/binary"
	"testing"

	"doorward/backend/store/kv"
)

// A log made to look like records at every byte must not take unbounded time: reading is
// limited by the log's length, and a crash stays far below the limit.
func TestCommitsLostIsBounded(t *testing.T) {
	record := binary.AppendUvarint(binary.AppendUvarint([]byte{bitTxn, 0}, 20), kv.SealBytes+kv.MaxValue)
	record = append(append(record, 0, DataMark), make([]byte, 8)...)
	long := append(make([]byte, logHeader), bytes.Repeat(record, 1<<20/len(record))...)
	if !commitsLost(long) {
		t.Error("a log that looks like records from every byte on is not refused")
	}
	torn := append(make([]byte, logHeader), bytes.Repeat(record, 10)...)
	if commitsLost(torn) {
		t.Error("a piece of one commit is taken for damage")
	}
}
