package replica

import (
	"testing"
	"time"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/kvtest"
	"doorward/build/need"
)

// calm is a heartbeat that no busy machine exceeds, for tests without elections of their
// own.
const calm = 20 * time.Second

func TestSuite(t *testing.T)      { need.Unhurried(t); suite(t, false, "a", "b", "c") }
func TestSuiteTwice(t *testing.T) { need.Time(t); suite(t, true, "a", "b", "c") }
func TestSuiteOfOne(t *testing.T) { need.Unhurried(t); suite(t, true, "c") }

// The promises of an engine hold on several machines, and after each test all have the same
// content.
func suite(t *testing.T, twice bool, names ...string) {
	clusters := map[kv.Store]*cluster{}
	kvtest.Run(t,
		func(tb testing.TB) kv.Store {
			c := newCluster(tb, Options{Config: kv.Config{Twice: twice}, Heartbeat: calm}, names...)
			leader := c.elect(c.nodes[names[0]])
			clusters[leader] = c
			tb.Cleanup(func() {
				if leader.lead.Load() != nil {
					c.equal(leader)
				}
			})
			return leader
		},
		kvtest.WithReopen(func(tb testing.TB, s kv.Store) kv.Store {
			c := clusters[s]
			for _, name := range names {
				c.close(name, true)
			}
			for _, name := range names {
				c.open(name, c.first)
			}
			leader := c.elect(c.nodes["c"]) // the last that led
			clusters[leader] = c
			return leader
		}))
}
