package mapped

import (
	"fmt"
	"testing"
)

const smaps = `00400000-00500000 r-xp 00000000 08:01 12                                 /opt/doorward desktop
Size:               1024 kB
Rss:                 512 kB
Pss:                 512 kB
Anonymous:             0 kB
00500000-00600000 r--p 00100000 08:01 12                                 /opt/doorward desktop
Rss:                 256 kB
Anonymous:             4 kB
VmFlags: rd mr mw me
00600000-00700000 rw-p 00200000 08:01 12 /opt/doorward desktop
Rss:                   8 kB
Anonymous:             0 kB
7f0000000000-7f0000010000 rw-p 00000000 00:00 0
Rss:                  64 kB
Anonymous:            64 kB
7f0000010000-7f0000020000 r--s 00000000 08:01 13 /data/store/a/000001.sst (deleted)
Rss:                   4 kB
Anonymous:             0 kB
7ffc00000000-7ffc00010000 rw-p 00000000 00:00 0                          [stack]
Rss:                  12 kB
Anonymous:            12 kB
zz-7f00 r-xp 00000000 08:01 12 /opt/doorward desktop
Rss:                   1 kB
Anonymous:             0 kB
00500000-00400000 r-xp 00000000 08:01 12 /opt/doorward desktop
Rss:                   1 kB
Anonymous:             0 kB
`

// A part of the program that was written to, or can be, has no other copy: to drop
// it would be the end of the process.
func TestOnlyWhatTheFileStillHasIsDropped(t *testing.T) {
	want := []string{
		"/opt/doorward desktop 512 0 true",
		"/opt/doorward desktop 256 4 false",
		"/opt/doorward desktop 8 0 false",
		"/data/store/a/000001.sst (deleted) 4 0 false",
	}
	var got []string
	for _, m := range parse(smaps) {
		got = append(got, fmt.Sprint(m.File, " ", m.Resident, " ", m.Anonymous, " ", m.unchanged()))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read %q, want %q", got, want)
	}
}
