package gate

import (
	"errors"
	"testing"
	"time"

	"doorward/backend/access"
	"doorward/backend/store"
	"doorward/backend/store/kv/enginetest"
)

// A session is in the cache when its member is suspended, removed, signed out or
// given fewer roles. The next request sees the change.
func TestTheNextRequestHasWhatIsSoNow(t *testing.T) {
	tests := []struct {
		name  string
		do    func(tx *store.Tx, m access.Member, s access.Secret) error
		ended access.EndReason // the reason given; empty: none
		out   bool
		reads bool // may read members
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
			fx := openLobby(t, enginetest.Open)
			bob := fx.member("bob", access.Admin)
			s := fx.enter(bob)
			p, err := fx.Principal(t.Context(), s)
			if err != nil || p.May(members) != nil || p.Member.ID != bob.ID || p.Method != "link" || p.Stale {
				t.Fatalf("before: %+v, %v", p, err)
			}
			if p.Actor != (access.Actor{Member: bob.ID, Session: s.Hash()}) {
				t.Errorf("the actor is %+v", p.Actor)
			}
			fx.update(func(tx *store.Tx) error { return tt.do(tx, bob, s) })
			p, err = fx.Principal(t.Context(), s)
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

// A secret that was never issued is reported differently from one that has ended:
// only the first is an attack.
func TestAMadeUpSecretIsUnknown(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	bob := fx.member("bob", access.Admin)
	out := fx.enter(bob)
	must(t, fx.SignOut(t.Context(), access.Actor{Member: bob.ID}, out))
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
		_, err := fx.Principal(t.Context(), tt.secret)
		if !access.SignedOut.Is(err) || errors.Is(err, access.ErrUnknownCode) != tt.unknown {
			t.Errorf("%s: %v, want unknown %v", tt.name, err, tt.unknown)
		}
	}
	if _, err := fx.TokenPrincipal(t.Context(), access.NewSecret()); !errors.Is(err, access.ErrUnknownCode) {
		t.Errorf("a token that was made up: %v", err)
	}
}

// A session ends on the microsecond, also when it is cached; those who manage
// members have a shorter one. A page that is left open does not extend it.
func TestAnIdleSessionEnds(t *testing.T) {
	for _, tt := range []struct {
		role access.RoleName
		idle time.Duration
	}{{access.Admin, access.AdminIdleTTL}, {access.Fleet, access.MemberIdleTTL}} {
		fx := openLobby(t, enginetest.Open)
		s := fx.enter(fx.member("bob", tt.role))
		fx.forward(tt.idle - time.Microsecond)
		if _, err := fx.Listener(t.Context(), s); err != nil {
			t.Errorf("%s, before its end: %v", tt.role, err)
		}
		fx.forward(time.Microsecond)
		if _, err := fx.Listener(t.Context(), s); !access.SignedOut.Is(err) {
			t.Errorf("%s, at its end: %v", tt.role, err)
		}
	}
}

// The use of a session is written once a minute, and listening alone is not use.
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
		fx := openLobby(t, enginetest.Open)
		s := fx.enter(fx.member("bob", access.Admin))
		fx.forward(tt.after)
		come := fx.Principal
		if tt.listens {
			come = fx.Listener
		}
		p, err := come(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		opened, _ := fx.session(s)
		if noted := opened.SeenAt.After(noon); noted != tt.noted {
			t.Errorf("%s: noted %v", tt.name, noted)
		}
		if want := opened.SeenAt.Add(access.AdminIdleTTL); !p.ExpiresAt().Equal(want) {
			t.Errorf("%s: it is said to expire at %v, want %v", tt.name, p.ExpiresAt(), want)
		}
	}
}

