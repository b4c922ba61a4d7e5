package fsck

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"doorward/backend/private"
	"doorward/backend/store/kv"
)

// Settle is Probe for a generation whose latest commits were not synced one by one. After a
// power cut any part of its logs may be missing, also one in the middle. Settle deletes the
// logs that follow what is missing, and Badger then drops what follows it in the same log: so
// what is left is everything up to some commit, and nothing of a later one. Settle returns the
// number of that commit.
//
// All commits up to sure were on the disk. If one of them is missing, that is damage, and
// nothing is deleted.
func Settle(dir string, sure uint64) (last uint64, err error) {
	logs, tables, err := probe(dir, true)
	if err != nil {
		return 0, err
	}
	last, behind := unbroken(tables, logs)
	if last < sure {
		return last, fmt.Errorf("%w: commit %d was on the disk, and the last that is left is %d", kv.ErrCorrupt, sure,
			last)
	}
	for _, log := range behind {
		if err := os.Remove(log.path); err != nil {
			return last, err
		}
	}
	if len(behind) > 0 {
		err = private.SyncDir(dir)
	}
	return last, err
}

// unbroken returns the last commit up to which none is missing, and the logs behind it. Logs
// become tables one after the other, each as a whole, so no commit is missing in the tables,
// and each commit has a key that is never deleted and only replaced by the next one's: the
// newest commit in the tables is the last of a log.
func unbroken(tables []*probed, logs []probedLog) (last uint64, behind []probedLog) {
	for _, t := range tables {
		if t.listed {
			last = max(last, t.newest)
		}
	}
	logs = slices.SortedFunc(slices.Values(logs), func(a, b probedLog) int { return cmp.Compare(a.first, b.first) })
	for i, l := range logs {
		if l.first > last+1 {
			return last, logs[i:]
		}
		last = max(last, l.last)
	}
	return last, nil
}
