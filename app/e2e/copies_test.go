package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"

	"doorward/app/e2e/product"
)

// An audited is an entry of the audit log.
type audited struct {
	Seq                          int
	Action, Target, Detail, Hash string
	ID                           string `json:"target_id"` // where Target is the address
}

// judge makes each stopped machine's copy a server of its own, and looks at all of them: each is
// sound, they are equal, and they have what the calls have left, in the audit log too. It is an
// anomaly if no order of the calls explains what their callers were told and what the copies have.
func (w *writers) judge(t *testing.T, all []*product.Machine) {
	t.Helper()
	var first map[string]string
	var log []audited
	for i, m := range all {
		m.Do("cluster", "leave", "--alone")
		m.Do("verify")
		m.Do("audit", "verify")
		have, said := membersOf(t, m), auditOf(t, m)
		if i == 0 {
			first, log = have, said
		}
		if !maps.Equal(have, first) {
			t.Errorf("%s has %d members, and %s has others: %d", m.Name, len(have), all[0].Name, len(first))
		}
		if !slices.Equal(said, log) {
			t.Errorf("%s has %d entries in its audit log, and %s has others: %d", m.Name, len(said), all[0].Name,
				len(log))
		}
		for email := range w.calls {
			w.add(email, step{what: "read"}, w.now(), told{kept, have[email]})
		}
		for email := range have {
			if w.calls[email] == nil && email != "ada@example.com" {
				t.Errorf("%s has %s, whom nobody has invited", m.Name, email)
			}
		}
	}
	for _, found := range w.anomalies() {
		t.Errorf("no order of the calls explains this: %s", found)
	}
	w.judgeLog(t, log, first)
	codes := w.counts()
	t.Logf("in all %s, of %d members", codes.since(nil), len(w.calls))
	if codes["kept"] < 20 {
		t.Errorf("too much has gone wrong: %v", codes)
	}
}

// judgeLog looks whether the audit log has no gap, each change that was acknowledged once, none that
// was refused, and nothing that the rules do not allow in that order; and whether it leads to the
// members that there are.
func (w *writers) judgeLog(t *testing.T, log []audited, have map[string]string) {
	t.Helper()
	states, entries := map[string]string{}, map[string]map[step]int{}
	for i, e := range log {
		if e.Seq != i+1 {
			t.Fatalf("entry %d of the audit log has number %d", i+1, e.Seq)
		}
		s, ok := e.step()
		if !ok {
			continue
		}
		next, allowed := s.after(states[e.Target])
		if !allowed {
			t.Errorf("entry %d: %s of %s, who is %q", e.Seq, s.what, e.Target, states[e.Target])
		}
		states[e.Target] = next
		if entries[e.Target] == nil {
			entries[e.Target] = map[step]int{}
		}
		entries[e.Target][s]++
	}
	for email, id := range w.ids {
		if is := strings.TrimPrefix(states[id], gone); is != have[email] {
			t.Errorf("%s is %q, and by the audit log %q", email, have[email], is)
		}
		least, most := changes(w.calls[email])
		for s := range most {
			if n := entries[id][s]; n < least[s] || n > most[s] {
				t.Errorf("%s: %+v is %d times in the audit log, acknowledged %d times, and asked for %d times", email,
					s, n, least[s], most[s])
			}
		}
		for s, n := range entries[id] {
			if most[s] == 0 {
				t.Errorf("%s: %+v is %d times in the audit log, and was not asked for", email, s, n)
			}
		}
	}
}

// step is what an entry says was done to a member; ok is false if it is about something else.
func (e audited) step() (s step, ok bool) {
	what, ok := map[string]string{"invited": "invite", "approved": "approve", "changed_roles": "roles",
		"suspended": "suspend", "unsuspended": "unsuspend", "removed": "remove"}[e.Action]
	s = step{what: what}
	if what == "invite" || what == "roles" {
		s.role = e.Detail[strings.LastIndex(e.Detail, " ")+1:]
	}
	return s, ok
}

// changes is how often each change was acknowledged, and how often at most it was made. Of roles that
// the member had already there is no entry.
func changes(calls []porcupine.Operation) (least, most map[step]int) {
	least, most = map[step]int{}, map[step]int{}
	for _, c := range calls {
		s, is := c.Input.(step), c.Output.(told).is
		if s.what == "read" || is == denied {
			continue
		}
		if s.what != "invite" && s.what != "roles" {
			s.role = ""
		}
		most[s]++
		if is == kept && s.what != "roles" {
			least[s]++
		}
	}
	return least, most
}

// auditOf is the audit log without what was done to the machines, which goes on when a copy is made a
// server of its own.
func auditOf(t *testing.T, m *product.Machine) (all []audited) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(m.Do("audit", "--json", "--limit", "0"))); d.More(); {
		var e audited
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if e.ID != "" {
			e.Target = e.ID
		}
		if e.Action != "dissolved_cluster" {
			all = append(all, e)
		}
	}
	return all
}

func membersOf(t *testing.T, m *product.Machine) map[string]string {
	t.Helper()
	have := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(m.Do("members", "--json", "--limit", "0"))); d.More(); {
		var is shown
		if err := d.Decode(&is); err != nil {
			t.Fatal(err)
		}
		have[is.Email] = is.is()
	}
	return have
}
