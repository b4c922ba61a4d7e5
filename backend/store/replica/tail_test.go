package replica

import (
	"fmt"
	"testing"
	"time"
)

// A machine that led has entries in its log that nobody else ever had, as many as the others have
// written since, or more. They have cut their logs, and so it needs a copy. Copies that end before
// its own log came again and again: raft took none of the entries behind them.
func TestACopyLeadsBeyondTheLog(t *testing.T) {
	for _, own := range []int{2, 6} {
		t.Run(fmt.Sprint(own), func(t *testing.T) {
			c := newCluster(t, Options{Heartbeat: time.Second}, "a", "b", "c")
			was := c.elect(c.nodes["a"])
			set(t, was, "before")
			c.equal(was)
			c.net.isolate("a", true)
			for range own {
				was.raft.Barrier(0)
			}
			next := c.leading(was)
			c.compacts("b", "c")
			c.net.isolate("a", false)
			c.equal(next) // perhaps by a copy
			set(t, next, "by the log")
			late := c.within()
			for last := uint64(0); last < next.raft.LastIndex(); <-time.After(time.Millisecond) {
				var err error
				if last, err = was.log.LastIndex(); err != nil || late.Err() != nil {
					t.Fatalf("it has the entries up to %d of %d in its log, %v", last, next.raft.LastIndex(), err)
				}
			}
			c.equal(next)
			c.close("a", false)
			c.open("a", nil)
			c.equal(next)
		})
	}
}
