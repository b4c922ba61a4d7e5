package window

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestShrinkLetsGoOfTheProgram(t *testing.T) {
	before := residentProgram(t)
	shrink()
	after := residentProgram(t)
	if before == 0 || after >= before {
		t.Errorf("%d KB of the program are in memory, %d before", after, before)
	}
}

func TestShrinkLetsGoOfNothingThatWasWritten(t *testing.T) {
	for line, want := range map[string]bool{
		"00400000-00500000 r-xp 00000000 08:01 12 /opt/doorward desktop":         true,
		"00500000-00600000 r--p 00100000 08:01 12 /opt/doorward desktop":         true,
		"00600000-00700000 rw-p 00200000 08:01 12 /opt/doorward desktop":         false,
		"00400000-00500000 r-xp 00000000 08:01 12 /opt/other":                    false,
		"00400000-00500000 r-xp 00000000 08:01 12 /evil /opt/doorward desktop/x": false,
		"00400000-00500000 r--s 00000000 08:01 12 /opt/doorward desktop":         false,
		"00500000-00400000 r-xp 00000000 08:01 12 /opt/doorward desktop":         false,
		"00400000-00500000 r-xp 00000000 00:00 0":                                false,
		"Anonymous:             0 kB":                                            false,
	} {
		if _, _, ok := programAt(line, "/opt/doorward desktop"); ok != want {
			t.Errorf("%q: %v", line, ok)
		}
	}
}

// residentProgram is how much of the program this process holds, in KB.
func residentProgram(t *testing.T) (kb int) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if _, _, ok := programAt(lines.Text(), program); ok {
			in = true
		} else if rss, found := strings.CutPrefix(lines.Text(), "Rss:"); found && in {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rss), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			kb, in = kb+n, false
		}
	}
	return kb
}
