package cli_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"doorward/build/need"
)

// The operator gives commands on each machine, and the one that leads carries them out. The audit
// log says on which they were given, and which machine did something by itself. What was done before
// there was a cluster, and what members do, names none; and the log is sound.
func TestTheAuditLogNamesTheMachine(t *testing.T) {
	need.Time(t)
	t.Parallel()
	all := threeHosts(t)
	a, b, c := all[0], all[1], all[2]
	for i, h := range all {
		h.run("invite", fmt.Sprintf("m%d@example.com", i), "--role", "Fleet")
	}
	b.token()
	eve := enters(c, "eve@example.com", "Fleet")
	eve.page(b, "/")
	c.run("cluster", "token", "--void")
	c.run("cluster", "remove", "b")
	var got []string
	for d := json.NewDecoder(strings.NewReader(a.run("audit", "--json", "--limit", "0"))); d.More(); {
		var e struct{ Action, Source, Machine, Actor string }
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if e.Source != "cli" && e.Source != "system" && e.Machine != "" {
			t.Errorf("what a member did names a machine: %+v", e)
		}
		got = append(got, strings.TrimSpace(e.Action+" "+e.Machine))
	}
	want := []string{"set_up", "created_cluster a", "created_join_token a", "joined_machine a", "promoted_machine a",
		"invited a", "invited b", "invited c", "created_join_token b", "voided_join_tokens c",
		"approved c", "accepted_unverified", "removed_machine c"}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("the log lacks %q: %q", w, got)
		}
	}
	if out := a.run("audit"); !strings.Contains(out, "(cli on c)  removed from the cluster the machine  b") {
		t.Errorf("in words it says: %s", out)
	}
	if out := a.run("audit", "verify"); !strings.Contains(out, "intact") {
		t.Errorf("audit verify says %s", out)
	}
}
