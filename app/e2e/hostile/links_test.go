package hostile

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

var _ = item("1", "mail scanners open the link 20 times before its owner does", scannersPrefetch)

// A mail scanner opens every link in every email, with GET and with HEAD, under
// one User-Agent after the other. If opening were redeeming, the scanner would have the
// session, and the recipient would find the link used.
func scannersPrefetch(t *testing.T) {
	h := openWithAdmin(t)
	_, link := h.invite("ada@example.com")
	for i := range 20 {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			bot := h.browser(header("User-Agent", scanners[i%len(scanners)]))
			bot.do(method, link, nil).want(200)
			if bot.cookie("dw") != "" {
				t.Fatalf("%s by %s was given a session", method, scanners[i%len(scanners)])
			}
		}
	}
	ada := h.browser()
	ada.press(link, link).leads("/pending")
	ada.get("/pending").want(200)
}

var _ = item("2", "a sandbox that runs scripts opens the link and waits", noAutoSubmit)

// A scanner renders the page in a real browser and lets its scripts run. Nothing
// on the page may send the form by itself: no script but the one that shows times in the
// reader's zone, which can neither send nor open anything, no handler, no refresh, and a
// policy that would not run one.
func noAutoSubmit(t *testing.T) {
	h := openWithAdmin(t)
	_, link := h.invite("ada@example.com")
	page := h.browser().get(link).want(200)
	script := regexp.MustCompile(`<script src="(/assets/door\.[0-9a-f]{12}\.js)" defer[^>]*></script>`)
	if own := script.FindStringSubmatch(page.body); own != nil {
		sends := regexp.MustCompile(`(?i)submit|click|fetch|xmlhttp|beacon|source|location|history|open\(|cookie|` +
			`html|timeout|interval|eval|import`)
		if found := sends.FindString(h.browser().get(own[1]).want(200).body); found != "" {
			t.Errorf("the script on the page of a link has %q", found)
		}
		page.body = strings.Replace(page.body, own[0], "", 1)
	}
	acts := regexp.MustCompile(`(?i)<script|<iframe|<img[^>]+src|http-equiv|\son[a-z]+\s*=|javascript:|<meta[^>]+refresh`)
	if found := acts.FindString(page.body); found != "" {
		t.Errorf("the page of a link has %q", found)
	}
	if policy := page.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") ||
		!strings.Contains(policy, "default-src 'none'") {
		t.Errorf("its policy is %q", policy)
	}
	before, menu, _ := strings.Cut(page.body, `<form method="post" action="/language"`)
	if strings.Count(before, "<button") != 1 || strings.Count(menu, "<button") != 1 {
		t.Errorf("the page has not one button, and one for its language: %s", page.text())
	}
	ada := h.browser()
	ada.press(link, link).leads("/pending")
}

var _ = item("3",
	"the form behind the link is replayed blindly, from elsewhere, or with another visitor's proof",
	blindReplay)

// Some scanners send the forms that they find, and a hostile page can send its
// visitor's browser to post somebody else's token, so that the visitor works in
// the attacker's account. Without the cookie and the proof that the page of the
// link set, nothing is redeemed.
func blindReplay(t *testing.T) {
	h := openWithAdmin(t)
	_, link := h.invite("ada@example.com")
	h.browser().post(link, nil).want(403)
	h.browser().post(link, []string{"csrf", "x"}).want(403)
	proof := h.browser().proof(link)
	h.browser().post(link, []string{"csrf", proof}).want(403) // the proof without its cookie
	other := h.browser()
	other.get("/login")
	other.post(link, []string{"csrf", proof}).want(403) // the cookie of another browser
	same := h.browser()
	for _, from := range []change{header("Sec-Fetch-Site", "cross-site"), header("Origin", "https://evil.example")} {
		same.post(link, []string{"csrf", same.proof(link)}, from).want(403)
	}
	ada := h.browser()
	ada.press(link, link).leads("/pending")
}

var _ = item("6", "50 clicks on one link at the same moment", manyClicks)

