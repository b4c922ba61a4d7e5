package hostile

import (
	"fmt"
	"strings"
	"testing"

	"doorward/app/e2e/product"
)

// network is the nth of many that a trusted proxy speaks for.
func network(n int) string { return fmt.Sprintf("198.18.%d.%d", n/250, n%250+1) }

var _ = item("25", "one address in eight spellings, one network in many addresses", spellingsAndNetworks)

// Authelia counted john, John and JOHN separately (CVE-2026-47203). Another spelling of
// an address, or another address of one's own IPv6 network, gives no further tries.
func spellingsAndNetworks(t *testing.T) {
	h := openWithAdmin(t, "--trusted-proxies", "127.0.0.1")
	h.member("user@example.com")
	h.member("same@example.com")
	h.member("other@example.com")
	spellings := []string{
		"user@example.com", "User@example.com", "USER@EXAMPLE.COM", "user@Example.Com", " user@example.com ",
		"uſer@example.com", "user@example。com", "ｕser@example.com",
	}
	for range 2 {
		for _, s := range spellings {
			h.browser(forwarded("203.0.113.1")).ask(s).want(200, 422, 429)
			h.browser(forwarded("203.0.113.2")).ask("same@example.com").want(200, 429)
		}
	}
	many := h.emails("user@example.com", "other@example.com", forwarded("203.0.113.9"))
	one := h.emails("same@example.com", "other@example.com", forwarded("203.0.113.10"))
	if many > one || one == 0 || one >= 16 {
		t.Errorf("eight spellings got %d emails, one got %d", many, one)
	}

	refused := 0
	for i := range 90 {
		b := h.browser(forwarded(fmt.Sprintf("2001:db8:1:1::%x", i+1)))
		if b.api("GET", "/me", nil, bearer("dw_"+strings.Repeat("x", 43))).want(401, 429).code == 429 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("ninety addresses of one /64 were never limited")
	}
	h.browser(forwarded("2001:db8:1:2::1")).api("GET", "/me", nil, bearer("dw_"+strings.Repeat("x", 43))).want(401)
}

var _ = item("26", "strangers from many networks use up what one member needs to sign in", nobodyIsLockedOut)

// The attacker asks for emails and guesses codes and links in the victim's name,
// from as many networks as a botnet has. The victim's session continues, and from the
// browser that they used before they still get an email and can sign in.
func nobodyIsLockedOut(t *testing.T) {
	h := openWithAdmin(t, "--trusted-proxies", "127.0.0.1")
	ada, _ := h.member("ada@example.com")
	home := forwarded("192.0.2.1")
	own := h.browser(home)
	own.ask("ada@example.com").want(200)
	link := path(h.mail("ada@example.com", signIn, 1).Link)
	own.press(link, link).leads("/")
	own.press("/", "/logout").want(200)

	for n := range 40 {
		eve := h.browser(forwarded(network(n)))
		for range 2 {
			eve.ask("ada@example.com").want(200, 429)
		}
		eve.press("/login", "/login/code", "email", "ada@example.com", "code", fmt.Sprintf("%04d-%04d", n, n)).
			want(422, 429)
		eve.press("/login", "/login/"+strings.Repeat("A", 43)).want(410, 429)
	}
	ada.get("/fleet").want(200)
	before := len(h.Mail.Received())
	own.ask("ada@example.com").want(200)
	err := product.Eventually("the email that Ada asked for came", func() error {
		for _, l := range h.Mail.Received()[before:] {
			read := product.ReadMessage(l)
			if l.To != "ada@example.com" || read.Link == "" {
				continue
			}
			if a := own.get(path(read.Link)); a.code == 200 {
				own.press(path(read.Link), path(read.Link)).leads("/")
				return nil
			}
		}
		return fmt.Errorf("%d emails came, none for her browser", len(h.Mail.Received())-before)
	})
	if err != nil {
		t.Error(err)
	}
}

var _ = item("28", "the server is made to restart, so that the limits are reset", limitsOutliveRestart)

// The counts of an address are stored: killing the server, or waiting for its update,
// gives nobody more tries.
func limitsOutliveRestart(t *testing.T) {
	h := openWithAdmin(t, "--trusted-proxies", "127.0.0.1")
	h.member("ada@example.com")
	h.member("other@example.com")
	for range 12 {
		h.browser(forwarded("203.0.113.1")).ask("ada@example.com").want(200, 429)
	}
	before := h.emails("ada@example.com", "other@example.com", forwarded("203.0.113.2"))
	if err := h.Crash(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		h.browser(forwarded("203.0.113.1")).ask("ada@example.com").want(200, 429)
	}
	after := h.emails("ada@example.com", "other@example.com", forwarded("203.0.113.3"))
	if before == 0 || before >= 12 || after > before {
		t.Errorf("%d emails before the restart, %d after it", before, after)
	}
}
