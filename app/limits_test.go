package app

import "testing"

// The program gets less memory than its default, by a cgroup, by its address
// space, or by both: its limit stays below the smallest. With more memory, or no
// limit, the default holds.
func TestMemoryFollowsTheLimit(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		cgroup, space uint64
		want          int64
	}{
		{0, 0, 384}, {128 * mib, 0, 96}, {512 * mib, 0, 384}, {511 * mib, 0, 383}, {8192 * mib, 0, 384},
		{0, 256 * mib, 128},
		{0, 768 * mib, 384},
		{128 * mib, 256 * mib, 96},
		{256 * mib, 256 * mib, 128},
		{1 << 63, 1 << 62, 384},
	} {
		if got := memoryOf(tt.cgroup, tt.space) / mib; got != tt.want {
			t.Errorf("cgroup %d MiB, address space %d MiB: %d MiB, want %d", tt.cgroup/mib, tt.space/mib, got, tt.want)
		}
	}
	b, memory, files := bounds()
	if b.Total <= 0 || memory <= 0 || files < 0 {
		t.Errorf("here: %+v of %d bytes and %d files", b, memory, files)
	}
}