// A link is single use, also when it is redeemed fifty times within a
// millisecond: one session, and everybody else gets the page of any dead link.
func manyClicks(t *testing.T) {
	h := openWithAdmin(t)
	_, link := h.invite("ada@example.com")
	before := h.did("signed_in")
	browsers := make([]*browser, 50)
	for i := range browsers {
		browsers[i] = h.browser()
		browsers[i].proof(link)
	}
	var won atomic.Int32
	at(len(browsers), func(i int) {
		a := browsers[i].press(link, link)
		if a.code == 303 {
			won.Add(1)
		} else if a.code != 410 && a.code != 429 {
			t.Errorf("a late click = %d", a.code)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d of 50 clicks opened a session", won.Load())
	}
	if n := h.did("signed_in") - before; n != 1 {
		t.Errorf("%d sign-ins were recorded", n)
	}
}

var _ = item("8", "an old email is found in the mailbox and used", olderLinks)

// An attacker with an old mailbox tries every link in it. A newer link of the same
// kind has voided the older ones.
func olderLinks(t *testing.T) {
	h := openWithAdmin(t)
	id, first := h.invite("ada@example.com")
	h.admin.api("POST", "/members/"+id+"/resend", nil).want(200)
	second := path(h.mail("ada@example.com", "", 2).Link)
	h.browser().get(first).want(410)
	ada := h.browser()
	ada.press(second, second).leads("/pending")
	h.admin.api("POST", "/members/"+id+"/approve", nil).want(200)

	b := h.browser()
	b.ask("ada@example.com").want(200)
	older := path(h.mail("ada@example.com", signIn, 1).Link)
	b.ask("ada@example.com").want(200)
	newer := path(h.mail("ada@example.com", signIn, 2).Link)
	b.get(older).want(410)
	b.press(newer, older).want(410)
	b.press(newer, newer).leads("/")
}

var scanners = []string{
	"Mozilla/5.0 (compatible; Microsoft Defender for Office 365)", "BarracudaCentral/1.0", "Proofpoint URL Defense",
	"Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "curl/8.0", "Mozilla/5.0 (Windows NT 10.0) Chrome/120",
}

var _ = item("19", "dead links are told apart: unknown, malformed, used, revoked, rejected", deadLinks)

// An attacker wants to know which tokens of a stolen list were once valid. If a used
// link were answered differently from an invented one, the list would show who was
// invited. All get the same answer, with the same offer of a new email.
func deadLinks(t *testing.T) {
	h := openWithAdmin(t)
	_, used := h.invite("ada@example.com")
	h.browser().press(used, used).want(303)
	id, old := h.invite("bob@example.com")
	h.admin.api("POST", "/members/"+id+"/resend", nil).want(200)
	gone, rejected := h.invite("eve@example.com")
	h.admin.api("POST", "/members/"+gone+"/reject", nil).want(200, 204)
	unknown := "/login/" + strings.Repeat("A", 43)
	token := regexp.MustCompile(`/login/[^"/]+/renew|value="[^"]*"`)
	first := ""
	for name, link := range map[string]string{
		"unknown":        unknown,
		"malformed":      "/login/short",
		"too long":       "/login/" + strings.Repeat("x", 300),
		"with odd bytes": "/login/%00%ff%0d%0a",
		"used":           used,
		"replaced":       old,
		"rejected":       rejected,
	} {
		for _, method := range []string{"GET", "POST"} {
			b := h.browser()
			a := b.press("/login", link)
			if method == "GET" {
				a = h.browser().get(link)
			}
			a.want(410)
			got := fmt.Sprintln(a.code) + headers(a.header) + token.ReplaceAllString(a.body, "…")
			if first == "" {
				first = got
			}
			if name != "" && strip(got) != strip(first) {
				t.Errorf("%s (%s) reads otherwise:\n%s\n%s", name, method, got, first)
			}
		}
	}
}

// headers are those of an answer, without the ones that always differ.
func headers(all http.Header) string {
	h := all.Clone()
	for _, name := range []string{"Date", "Content-Length"} {
		h.Del(name)
	}
	var names []string
	for _, c := range h.Values("Set-Cookie") {
		name, _, _ := strings.Cut(c, "=")
		names = append(names, name)
	}
	h.Del("Set-Cookie")
	return fmt.Sprint(h, names)
}

// strip leaves out that a GET by a new browser is given a cookie, and a POST
// after the form's page is not.
func strip(s string) string { return cookieList.ReplaceAllString(s, "") }

var cookieList = regexp.MustCompile(` \[(dw-browser(-\d+)?)?\]`)
