package service_test

import (
	"testing"
	"time"

	"doorward/backend/access"
	. "doorward/backend/service"
	"doorward/backend/store"
)

func (fx *fixture) done() map[string]bool {
	fx.t.Helper()
	steps, err := fx.Dashboard.Checklist(fx.t.Context(), access.Operator)
	must(fx.t, err)
	done := map[string]bool{}
	for _, s := range steps {
		done[s.Name] = s.Done
	}
	return done
}

// A tick that only a browser remembered said that a workspace was safe when it was not.
// Each step is what the server has now.
func TestChecklistIsTheState(t *testing.T) {
	fx := newFixture(t)
	expect := func(when string, want ...string) {
		t.Helper()
		done, n := fx.done(), 0
		for _, is := range done {
			if is {
				n++
			}
		}
		for _, step := range want {
			if !done[step] {
				t.Errorf("%s, %s is not done: %v", when, step, done)
			}
		}
		if n != len(want) {
			t.Errorf("%s, %d steps are done, want %v: %v", when, n, want, done)
		}
	}
	base := []string{"public_url", "second_admin", "first_invitation", "first_approval"}
	expect("with a mail server that never took an email", base...)

	must(t, fx.store.Update(t.Context(), func(tx *store.Tx) error {
		return tx.PutMailHealth(access.MailHealth{LastSent: tx.Now.Add(-time.Hour)})
	}))
	expect("after an email", append(base, "mail_server")...)

	must(t, fx.Settings.RecordBackup(t.Context(), access.Operator))
	expect("after a backup", append(base, "mail_server", "backup")...)
	if steps, err := fx.Dashboard.Checklist(t.Context(), fx.ann); err != nil || !AllDone(steps) {
		t.Errorf("everything is done, and the answer is %v, %v", steps, err)
	}
}

// In a new workspace there is the Admin who set it up, whom nobody invited or approved.
func TestChecklistOfANewWorkspace(t *testing.T) {
	fx := newEmptyFixture(t, withoutMail)
	_, _, err := fx.Setup.SetUpHere(t.Context(), FirstAdmin{Email: mail(t, "ann@example.org"), Name: "Ann Admin"})
	must(t, err)
	for step, is := range fx.done() {
		if is && step != "public_url" {
			t.Errorf("%s is done in a workspace that was just set up", step)
		}
	}
}

// Whoever hid the list would see it again after each start, or in another browser.
func TestHiddenChecklistStaysHidden(t *testing.T) {
	fx := newFixture(t)
	if _, err := fx.Settings.Change(t.Context(), fx.fay, SettingsChange{ChecklistHidden: ptr(true)}); err == nil {
		t.Error("a member hid what Admins see")
	}
	_, err := fx.Settings.Change(t.Context(), fx.ann, SettingsChange{ChecklistHidden: ptr(true)})
	must(t, err)
	if s, err := fx.Settings.Get(t.Context(), fx.ann); err != nil || !s.ChecklistHidden {
		t.Errorf("the settings are %+v, %v", s, err)
	}
}
