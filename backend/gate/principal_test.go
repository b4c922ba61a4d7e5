package gate

import (
	"errors"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

// A session is answered from memory, and the member behind it is suspended, removed,
// signed out or given fewer roles. The next request has what is so now.
func TestTheNextRequestHasWhatIsSoNow(t *testing.T) {
	tests := []struct {
		name  string
		do    func(tx *store.Tx, m access.Member, s access.Secret) error
		ended access.EndReason // is said; empty: it is not
		out   bool
		reads bool // members
	}{
		{"nothing", func(*store.Tx, access.Member, access.Secret) error { return nil }, "", false, true},
		{"suspended", func(tx *store.Tx, m access.Member, _ access.Secret) error {
			m.State = access.Suspended
			return tx.Members.Put(m)
		}, access.EndedSuspended, true, false},
		{"removed", func(tx *store.Tx, m access.Member, _ access.Secret) error {
			return tx.Members.Delete(m, access.EndedRemoved)
		}, access.EndedRemoved, true, false},
		{"of an older epoch", func(tx *store.Tx, m access.Member, _ access.Secret) error {
			m.Epoch++
			return tx.Members.Put(m)
		}, "", true, false},
		{"signed out", func(tx *store.Tx, _ access.Member, s access.Secret) error {
			return tx.Sessions.Delete(s.Hash(), access.EndedSignedOut)
		}, "", true, false},
		{"ended from the other side", func(tx *store.Tx, _ access.Member, s access.Secret) error {
			return tx.Sessions.Delete(s.Hash(), access.EndedRejected)
		}, access.EndedRejected, true, false},
		{"fewer roles", func(tx *store.Tx, m access.Member, _ access.Secret) error {
			m.Roles = fleetRole
			return tx.Members.Put(m)
		}, "", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := openLobby(t, enginetest.Open)
			bob := l.member("bob", access.Admin)
			s := l.enter(bob)
			p, err := l.Principal(t.Context(), s)
			if err != nil || p.May(members) != nil || p.Member.ID != bob.ID || p.Method != "link" || p.Stale {
				t.Fatalf("before: %+v, %v", p, err)
			}
			if p.Actor != (access.Actor{Member: bob.ID, Session: s.Hash()}) {
				t.Errorf("the actor is %+v", p.Actor)
			}
			l.update(func(tx *store.Tx) error { return tt.do(tx, bob, s) })
			p, err = l.Principal(t.Context(), s)
			if access.SignedOut.Is(err) != tt.out || err == nil && (p.May(members) == nil) != tt.reads {
				t.Errorf("Principal = %+v, %v", p, err)
			}
			var ended *SessionEndedError
			if errors.As(err, &ended) != (tt.ended != "") || ended != nil && ended.Why != tt.ended {
				t.Errorf("it is said to have ended with %v", err)
			}
		})
	}
}

// A secret that was never given out is told from one that is worth nothing any more:
// the first is an attack.
func TestAMadeUpSecretIsUnknown(t *testing.T) {
	l := openLobby(t, enginetest.Open)
	bob := l.member("bob", access.Admin)
	out := l.enter(bob)
	must(t, l.SignOut(t.Context(), access.Actor{Member: bob.ID}, out))
	for _, tt := range []struct {
		name    string
		secret  access.Secret
		unknown bool
	}{
		{"signed out", out, false},
		{"made up", access.NewSecret(), true},
		{"no secret's shape", "x", true},
		{"a token's", access.Secret(access.TokenPrefix) + access.NewSecret(), true},
	} {
		_, err := l.Principal(t.Context(), tt.secret)
		if !access.SignedOut.Is(err) || errors.Is(err, access.ErrUnknownCode) != tt.unknown {
			t.Errorf("%s: %v, want unknown %v", tt.name, err, tt.unknown)
		}
	}
	if _, err := l.TokenPrincipal(t.Context(), access.NewSecret()); !errors.Is(err, access.ErrUnknownCode) {
		t.Errorf("a token that was made up: %v", err)
	}
}

// The end of a session comes to the microsecond, also where the gate remembers it;
// those who manage members have the shorter one. A page that is left open does not
// put it off.
func TestAnIdleSessionEnds(t *testing.T) {
	for _, tt := range []struct {
		role access.RoleName
		idle time.Duration
	}{{access.Admin, access.AdminIdleTTL}, {access.Fleet, access.MemberIdleTTL}} {
		l := openLobby(t, enginetest.Open)
		s := l.enter(l.member("bob", tt.role))
		l.forward(tt.idle - time.Microsecond)
		if _, err := l.Listener(t.Context(), s); err != nil {
			t.Errorf("%s, before its end: %v", tt.role, err)
		}
		l.forward(time.Microsecond)
		if _, err := l.Listener(t.Context(), s); !access.SignedOut.Is(err) {
			t.Errorf("%s, at its end: %v", tt.role, err)
		}
	}
}

