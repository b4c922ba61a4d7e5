package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"maps"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A Report says what a verification checked.
type Report struct {
	Records, Members, Messages, AuditEntries int
}

// Verify checks all data: each checksum, each index entry in both directions, the counters,
// and the audit chain. Its memory does not grow with the store, its time does. An
// inconsistency is a Conflict that names it.
func (s *Store) Verify(ctx context.Context) (Report, error) {
	v := newVerifier()
	var kept access.Counters
	err := s.Each(ctx, func(key, value []byte) error {
		v.report.Records++
		switch {
		case bytes.Equal(key, countersPrefix.key()):
			return decode(key, value, &kept)
		case bytes.Equal(key, schemaPrefix.key()):
			return decode(key, value, &v.schema)
		}
		return v.see(key, value)
	})
	if err != nil {
		return v.report, err
	}
	if err := v.fits(kept); err != nil {
		return v.report, err
	}
	for _, check := range []func(*Tx) error{(*Tx).checkLogo, checkMachines} {
		if err := s.View(ctx, check); err != nil {
			return v.report, err
		}
	}
	v.report.AuditEntries, err = s.VerifyAudit(ctx)
	return v.report, err
}

// A fingerprint identifies a set of entries, whatever their order.
type fingerprint struct {
	n   int
	sum uint64
}

type verifier struct {
	seed       maphash.Seed
	want, have map[prefix]fingerprint // the index entries of a kind: derived from the records, and stored
	putOff     map[string]bool        // the keys of postponed entries; few
	counters   access.Counters
	schema     schemaState
	report     Report
}

func newVerifier() *verifier {
	v := &verifier{
		seed:   maphash.MakeSeed(),
		want:   map[prefix]fingerprint{},
		have:   map[prefix]fingerprint{},
		putOff: map[string]bool{},
		schema: schemaState{Schema: 1},
	}
	v.counters.TokenRoles = map[access.RoleName]int{}
	return v
}

func (v *verifier) add(to map[prefix]fingerprint, p prefix, key, value string) {
	var h maphash.Hash
	h.SetSeed(v.seed)
	h.WriteString(key)
	h.WriteByte(0)
	h.WriteString(value)
	f := to[p]
	to[p] = fingerprint{f.n + 1, f.sum + h.Sum64()}
}

func (v *verifier) see(key, value []byte) error {
	r := recordOf(key)
	switch {
	case r == nil:
		return nil
	case r.prefix == putOffPrefix: // these come before all records that need an entry
		d := dueOf(kv.KV{Key: key, Value: value})
		v.putOff[string(dueKey(d.Was, d.Kind, d.Ref))] = true
	case r.prefix == duePrefix:
		if duesOf[dueKind(key)].recount && !v.putOff[string(key)] {
			v.add(v.have, r.prefix, string(key), "") // its value is only a hint
		}
	case r.recount:
		v.add(v.have, r.prefix, string(key), string(value))
	case recountedFrom[r.prefix]:
		return v.derive(r.prefix, key, value)
	}
	return nil
}

// derive notes the entries that a record needs, and counts it.
func (v *verifier) derive(kind prefix, key, value []byte) error {
	switch kind {
	case memberPrefix:
		return derived(v, key, value, memberEntries, func(m *access.Member) {
			v.report.Members++
			v.counters.Add(m, 1)
		})
	case messagePrefix:
		return derived(v, key, value, messageEntries, func(m *access.Message) {
			v.report.Messages++
			countMessage(&v.counters, m.State, 1)
		})
	case tokenPrefix:
		return derived(v, key, value, tokenEntries, func(t *access.Token) { v.counters.AddToken(t, 1) })
	case sessionPrefix:
		return derived(v, key, value, sessionEntries, nil)
	case loginLinkPrefix:
		return derived(v, key, value, loginLinkEntries, nil)
	case signInPrefix:
		return derived(v, key, value, signInEntries, nil)
	}
	return fmt.Errorf("verify: nothing says which entries the records under %q ask for", kind)
}

func derived[T any](v *verifier, key, value []byte, entries func(*T) map[string]string, count func(*T)) error {
	var record T
	if err := decode(key, value, &record); err != nil {
		return err
	}
	if count != nil {
		count(&record)
	}
	for k, val := range entries(&record) {
		v.wants(k, val)
	}
	return nil
}

// wants notes an entry that a record needs. If it was postponed, it is in the other queue.
func (v *verifier) wants(key, value string) {
	p := recordOf([]byte(key)).prefix
	switch {
	case p != duePrefix:
		v.add(v.want, p, key, value)
	case !v.putOff[key]:
		v.add(v.want, p, key, "")
	}
}

func (v *verifier) fits(kept access.Counters) error {
	for _, r := range records {
		if r.prefix == memberTokenPrefix && kept.TokenRoles == nil {
			continue // written by an older Doorward; the next start makes the index
		}
		if r.since > v.schema.whole() {
			continue // likewise
		}
		have, want := v.have[r.prefix], v.want[r.prefix]
		if have != want {
			return access.Errorf(access.Conflict,
				"The store does not fit together: the index of %s has %d entries, and the records ask for %d. "+
					"Restore the latest backup.", r.name, have.n, want.n).WithCode("store_broken")
		}
	}
	c := v.counters
	same := c.Pending == kept.Pending && c.Accepted == kept.Accepted && c.Active == kept.Active &&
		c.Suspended == kept.Suspended &&
		c.Expired == kept.Expired && c.Admins == kept.Admins && c.Tokens == kept.Tokens &&
		maps.Equal(c.Roles, kept.Roles) &&
		maps.Equal(c.Messages, kept.Messages) &&
		(kept.TokenRoles == nil || maps.Equal(c.TokenRoles, kept.TokenRoles))
	if !same {
		return access.Errorf(access.Conflict,
			"The store does not fit together: its counters are not those of its records. Restore the "+
				"latest backup.").
			WithCode("store_broken")
	}
	return nil
}

// checkLogo refuses a logo that is not the one which the settings describe: it would be
// served to everybody, and nobody has checked it.
func (tx *Tx) checkLogo() error {
	s, err := tx.Settings()
	if err != nil {
		return err
	}
	image, err := tx.Logo()
	if err != nil {
		return err
	}
	want := s.Brand.Logo.Hash
	if sum := sha256.Sum256(image); want == "" && image == nil || want == hex.EncodeToString(sum[:]) {
		return nil
	}
	return access.Errorf(access.Conflict,
		"The store does not fit together: its logo is not the one in the settings. Restore the latest backup.").
		WithCode("store_broken")
}
