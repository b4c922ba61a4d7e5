package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
)

func (b *box) record(n int) {
	b.t.Helper()
	for i := range n {
		b.update(func(tx *Tx) error {
			return errors.Join(tx.Record(access.Operator, access.ActionInvite, fmt.Sprint(i), ""),
				tx.Record(access.Operator, access.ActionResend, fmt.Sprint(i), ""))
		})
		b.forward(time.Second)
	}
}

// An attacker who can write the store, but has no instance key, rewrites the log: alters,
// removes, reorders, adds or cuts off entries, with matching hashes and checksums. Each
// change is found.
func TestAuditTamperedIsFound(t *testing.T) {
	entry := func(t kv.Tx, seq uint64) access.AuditEntry {
		value, _ := t.Get(auditKey(seq))
		var e access.AuditEntry
		json.Unmarshal(value, &e)
		return e
	}
	put := func(t kv.Tx, at uint64, e access.AuditEntry) error {
		value, _ := json.Marshal(e)
		return t.Set(auditKey(at), value)
	}
	tests := []struct {
		name   string
		tamper func(t kv.Tx) error
	}{
		{"one altered", func(t kv.Tx) error { e := entry(t, 5); e.Target = "eve"; return put(t, 5, e) }},
		{"one altered, hashed anew", func(t kv.Tx) error {
			e := entry(t, 5)
			e.Target = "eve"
			e.Hash = e.Sum()
			return put(t, 5, e)
		}},
		{"all after it chained anew", func(t kv.Tx) error {
			e := entry(t, 5)
			e.Target = "eve"
			for prev := e.Prev; ; e = entry(t, e.Seq+1) {
				e.Chain(e.Seq, prev)
				if err := put(t, e.Seq, e); err != nil || e.Seq == 10 {
					return err
				}
				prev = e.Hash
			}
		}},
		{"the head written anew too", func(t kv.Tx) error {
			e := entry(t, 10)
			e.Target = "eve"
			e.Hash = e.Sum()
			value, _ := json.Marshal(auditHead{Seq: 10, Hash: e.Hash, Seal: strings.Repeat("0", 64)})
			return errors.Join(put(t, 10, e), t.Set([]byte("h"), value))
		}},
		{"one removed", func(t kv.Tx) error { return t.Delete(auditKey(5)) }},
		{"the first removed", func(t kv.Tx) error { return t.Delete(auditKey(1)) }},
		{"the last removed", func(t kv.Tx) error { return t.Delete(auditKey(10)) }},
		{"all removed", func(t kv.Tx) error {
			for n := range uint64(10) {
				if err := t.Delete(auditKey(n + 1)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"two changed over", func(t kv.Tx) error {
			a, z := entry(t, 4), entry(t, 5)
			return errors.Join(put(t, 4, z), put(t, 5, a))
		}},
		{"one added at the end", func(t kv.Tx) error { e := entry(t, 10); e.Chain(11, e.Hash); return put(t, 11, e) }},
		{"the head removed", func(t kv.Tx) error { return t.Delete([]byte("h")) }},
		{"head and log removed, members left", func(t kv.Tx) error {
			for n := range uint64(10) {
				if err := t.Delete(auditKey(n + 1)); err != nil {
					return err
				}
			}
			return errors.Join(t.Delete([]byte("h")), t.Set([]byte("m/x"), []byte("{}")))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := openBox(t, "")
			b.record(5)
			if n, err := b.VerifyAudit(context.Background()); n != 10 || err != nil {
				t.Fatalf("VerifyAudit = %d, %v before", n, err)
			}
			b.raw(tt.tamper)
			_, err := b.VerifyAudit(context.Background())
			if e := access.Explain(err); err == nil || e.Code != "audit_broken" && e.Code != "instance_key_wrong" {
				t.Errorf("VerifyAudit = %v", err)
			}
		})
	}
}

// The log is read newest first in pages, and in order from a given number on.
func TestAuditPages(t *testing.T) {
	onBoth(t, func(t *testing.T, b *box) {
		b.record(10)
		b.reopen()
		var seqs []uint64
		cursor := ""
		for range 7 {
			b.view(func(tx *Tx) error {
				p, err := tx.AuditLog.Page(cursor, 3)
				for _, e := range p.Items {
					seqs = append(seqs, e.Seq)
				}
				cursor = p.Next
				return err
			})
		}
		if len(seqs) != 20 || seqs[0] != 20 || seqs[19] != 1 || cursor != "" {
			t.Errorf("pages gave %v", seqs)
		}
		b.view(func(tx *Tx) error {
			since, err := tx.AuditLog.Since(17, 2)
			if len(since) != 2 || since[0].Seq != 18 || since[1].Seq != 19 {
				t.Errorf("AuditSince = %v", since)
			}
			return err
		})
		b.update(func(tx *Tx) error { return tx.Record(access.System, access.ActionExpire, "", "") })
		if n, err := b.VerifyAudit(context.Background()); n != 21 || err != nil {
			t.Errorf("VerifyAudit = %d, %v", n, err)
		}
	})
}

// An entry names the machine of a cluster on which the operator gave a command, or which did
// something by itself. What a member does names none, nor does anything on a server alone.
func TestWhichMachineAnEntryNames(t *testing.T) {
	elsewhere := access.Operator
	elsewhere.Machine = "two"
	member := access.Actor{Member: access.MemberID(access.NewID()), Source: access.SourceConsole}
	atMachine := access.Actor{Member: member.Member, Source: access.SourceDesktop, AtMachine: true}
	for _, tt := range []struct {
		name, here string
		by         access.Actor
		want       string
	}{
		{"the operator here", "one", access.Operator, "one"},
		{"the operator at the native console here", "one", access.DesktopOperator, "one"},
		{"the operator as a member here", "one", atMachine, "one"},
		{"the operator on another machine", "one", elsewhere, "two"},
		{"by itself", "one", access.System, "one"},
		{"a member", "one", member, ""},
		{"an API token", "one", access.Actor{Token: access.TokenID(access.NewID()), Source: access.SourceAPI}, ""},
		{"the operator of a server alone", "", access.Operator, ""},
		{"a server alone by itself", "", access.System, ""},
	} {
		s, err := Open(Options{Engine: enginetest.Open, Machine: tt.here})
		must(t, err)
		must(t, s.Update(t.Context(), func(tx *Tx) error { return tx.Record(tt.by, access.ActionBackUp, "", "") }))
		must(t, s.View(t.Context(), func(tx *Tx) error {
			p, err := tx.AuditLog.Page("", 1)
			if err == nil && p.Items[0].Machine != tt.want {
				t.Errorf("%s: it names %q, want %q", tt.name, p.Items[0].Machine, tt.want)
			}
			return err
		}))
		if _, err := s.VerifyAudit(t.Context()); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		must(t, s.Close())
	}
}