// The use of a session is written once a minute, and not by whoever only listens.
func TestTheUseOfASessionIsNoted(t *testing.T) {
	for _, tt := range []struct {
		name    string
		after   time.Duration
		listens bool
		noted   bool
	}{
		{"within the minute", access.TouchInterval - time.Microsecond, false, false},
		{"after a minute", access.TouchInterval, false, true},
		{"by a listener", access.TouchInterval, true, false},
	} {
		l := openLobby(t, enginetest.Open)
		s := l.enter(l.member("bob", access.Admin))
		l.forward(tt.after)
		come := l.Principal
		if tt.listens {
			come = l.Listener
		}
		if _, err := come(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		opened, _ := l.session(s)
		if noted := opened.SeenAt.After(noon); noted != tt.noted {
			t.Errorf("%s: noted %v", tt.name, noted)
		}
	}
}

// That the use of a session cannot be written keeps nobody out; nor does it bring a
// session back that ended meanwhile.
func TestATouchIsNoMoreThanThat(t *testing.T) {
	l := openLobby(t, enginetest.Open)
	s := l.enter(l.member("bob", access.Admin))
	l.update(func(tx *store.Tx) error { return tx.Sessions.Delete(s.Hash(), "") })
	before := l.state()
	l.touch(t.Context(), s.Hash(), noon.Add(time.Hour))
	if l.state() != before {
		t.Error("it is back, or something else was written")
	}
	s = l.enter(l.member("fay", access.Fleet))
	l.touch(t.Context(), s.Hash(), noon.Add(access.TouchInterval-time.Microsecond))
	if opened, _ := l.session(s); !opened.SeenAt.Equal(noon) {
		t.Errorf("seen at %v, within the minute that another request wrote", opened.SeenAt)
	}
}

// A member's rights rise, or those of a role: their session's id is to be exchanged.
// The new one is up to date, and the old one is worth nothing.
func TestARotatedSessionIsAnother(t *testing.T) {
	for name, rise := range map[string]func(tx *store.Tx, m access.Member) error{
		"the member's": func(tx *store.Tx, m access.Member) error {
			m.PermissionRevision++
			return tx.Members.Put(m)
		},
		"a role's": func(tx *store.Tx, _ access.Member) error {
			return tx.Roles.Put(access.Role{Name: "Guests", Permissions: []access.Permission{fleet}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := openLobby(t, enginetest.Open)
			fay := l.member("fay", access.Fleet)
			old := l.enter(fay)
			l.update(func(tx *store.Tx) error { return rise(tx, fay) })
			if p, err := l.Principal(t.Context(), old); err != nil || !p.Stale {
				t.Fatalf("after a rise: %+v, %v", p, err)
			}
			l.forward(time.Second)
			fresh, err := l.Rotate(t.Context(), old)
			must(t, err)
			if p, err := l.Principal(t.Context(), fresh); err != nil || p.Stale || p.Member.ID != fay.ID {
				t.Errorf("the new id: %+v, %v", p, err)
			}
			if opened, _ := l.session(fresh); !opened.SeenAt.Equal(noon.Add(time.Second)) {
				t.Errorf("it was seen at %v", opened.SeenAt)
			}
			if _, err := l.Principal(t.Context(), old); !access.SignedOut.Is(err) {
				t.Errorf("the old id: %v", err)
			}
			if _, err := l.Rotate(t.Context(), old); !access.SignedOut.Is(err) {
				t.Errorf("exchanged twice: %v", err)
			}
		})
	}
}

// Signing out ends the session and is written down; twice is once.
func TestSignOut(t *testing.T) {
	l := openLobby(t, enginetest.Open)
	fay := l.member("fay", access.Fleet)
	s := l.enter(fay)
	for range 2 {
		must(t, l.SignOut(t.Context(), access.Actor{Member: fay.ID, Source: access.SourcePortal}, s))
	}
	if _, err := l.Principal(t.Context(), s); !access.SignedOut.Is(err) {
		t.Errorf("afterwards: %v", err)
	}
	must(t, l.store.View(t.Context(), func(tx *store.Tx) error {
		log, err := tx.AuditLog.Since(0, 10)
		if len(log) != 1 || log[0].Action != access.ActionSignOut || log[0].Target != string(fay.ID) {
			t.Errorf("the log has %+v", log)
		}
		return err
	}))
}
