package storetest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
	"doorward/backend/store/storetest"
)

var filledAt = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// somebody returns one of many members: every third is pending, every fifth of the rest is
// suspended.
func somebody(i int) access.Member {
	at := filledAt.Add(time.Duration(i) * time.Second)
	email := fmt.Sprintf("ada.n%d@example.com", i)
	m, _ := access.NewMember(access.MemberID(fmt.Sprintf("%026d", i)), access.Address{Canonical: email, Typed: email},
		fmt.Sprintf("Ada Number%d", i), []access.RoleName{"Fleet"}, "", 0, access.System, at)
	switch {
	case i%3 == 0:
	case i%5 == 0:
		m.State = access.Suspended
	default:
		m.State = access.Active
	}
	return m
}

func TestFill(t *testing.T) {
	for name, dir := range map[string]string{"in memory": "", "on disk": t.TempDir() + "/data"} {
		t.Run(name, func(t *testing.T) {
			const n = 300
			ctx := context.Background()
			s, err := store.Open(store.Options{Engine: enginetest.Open, Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := storetest.Fill(ctx, s, n, somebody); err != nil {
				t.Fatal(err)
			}
			report, err := s.Verify(ctx)
			if err != nil || report.Members != n || report.AuditEntries != 1 {
				t.Errorf("Verify = %+v, %v; want %d members and one audit entry", report, err, n)
			}
			err = s.View(ctx, func(tx *store.Tx) error {
				p, err := tx.Members.Page(store.Query{Words: "number299", Limit: 10})
				if err != nil || len(p.Items) != 1 || p.Items[0].Email.Typed != "ada.n299@example.com" {
					t.Errorf("a search for number299 found %+v, %v", p.Items, err)
				}
				p, err = tx.Members.Page(store.Query{State: access.Pending, Limit: 1})
				if err != nil || p.Total != n/3 || p.Items[0].ID != somebody(297).ID {
					t.Errorf("the pending are %d, the newest %+v, %v; want %d and number 297", p.Total, p.Items, err,
						n/3)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if err := storetest.Fill(ctx, s, n, somebody); !access.Conflict.Is(err) {
				t.Errorf("filling it again: %v, want a conflict", err)
			}
			if n, err := s.VerifyAudit(ctx); err != nil || n != 1 {
				t.Errorf("a refused fill left %d audit entries, %v; want the one of the first", n, err)
			}
		})
	}
}
