package hostile

import (
	"fmt"
	"strings"
	"testing"
)

// taken reports whether an invitation to an address is accepted, and the answer.
func (h *target) taken(email string) (bool, answer) {
	h.t.Helper()
	a := h.admin.api("POST", "/invitations", map[string]any{"email": email, "roles": []string{"Fleet"}})
	return a.code == 201, a
}

var _ = item("46", "one mailbox is invited as several members with different spellings", spellings)

// The attacker writes one mailbox with capitals, a Kelvin sign, full-width letters, or
// another form of its domain, to get a second member with a decision of its own. They
// are one member. A letter that only looks or folds like another is another mailbox.
func spellings(t *testing.T) {
	h := openWithAdmin(t)
	for _, pair := range [][2]string{
		{"kim@x.org", "\u212aim@x.org"},
		{"ada@example.com", "ADA@EXAMPLE.COM"},
		{"bob@example.com", " bob@example.com "},
		{"eve@example.com", "ｅve@example.com"},
		{"a@bücher.example", "a@xn--bcher-kva.example"},
		{"a@sub.example.com", "a@sub。example.com"},
		{"jose@example.com", "JOSE@example.com"},
	} {
		if ok, a := h.taken(pair[0]); !ok {
			t.Errorf("%q = %d: %s", pair[0], a.code, a.body)
		}
		if _, a := h.taken(pair[1]); a.code != 409 && a.code != 422 {
			t.Errorf("%q beside %q = %d", pair[1], pair[0], a.code)
		}
	}
	h.taken("iris@example.com")
	// a dotless i is not an i, and mail servers accept none in a local part
	if ok, _ := h.taken("ıris@example.com"); ok {
		for _, m := range h.admin.api("GET", "/members?q=iris", nil).items() {
			if m["email"] == "ıris@example.com" && m["email_canonical"] == "iris@example.com" {
				t.Error("a dotless i is taken for an i")
			}
		}
	}
}

var _ = item("47", "an address that looks like a colleague's is shown to the Admin", lookalikes)

// Cyrillic letters that look like Latin ones make an address that reads like one that
// the Admin knows. Mixed scripts are refused.
func lookalikes(t *testing.T) {
	h := openWithAdmin(t)
	for _, email := range []string{
		"аdmin@example.com", "grаce@example.org", "pаypal@example.com", "a@exаmple.com", "αdmin@example.com",
	} {
		if ok, a := h.taken(email); ok || a.code != 422 {
			t.Errorf("%q = %d: %s", email, a.code, a.body)
		}
	}
}

var _ = item("48",
	"plus addresses: someone else's account if the tag is removed, or fifty times the limits of one mailbox",
	plusAddresses)

// u+1 and u are two accounts: the owner of the first must not get the second. But they
// may be one mailbox, which must not be flooded from fifty addresses.
func plusAddresses(t *testing.T) {
	h := openWithAdmin(t, "--trusted-proxies", "127.0.0.1")
	h.member("u@example.com")
	h.member("plain@example.com")
	h.member("other@example.com")
	var ids []string
	for i := range 10 {
		m := objects(t, h.command("invite", fmt.Sprintf("u+%d@example.com", i), "--role", "Fleet", "--json"))
		ids = append(ids, str(m[0]["id"]))
		h.command("approve", ids[i])
	}
	if len(ids) != 10 || ids[0] == ids[1] {
		t.Error("plus addresses are not accounts of their own")
	}
	for i := range 10 {
		h.browser(forwarded("203.0.113.1")).ask(fmt.Sprintf("u+%d@example.com", i)).want(200, 429)
		h.browser(forwarded("203.0.113.2")).ask("plain@example.com").want(200, 429)
	}
	one := h.emails("plain@example.com", "other@example.com", forwarded("203.0.113.3"))
	many := 0
	for _, l := range h.Mail.Received() {
		if strings.HasPrefix(l.To, "u+") && strings.Contains(l.Subject, signIn) {
			many++
		}
	}
	if many > one || one == 0 {
		t.Errorf("ten plus addresses got %d emails, one address %d", many, one)
	}
}

var _ = item("49", "an address that means more to a mail server than to us", injectedAddresses)

// A quoted local part went to the wire as RCPT TO:<victim@evil.example> <x@ours>.
// Nothing that a mail server could read in two ways is an address here, wherever
// one can be typed.
func injectedAddresses(t *testing.T) {
	h := openWithAdmin(t)
	for _, email := range []string{
		`"victim@evil.example> <x"@ok.example`, `"a> NOTIFY=NEVER <x"@ok.example`, `"a b"@ok.example`,
		"a b@ok.example", "a@ok.example\r\nRCPT TO:<eve@evil.example>", "a\r@ok.example", "a\n@ok.example",
		"a\x00@ok.example", "a\u2028@ok.example", "a\u0085@ok.example", "a@ok.example,b@evil.example",
		"a@ok.example;b@evil.example", "Ada <a@ok.example>", "<a@ok.example>", "a@ok.example>", "a(c)@ok.example",
		"a@[127.0.0.1]", "a@[IPv6:::1]", "a@127.0.0.1", "a@localhost", "a@", "@ok.example", "a@@ok.example",
		"a.@ok.example", ".a@ok.example", "a..b@ok.example", "a@ok..example", "a@-ok.example", `a\@ok.example`,
		strings.Repeat("a", 65) + "@ok.example", "a@" + strings.Repeat("b.", 130) + "example",
		"a@ok.example\t", "a\u200b@ok.example", "%0d%0a@ok.example\r\n",
	} {
		ok, a := h.taken(email)
		if ok && strings.TrimSpace(email) != str(a.object()["email"]) || !ok && a.code != 422 {
			t.Errorf("%q = %d: %s", email, a.code, a.body)
		}
		if ok && strings.ContainsAny(strings.TrimSpace(email), " \r\n\t<>\"(),;:\\[]\x00") {
			t.Errorf("%q is taken", email)
		}
		h.browser().ask(email).want(200, 422)
	}
	for _, l := range h.Mail.Received() {
		if strings.Contains(l.To, "evil") || strings.ContainsAny(l.To, "<> \r\n") {
			t.Errorf("an email went to %q", l.To)
		}
	}
}
