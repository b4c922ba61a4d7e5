package replica

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Raft tries a machine that is gone several times a second, for days. The log says so once a
// minute for each machine; an election is always written.
func TestAMachineThatIsGoneDoesNotFillTheLog(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	f := &forward{to: slog.New(slog.NewTextHandler(&out, nil)), now: func() time.Time { return now },
		said: map[string]said{}}
	lines := func(words string) int { return strings.Count(out.String(), words) }
	for range 3 * 60 * 4 {
		f.Accept("", hclog.Error, "failed to heartbeat to", "peer", "b", "error", "refused")
		f.Accept("", hclog.Error, "failed to heartbeat to", "peer", "c", "error", "refused")
		f.Accept("", hclog.Error, "failed to make requestVote RPC", "target", "b", "error", "refused")
		f.Accept("", hclog.Warn, inVain)
		f.Accept("", hclog.Warn, "heartbeat timeout reached")
		now = now.Add(time.Second / 4)
	}
	if b, c, vote := lines("peer=b"), lines("peer=c"), lines("target=b"); b != 3 || c != 3 || vote != 3 {
		t.Errorf("in three minutes it says %d, %d and %d times that a machine does not answer, want 3", b, c, vote)
	}
	if n := lines("restarting election"); n != 3 {
		t.Errorf("in three minutes it says %d times that nobody wins, want 3", n)
	}
	if n := lines("times=240"); n != 8 {
		t.Errorf("%d lines say how often it was, want 8: %s", n, &out)
	}
	if n := lines("heartbeat timeout reached"); n != 3*60*4 {
		t.Errorf("%d of %d elections are written", n, 3*60*4)
	}
	for i := range 10 * maxSaid {
		f.Accept("", hclog.Error, "failed to heartbeat to", "peer", fmt.Sprint(i))
	}
	if len(f.said) > maxSaid {
		t.Errorf("%d lines are remembered, want at most %d", len(f.said), maxSaid)
	}
}