// The disk refuses to record the use of a session: nobody is kept out. Nor does a
// late record revive a session that has ended meanwhile.
func TestSessionUseThatCannotBeWritten(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	s := fx.enter(fx.member("bob", access.Admin))
	fx.update(func(tx *store.Tx) error { return tx.Sessions.Delete(s.Hash(), "") })
	before := fx.state()
	fx.touch(t.Context(), s.Hash(), noon.Add(time.Hour))
	if fx.state() != before {
		t.Error("it is back, or something else was written")
	}
	s = fx.enter(fx.member("fay", access.Fleet))
	fx.touch(t.Context(), s.Hash(), noon.Add(access.TouchInterval-time.Microsecond))
	if opened, _ := fx.session(s); !opened.SeenAt.Equal(noon) {
		t.Errorf("seen at %v, within the minute that another request wrote", opened.SeenAt)
	}
}

// A member's permissions rise, or those of a role: their session's id must be
// rotated. The new id has the new permissions, and the old one no longer works.
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
			fx := openLobby(t, enginetest.Open)
			fay := fx.member("fay", access.Fleet)
			old := fx.enter(fay)
			fx.update(func(tx *store.Tx) error { return rise(tx, fay) })
			if p, err := fx.Principal(t.Context(), old); err != nil || !p.Stale {
				t.Fatalf("after a rise: %+v, %v", p, err)
			}
			fx.forward(time.Second)
			fresh, err := fx.Rotate(t.Context(), old)
			must(t, err)
			if p, err := fx.Principal(t.Context(), fresh); err != nil || p.Stale || p.Member.ID != fay.ID {
				t.Errorf("the new id: %+v, %v", p, err)
			}
			if opened, _ := fx.session(fresh); !opened.SeenAt.Equal(noon.Add(time.Second)) {
				t.Errorf("it was seen at %v", opened.SeenAt)
			}
			if _, err := fx.Principal(t.Context(), old); !access.SignedOut.Is(err) {
				t.Errorf("the old id: %v", err)
			}
			if _, err := fx.Rotate(t.Context(), old); !access.SignedOut.Is(err) {
				t.Errorf("exchanged twice: %v", err)
			}
		})
	}
}

// Signing out ends the session and leaves an audit entry; a second sign-out does
// nothing.
func TestSignOut(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	fay := fx.member("fay", access.Fleet)
	s := fx.enter(fay)
	for range 2 {
		must(t, fx.SignOut(t.Context(), access.Actor{Member: fay.ID, Source: access.SourcePortal}, s))
	}
	if _, err := fx.Principal(t.Context(), s); !access.SignedOut.Is(err) {
		t.Errorf("afterwards: %v", err)
	}
	must(t, fx.store.View(t.Context(), func(tx *store.Tx) error {
		log, err := tx.AuditLog.Since(0, 10)
		if len(log) != 1 || log[0].Action != access.ActionSignOut || log[0].Target != string(fay.ID) {
			t.Errorf("the log has %+v", log)
		}
		return err
	}))
}

// The operator acts in a member's name at the native console: an active Admin's, nobody else's.
// They have every permission all the same.
func TestTheOperatorActsForAnAdminAlone(t *testing.T) {
	fx := openLobby(t, enginetest.Open)
	admin, fay := fx.member("ann", access.Admin), fx.member("fay", access.Fleet)
	suspended, pending := fx.member("sue", access.Admin), fx.member("pia", access.Admin)
	suspended.State, pending.State = access.Suspended, access.Pending
	fx.put(suspended)
	fx.put(pending)
	for name, tt := range map[string]struct {
		id   access.MemberID
		good bool
	}{
		"an Admin":           {admin.ID, true},
		"a member":           {fay.ID, false},
		"a suspended Admin":  {suspended.ID, false},
		"a pending Admin":    {pending.ID, false},
		"nobody":             {access.MemberID(access.NewID()), false},
		"nobody in the name": {"", false},
	} {
		p, err := fx.OperatorAs(t.Context(), tt.id)
		if tt.good != (err == nil) || !tt.good && !access.NotFound.Is(err) {
			t.Errorf("%s: %v", name, err)
		}
		if tt.good && (p.Actor.Member != tt.id || p.Member.ID != tt.id || p.May(members) != nil) {
			t.Errorf("%s: it is %+v", name, p)
		}
	}
}
