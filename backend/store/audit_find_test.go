package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

func (b *box) audited(q AuditQuery) (p Page[access.AuditEntry]) {
	b.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	b.view(func(tx *Tx) (err error) { p, err = tx.AuditLog.Find(q); return err })
	return p
}

func sequence(all []access.AuditEntry) (seqs []uint64) {
	for _, e := range all {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

// history adds entries an hour apart: ann, a token of hers, the operator and the system act
// in turn on ada and on bob.
func (b *box) history(n int) {
	b.t.Helper()
	by := []access.Actor{{
		Member: "ann",
		Source: access.SourceConsole,
	}, {Member: "ann", Token: "tok", Source: access.SourceAPI}, access.Operator, access.System}
	action := []access.AuditAction{access.ActionInvite, access.ActionApprove, access.ActionSuspend, access.ActionExpire}
	for i := range n {
		b.update(func(tx *Tx) error { return tx.Record(by[i%4], action[i%4], []string{"ada", "bob"}[i/4%2], "") })
		b.forward(time.Hour)
	}
}

func TestFindAudit(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		b.history(12)
		b.reopen()
		hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
		tests := []struct {
			name string
			q    AuditQuery
			want []uint64
		}{
			{"all", AuditQuery{}, []uint64{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
			{"by a member, also with a token", AuditQuery{Actor: "ann"}, []uint64{10, 9, 6, 5, 2, 1}},
			{"by a token", AuditQuery{Actor: "tok"}, []uint64{10, 6, 2}},
			{"by the operator", AuditQuery{Actor: "operator"}, []uint64{11, 7, 3}},
			{"by the system", AuditQuery{Actor: "system"}, []uint64{12, 8, 4}},
			{"on somebody", AuditQuery{Target: "bob"}, []uint64{8, 7, 6, 5}},
			{"deeds", AuditQuery{
				Actions: []access.AuditAction{access.ActionInvite, access.ActionExpire},
			}, []uint64{12, 9, 8, 5, 4, 1}},
			{"all of these", AuditQuery{
				Actor:   "ann",
				Target:  "ada",
				Actions: []access.AuditAction{access.ActionApprove},
			}, []uint64{10, 2}},
			{"from its very moment", AuditQuery{From: hour(9)}, []uint64{12, 11, 10}},
			{"until its very moment", AuditQuery{Until: hour(2)}, []uint64{2, 1}},
			{"between", AuditQuery{From: hour(3), Until: hour(5), Actor: "ann"}, []uint64{5}},
			{"before there was anything", AuditQuery{Until: noon}, nil},
			{"after all", AuditQuery{From: hour(50)}, nil},
			{"the wrong way round", AuditQuery{From: hour(5), Until: hour(2)}, nil},
			{"by nobody we know", AuditQuery{Actor: "eve"}, nil},
		}
		for _, tt := range tests {
			p := b.audited(tt.q)
			if got := sequence(p.Items); !slices.Equal(got, tt.want) || p.Total != len(tt.want) || p.TotalIsFloor ||
				p.Next != "" {
				t.Errorf("%s: %v, total %d, floor %v, next %q; want %v", tt.name, got, p.Total, p.TotalIsFloor, p.Next,
					tt.want)
			}
			tt.q.Limit = 2
			var paged []uint64
			for range 20 {
				p := b.audited(tt.q)
				paged = append(paged, sequence(p.Items)...)
				if p.Total != len(tt.want) {
					t.Errorf("%s: a page of two has the total %d", tt.name, p.Total)
				}
				if tt.q.Cursor = p.Next; p.Next == "" {
					break
				}
			}
			if !slices.Equal(paged, tt.want) {
				t.Errorf("%s, two at a time: %v, want %v", tt.name, paged, tt.want)
			}
		}
	})
}

// A cursor is reused with another query: it is valid only for its own.
func TestFindAuditCursor(t *testing.T) {
	b := openBox(t, "")
	b.history(12)
	next := b.audited(AuditQuery{Actor: "ann", Limit: 2}).Next
	for name, q := range map[string]AuditQuery{
		"another question": {Actor: "operator"},
		"another time":     {Actor: "ann", From: noon},
		"other deeds":      {Actor: "ann", Actions: []access.AuditAction{access.ActionInvite}},
	} {
		q.Cursor, q.Limit = next, 2
		err := b.View(t.Context(), func(tx *Tx) error { _, err := tx.AuditLog.Find(q); return err })
		if !access.Invalid.Is(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A rare action in a long log is searched for in pieces: a page may be short, the total is
// then a minimum, and the next pages lead to it.
func TestFindAuditIsBounded(t *testing.T) {
	b := openBox(t, "")
	b.update(func(tx *Tx) error { return tx.Record(access.Operator, access.ActionRestoreData, "", "") })
	for n := 0; n < maxScanned+200; n += 40 {
		b.update(func(tx *Tx) error {
			for i := range 40 {
				if err := tx.Record(access.System, access.ActionExpire, fmt.Sprint(i), ""); err != nil {
					return err
				}
			}
			return nil
		})
	}
	q := AuditQuery{Actions: []access.AuditAction{access.ActionRestoreData}}
	p := b.audited(q)
	if len(p.Items) != 0 || p.Next == "" || !p.TotalIsFloor {
		t.Fatalf("the first page: %d items, next %q, floor %v", len(p.Items), p.Next, p.TotalIsFloor)
	}
	for range 100 {
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
		p = b.audited(q)
	}
	if len(p.Items) != 1 || p.Items[0].Seq != 1 {
		t.Errorf("the deed is not found: %+v", p.Items)
	}
	if p := b.audited(AuditQuery{
		Actions: []access.AuditAction{access.ActionExpire},
	}); !p.TotalIsFloor || p.Total != CountsUpTo {
		t.Errorf("of many: total %d, floor %v", p.Total, p.TotalIsFloor)
	}
}

// An entry was removed from the store. The log must not just look shorter.
func TestFindAuditNoticesAGap(t *testing.T) {
	b := openBox(t, "")
	b.history(8)
	b.raw(func(t kv.Tx) error { return t.Delete(auditKey(5)) })
	err := b.View(t.Context(), func(tx *Tx) error {
		_, err := tx.AuditLog.Find(AuditQuery{From: noon.Add(3 * time.Hour), Limit: 5})
		return err
	})
	if access.Explain(err).Code != "audit_broken" {
		t.Errorf("a gap where the log is cut: %v", err)
	}
}

// A log that grew long forgot what it began with, or was read whole for one question.
func TestHasLooksAtBothEndsOfALongLog(t *testing.T) {
	b := openBox(t, "")
	has := func(action access.AuditAction) (found bool) {
		t.Helper()
		b.view(func(tx *Tx) (err error) { found, err = tx.AuditLog.Has(action); return err })
		return found
	}
	if has(access.ActionInvite) {
		t.Error("an empty log has an entry")
	}
	b.update(func(tx *Tx) error { return tx.Record(access.Operator, access.ActionInvite, "ada", "") })
	for n := 0; n < maxScanned+oldest+100; n += 40 {
		b.update(func(tx *Tx) error {
			for i := range 40 {
				if err := tx.Record(access.System, access.ActionExpire, fmt.Sprint(i), ""); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b.update(func(tx *Tx) error { return tx.Record(access.Operator, access.ActionBackUp, "", "") })
	for action, want := range map[access.AuditAction]bool{
		access.ActionInvite: true, access.ActionBackUp: true, access.ActionApprove: false,
	} {
		if has(action) != want {
			t.Errorf("%s: %v, want %v", action, !want, want)
		}
	}
}
