package fsck

import (
	"bytes"
	"encoding/binary"
	"testing"

	"doorward/backend/store/kv"
)

// What is read of a log is bounded by its length, whatever it looks like; what a
// crash leaves is far inside the bound.
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
