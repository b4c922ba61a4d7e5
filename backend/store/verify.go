package store

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"maps"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A Report says what a verification went over.
type Report struct {
	Records, Members, Messages, AuditEntries int
}

// Verify goes over everything kept: each checksum, each index entry in both
// directions, the counters, and the audit chain. It takes time, and memory that
// does not grow with the store. What does not fit is a Conflict that names it.
func (s *Store) Verify(ctx context.Context) (Report, error) {
	v := verifier{seed: maphash.MakeSeed(), want: map[byte]fingerprint{}, have: map[byte]fingerprint{}, putOff: map[string]bool{}}
	v.counters.TokenRoles = map[access.RoleName]int{}
	var kept access.Counters
	err := s.Each(ctx, func(key, value []byte) error {
		v.report.Records++
		if string(key) == "c" {
			return json.Unmarshal(value, &kept)
		}
		return v.see(key, value)
	})
	if err != nil {
		return v.report, err
	}
	if err := v.fits(kept); err != nil {
		return v.report, err
	}
	v.report.AuditEntries, err = s.VerifyAudit(ctx)
	return v.report, err
}

// A fingerprint is of a set of entries, whatever their order.
type fingerprint struct {
	n   int
	sum uint64
}

type verifier struct {
	seed       maphash.Seed
	want, have map[byte]fingerprint // index entries by the first byte of their key: by the records, and as they are
	putOff     map[string]bool      // the keys of what fell due and was put off; few
	counters   access.Counters
	report     Report
}

func (v *verifier) add(to map[byte]fingerprint, key, value string) {
	var h maphash.Hash
	h.SetSeed(v.seed)
	h.WriteString(key)
	h.WriteByte(0)
	h.WriteString(value)
	f := to[key[0]]
	to[key[0]] = fingerprint{f.n + 1, f.sum + h.Sum64()}
}

func (v *verifier) see(key, value []byte) error {
	if len(key) < 2 || key[1] != '/' {
		return nil
	}
	switch key[0] {
	case 'P': // comes before all records that ask for something
		d := dueOf(kv.KV{Key: key, Value: value})
		v.putOff[string(dueKey(d.Was, d.Kind, d.Ref))] = true
	case 'm':
		var m access.Member
		if err := json.Unmarshal(value, &m); err != nil {
			return err
		}
		v.report.Members++
		v.counters.Add(&m, 1)
		for k, val := range entries(&m) {
			v.wantsEntry(k, val)
		}
	case 'o':
		var l access.Message
		if err := json.Unmarshal(value, &l); err != nil {
			return err
		}
		v.report.Messages++
		countMessage(&v.counters, l.State, 1)
		for k := range messageEntries(&l) {
			v.wantsEntry(k, "")
		}
	case 's', 'l', 'b', 'k':
		return v.seeOpening(key[0], value)
	case 'a', 't', 'r', 'w', 'q', 'n', 'M', 'd', 'Q', 'S', 'L', 'K', 'T':
		v.add(v.have, string(key), string(value))
	case 'x':
		switch key[10] {
		case DueMember, DueMessage, DueSession, DueLoginLink, DueSignInRequest:
			if !v.putOff[string(key)] {
				v.add(v.have, string(key), "") // its value is a hint
			}
		}
	}
	return nil
}

// seeOpening goes over a record of what opens something: a session, a link, an
// ask, a token.
func (v *verifier) seeOpening(kind byte, value []byte) error {
	var opened access.Session
	var l access.LoginLink
	var a access.SignInRequest
	var t access.Token
	if err := json.Unmarshal(value, map[byte]any{'s': &opened, 'l': &l, 'b': &a, 'k': &t}[kind]); err != nil {
		return err
	}
	switch kind {
	case 's':
		v.wants(key("S/", string(opened.Member), string(opened.Hash[:])), sessionDue(&opened))
	case 'l':
		v.wants(key("L/", string(l.Member), string(l.Hash[:])), loginDue(&l))
	case 'b':
		v.wants(askDue(&a))
	case 'k':
		v.counters.AddToken(&t, 1)
		v.add(v.want, string(hashKey("K/", t.Hash)), `"`+string(t.ID)+`"`)
		if t.Owner != "" {
			v.wants(ownedKey(&t))
		}
	}
	return nil
}

func (v *verifier) wants(keys ...[]byte) {
	for _, k := range keys {
		v.wantsEntry(string(k), "")
	}
}

// wantsEntry notes what a record asks for. What fell due and was put off is
// there, in the other queue.
func (v *verifier) wantsEntry(key, value string) {
	switch {
	case key[0] != 'x':
		v.add(v.want, key, value)
	case !v.putOff[key]:
		v.add(v.want, key, "")
	}
}

func (v *verifier) fits(kept access.Counters) error {
	for _, prefix := range []byte("atrwqnMdQxSLKT") {
		if prefix == 'T' && kept.TokenRoles == nil {
			continue // an older Doorward kept this store; the next start makes the index
		}
		if v.want[prefix] != v.have[prefix] {
			return access.Errorf(access.Conflict, "The store does not fit together: index %q has %d entries, and the records ask for %d. Restore the latest backup.", prefix, v.have[prefix].n, v.want[prefix].n).WithCode("store_broken")
		}
	}
	c := v.counters
	same := c.Pending == kept.Pending && c.Accepted == kept.Accepted && c.Active == kept.Active &&
		c.Suspended == kept.Suspended &&
		c.Expired == kept.Expired && c.Admins == kept.Admins && c.Tokens == kept.Tokens && maps.Equal(c.Roles, kept.Roles) &&
		maps.Equal(c.Messages, kept.Messages) &&
		(kept.TokenRoles == nil || maps.Equal(c.TokenRoles, kept.TokenRoles))
	if !same {
		return access.Errorf(access.Conflict, "The store does not fit together: its counters are not those of its records. Restore the latest backup.").WithCode("store_broken")
	}
	return nil
}
