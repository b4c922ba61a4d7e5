package web

import (
	"net/http"
	"strings"
	"testing"

	"doorward/backend/access"
)

// Somebody comes by a link that was handed over. Nothing proved their mailbox, so
// the page does not say that their address is confirmed.
func TestPendingPageSaysWhatWasProved(t *testing.T) {
	h := newHouse(t)
	id, _ := h.invite("handed@example.com", access.Fleet)
	link, err := h.service.Invitations.CopyLink(bg, h.admin, id)
	h.must(err)
	handed := h.guest()
	handed.enter(strings.TrimPrefix(link, houseURL))
	page := handed.get("/pending")
	page.want(t, http.StatusOK, "You accepted the invitation")
	page.lacks(t, "confirmed")

	_, mailed := h.invite("mailed@example.com", access.Fleet)
	by := h.guest()
	by.enter(mailed)
	by.get("/pending").want(t, http.StatusOK, "Your address is confirmed", "You confirmed your address")
}

// Somebody types a code an email short. It is no guess, leaves no trace of one,
// and comes back as they typed it, to be mended.
func TestASlipComesBackAsTyped(t *testing.T) {
	h := newHouse(t)
	g := h.guest()
	page := g.post(g.get("/login"), "/login", "email", "grace@example.org")
	g.post(page, "/login/code", "code", `K7PQ-3X"M`, "email", "grace@example.org").
		want(t, http.StatusUnprocessableEntity, "eight letters and digits")
	if again := g.post(page, "/login/code", "code", `K7PQ-3X"M`).body; !strings.Contains(again, `value="K7PQ-3X&#34;M"`) {
		t.Errorf("what was typed is lost:\n%s", again)
	}
	if n := h.kept()[access.TraceWrongCode]; n != 0 {
		t.Errorf("%d slips count as guesses", n)
	}
}
