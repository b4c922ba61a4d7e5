package store

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/build/need"
)

// The program is upgraded while emails without a priority are in the outbox: afterwards
// each waits in the lane of its kind, and the one that somebody waits for is sent first.
func TestEmailsWithoutPriorityAreClassified(t *testing.T) {
	b := openBox(t, filepath.Join(t.TempDir(), "data"))
	m := b.person("ada@example.com", "Ada")
	b.put(m)
	const bulk = 2*classifyBatch + 1
	for i := range bulk + 1 {
		b.update(func(tx *Tx) error {
			msg := messageFor(m, tx.Now)
			if i == bulk {
				msg.Kind = access.SignInMessage
			}
			must(t, tx.Messages.Post(msg, access.MessageFacts{Note: "x"}))
			msg.Priority = 0
			return tx.Messages.Put(msg)
		})
		b.at.Add(time.Second.Microseconds())
	}
	b.asSchema(3)
	if got := b.lanesKept(); got[oldLanePrefix] != bulk+1 {
		t.Fatalf("the emails wait in %v, want all in the old lane", got)
	}
	b.reopen()
	want := map[prefix]int{
		laneOf(access.PriorityRequested):  1,
		laneOf(access.PriorityInvitation): bulk,
	}
	if got := b.lanesKept(); !maps.Equal(got, want) {
		t.Errorf("the emails wait in %v, want %v", got, want)
	}
	b.view(func(tx *Tx) error {
		due, err := tx.Messages.Due(2)
		if len(due) != 2 || due[0].Kind != access.SignInMessage {
			t.Errorf("the first that are due: %+v", due)
		}
		return err
	})
	b.verify()
}

// lanesKept returns the number of emails in each lane.
func (b *box) lanesKept() map[prefix]int {
	n := map[prefix]int{}
	for key := range b.bytesKept() {
		r := recordOf([]byte(key))
		if r.prefix == oldLanePrefix {
			n[r.prefix]++
		}
		if r.prefix == lanePrefix {
			n[prefix(key[:len(lanePrefix)+1])]++
		}
	}
	return n
}

// asSchema marks the store as one of an older schema, of a server alone: it is migrated at its start.
func (b *box) asSchema(n int) {
	b.alone = true
	b.raw(func(t kv.Tx) error { return t.Set(schemaPrefix.key(), fmt.Appendf(nil, `{"schema":%d}`, n)) })
}

// A store of an older version has tokens whose owners are gone, no index of the others, and
// no count of the roles of tokens. A start repairs that, wherever an earlier one was
// interrupted, and the next start finds nothing to do.
func TestTokensOfAnOlderVersion(t *testing.T) {
	need.Time(t)
	const orphans = 2*repairBatch + 1
	for stop := range 5 {
		b := openBox(t, filepath.Join(t.TempDir(), "data"))
		ada := b.person("ada@example.com", "Ada")
		b.put(ada)
		token := func(id string, owner access.MemberID, roles ...access.RoleName) {
			b.update(func(tx *Tx) error {
				return tx.Tokens.Put(access.Token{
					ID:        access.TokenID(fmt.Sprintf("%-26s", id)),
					Name:      id,
					Hash:      access.Secret(id).Hash(),
					Owner:     owner,
					Roles:     roles,
					CreatedAt: tx.Now,
				})
			})
		}
		token("hers", ada.ID, access.Admin, access.Fleet)
		token("operators", "", access.Fleet)
		for i := range orphans {
			token(fmt.Sprint("orphan", i), access.MemberID(fmt.Sprintf("%026d", i)), access.AILoop)
		}
		b.asBeforeTokensWereCounted()
		must(t, b.Close())
		b.openAsItIs()
		for range stop {
			more, err := b.migrateBatch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
		}
		b.reopen()
		b.view(func(tx *Tx) error {
			c, err := tx.Counters()
			must(t, err)
			want := map[access.RoleName]int{access.Admin: 1, access.Fleet: 2}
			if c.Tokens != 2 || !maps.Equal(c.TokenRoles, want) {
				t.Errorf("after %d batches: %d tokens with %v, want 2 with %v", stop, c.Tokens, c.TokenRoles, want)
			}
			hers, err := tx.Tokens.Of(ada.ID, 10)
			if len(hers) != 1 || hers[0].Name != "hers" {
				t.Errorf("after %d batches her tokens are %+v, %v", stop, hers, err)
			}
			return err
		})
		b.verify()
		if got := b.recorded(access.ActionRevokeToken); got != orphans {
			t.Errorf("after %d batches the audit log has %d revocations, want %d", stop, got, orphans)
		}
		before := b.bytesKept()
		b.reopen()
		if !maps.Equal(before, b.bytesKept()) {
			t.Error("the next start changed something")
		}
		must(t, b.Close())
	}
}

// asBeforeTokensWereCounted deletes what older versions did not store about tokens.
func (b *box) asBeforeTokensWereCounted() {
	b.update(func(tx *Tx) error { return tx.count(func(c *access.Counters) { c.TokenRoles = nil }) })
	var marks [][]byte
	for key := range b.bytesKept() {
		if recordOf([]byte(key)).prefix == memberTokenPrefix {
			marks = append(marks, []byte(key))
		}
	}
	for some := range slices.Chunk(marks, kv.MaxWrites/2) {
		b.raw(func(t kv.Tx) error {
			for _, key := range some {
				must(b.t, t.Delete(key))
			}
			return nil
		})
	}
	b.asSchema(4)
}

// recorded returns the number of audit entries of an action.
func (b *box) recorded(a access.AuditAction) (n int) {
	b.view(func(tx *Tx) error {
		p, err := tx.AuditLog.Page("", 200)
		for _, e := range p.Items {
			if e.Action == a {
				n++
			}
		}
		return err
	})
	return n
}
