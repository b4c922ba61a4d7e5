package portal

import (
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"doorward/backend/access"
	"doorward/backend/messages"
)

var noon = time.Date(2030, 5, 8, 12, 0, 0, 0, time.UTC)

// readPages are the pages of a frontend, with its own sentences.
func readPages(frontend fs.FS) (*pages, error) {
	catalog, err := messages.Open(frontend)
	if err != nil {
		return nil, err
	}
	return newPages(frontend, catalog)
}

// english are the words of samples.
var english = sync.OnceValue(func() *words {
	p, err := readPages(os.DirFS("../../../frontend"))
	if err != nil {
		panic(err)
	}
	return p.words(access.English)
})

func leaf(signedIn ...string) Leaf {
	l := Leaf{Workspace: "AI Loop", CSRF: "csrf-of-the-session", Here: "/here", words: english()}
	if len(signedIn) > 0 {
		l.SignedInAs = signedIn[0]
	}
	return l
}

const (
	longName    = "Wolfeschlegelsteinhausenbergerdorff Featherstonehaugh-Cholmondeley the Third of Llanfairpwllgwyngyll"
	longAddress = "a.very.long.local.part.that.goes.on.and.on.and.on.for.sixty.four" +
		"@a-department-with-a-long-name.research.institute.example.com"
)

type sample struct {
	page  string
	model any
}

// samples is every page in every state that somebody can see.
func samples() map[string]sample { return samplesIn(english()) }

// samplesIn is samples in another language.
func samplesIn(w *words) map[string]sample {
	leaf := func(signedIn ...string) Leaf {
		l := leaf(signedIn...)
		l.words = w
		return l
	}
	here := leaf("ada@example.com")
	ailoop := Section{"AILoop", "/ailoop", []Resource{{"Data Lake", "/ailoop/datalake"}, {"Flows", "/ailoop/flows"}}}
	fleet := Section{"Fleet", "/fleet", []Resource{{"Data Lake", "/fleet/datalake"}, {"Flows", "/fleet/flows"}}}
	pending := PendingPage{
		Leaf:      here,
		Verified:  true,
		Name:      "Ada Lovelace",
		Email:     "ada@example.com",
		Inviter:   "Grace Hopper",
		InvitedAt: noon.Add(-26 * time.Hour),
		Roles:     []string{"Fleet"},
		Since:     noon.Add(-12 * time.Minute),
		Now:       noon,
	}
	unmailed := pending
	unmailed.NoMail = true
	noted := pending
	noted.Note, noted.NoteSaved = "I am taking over route planning from Charles this week.", true
	refused := pending
	refused.Note, refused.NoteError, refused.Held = strings.Repeat("Because. ", 24),
		"A note has at most 200 characters; this one has 216.", true
	home := HomePage{Leaf: here, Name: "Ada Lovelace", NewName: "Ada Lovelace", Email: "ada@example.com",
		Roles: []string{"Fleet"}, Sections: []Section{fleet}, LastSignIn: noon.Add(-3 * time.Hour), Now: noon}
	admin := home
	admin.Name, admin.NewName, admin.Email = "Grace Hopper", "Grace Hopper", "grace@example.org"
	admin.Roles = []string{"Admin"}
	admin.Sections, admin.Admin, admin.Pending = []Section{ailoop, fleet}, true, 3
	quiet := admin
	quiet.Pending = 0
	tokens := quiet
	tokens.Tokens = 2
	renamed, misnamed := home, home
	renamed.NameSaved = true
	misnamed.NewName, misnamed.NameError = strings.Repeat("Ada ", 60), "The name can have at most 200 characters."
	invitation := LinkPage{
		Leaf:         leaf(),
		Action:       "/login/TOKEN",
		Invitation:   true,
		Email:        "ada@example.com",
		Inviter:      "Grace Hopper",
		InviterEmail: "grace@example.org",
		Roles:        []string{"Fleet"},
		Note:         "Welcome, Ada. Charles told me you start on Monday.",
		Until:        noon.Add(7 * 24 * time.Hour),
		Now:          noon,
	}
	other := invitation
	other.SignedInAs, other.Current, other.CurrentEmail, other.Stay = "grace@example.org", "Grace Hopper",
		"grace@example.org", "/"
	long := leaf()
	long.Workspace = longName
	inside := leaf(longAddress)
	inside.Workspace = longName
	return map[string]sample{
		"login": {pageLogin, LoginPage{Leaf: leaf()}},
		"login-error": {pageLogin, LoginPage{
			Leaf:  leaf(),
			Email: "ada@",
			Error: "Something is missing after the @. Write the whole address, such as ada@example.com.",
			Next:  "/fleet/flows",
		}},
		"login-code": {pageLoginCode, LoginCodePage{Leaf: leaf(), Email: "Ada@Example.com", Minutes: 15}},
		"login-code-error": {pageLoginCode, LoginCodePage{
			Leaf:    leaf(),
			Email:   "Ada@Example.com",
			Minutes: 15,
			Next:    "/fleet",
			Code:    "K7PQ-3XM",
			Error:   "This is not the code in the newest email. Check the newest email, or send it again.",
		}},
		"login-code-other": {pageLoginCode, LoginCodePage{
			Leaf:    leaf("grace@example.org"),
			Email:   "ada@example.com",
			Minutes: 15,
			Code:    "K7PQ-3XMD",
			Choice:  Choice{Current: "Grace Hopper", CurrentEmail: "grace@example.org", Stay: "/"},
		}},
		"link-sign-in": {pageLink, LinkPage{
			Leaf:   leaf(),
			Action: "/login/TOKEN",
			Email:  "ada@example.com",
			Now:    noon,
		}},
		"link-invitation": {pageLink, invitation},
		"link-other":      {pageLink, other},
		"link-sign-in-other": {pageLink, LinkPage{
			Leaf:   leaf("grace@example.org"),
			Action: "/login/TOKEN",
			Email:  "ada@example.com",
			Now:    noon,
			Choice: Choice{Current: "grace@example.org", Stay: "/pending"},
		}},
		"link-invitation-bare": {pageLink, LinkPage{
			Leaf:       leaf(),
			Action:     "/login/TOKEN",
			Invitation: true,
			Email:      "ada@example.com",
			Roles:      []string{"AILoop", "Fleet"},
			Until:      noon.Add(time.Hour),
			Now:        noon,
		}},
		"link-long": {pageLink, LinkPage{
			Leaf:         long,
			Action:       "/login/TOKEN",
			Invitation:   true,
			Email:        longAddress,
			Inviter:      longName,
			InviterEmail: longAddress,
			Roles:        []string{"Admin", "AILoop", "Fleet", "Observers of the long and winding road"},
			Note:         strings.Repeat("A long word of welcome. ", 10),
			Until:        noon.Add(30 * 24 * time.Hour),
			Now:          noon,
		}},
		"link-sign-in-long": {pageLink, LinkPage{Leaf: long, Action: "/login/TOKEN", Email: longAddress, Now: noon}},
		"link-dead":         {pageLinkDead, LinkDeadPage{Leaf: leaf(), Action: "/login/TOKEN/renew"}},
		"link-renewed":      {pageLinkRenewed, LinkRenewedPage{Leaf: leaf()}},
		"wrong-browser":     {pageWrongBrowser, WrongBrowserPage{Leaf: leaf(), Action: "/login/TOKEN/renew"}},
		"pending":           {pagePending, pending},
		"pending-note":      {pagePending, noted},
		"pending-refused":   {pagePending, refused},
		"pending-bare":      {pagePending, PendingPage{Leaf: here, Email: "ada@example.com", Now: noon}},
		"pending-no-mail":   {pagePending, unmailed},
		"pending-long": {pagePending, PendingPage{
			Leaf:      inside,
			Name:      longName,
			Email:     longAddress,
			Inviter:   longName,
			InvitedAt: noon.Add(-400 * 24 * time.Hour),
			Roles:     []string{"Admin", "AILoop", "Fleet"},
			Since:     noon.Add(-29 * 24 * time.Hour),
			Now:       noon,
		}},
		"home-member":      {pageHome, home},
		"home-admin":       {pageHome, admin},
		"home-admin-quiet": {pageHome, quiet},
		"home-tokens":      {pageHome, tokens},
		"home-renamed":     {pageHome, renamed},
		"home-misnamed":    {pageHome, misnamed},
		"home-empty":       {pageHome, HomePage{Leaf: here, Email: "ada@example.com", Now: noon}},
		"home-long": {pageHome, HomePage{
			Leaf:     inside,
			Name:     longName,
			NewName:  longName,
			Email:    longAddress,
			Roles:    []string{"AILoop", "Fleet"},
			Sections: []Section{ailoop, fleet},
			Now:      noon,
		}},
		"section": {pageSection, SectionPage{Leaf: here, Section: ailoop}},
		"section-empty": {pageSection, SectionPage{
			Leaf:    here,
			Section: Section{"AILoop", "/ailoop", nil},
		}},
		"resource": {pageResource, ResourcePage{
			Leaf:     here,
			Section:  ailoop,
			Resource: ailoop.Resources[0],
		}},
		"setup": {pageSetup, SetupPage{
			Leaf:          leaf(),
			Action:        "/setup/TOKEN",
			WorkspaceName: "AI Loop",
		}},
		"setup-errors": {pageSetup, SetupPage{
			Leaf:   leaf(),
			Action: "/setup/TOKEN",
			Email:  "grace@",
			Errors: map[string]string{
				"":          "Someone else was faster. Sign in instead.",
				"workspace": "Enter a name for the workspace.",
				"name":      "Enter your name. People see it in their invitations.",
				"email":     "Something is missing after the @.",
			},
		}},
		"message-suspended":             {pageMessage, suspendedPage(here)},
		"message-rejected":              {pageMessage, rejectedPage(leaf())},
		"message-withdrawn":             {pageMessage, withdrawnPage(leaf())},
		"message-signed-out":            {pageMessage, signedOutPage(leaf(), false, false)},
		"message-signed-out-tokens":     {pageMessage, signedOutPage(leaf(), true, true)},
		"message-removed":               {pageMessage, removedPage(here)},
		"message-no-console":            {pageMessage, noConsolePage(here)},
		"message-not-allowed-console":   {pageMessage, notAllowedPage(here, consolePlace)},
		"message-not-allowed-desktop":   {pageMessage, notAllowedPage(here, desktopPlace)},
		"message-suspended-unnamed":     {pageMessage, suspendedPage(leaf())},
		"message-signed-out-everywhere": {pageMessage, signedOutPage(leaf(), true, false)},
		"message-not-allowed":           {pageMessage, notAllowedPage(here, "AILoop")},
		"message-not-found":             {pageMessage, notFoundPage(leaf())},
		"message-disk-full": {pageMessage,
			diskFullPage(leaf(), access.Errorf(access.Unavailable,
				"The server's disk is nearly full, so nothing can be changed right now. Please tell an administrator."),
				"/login")},
		"message-busy": {pageMessage, busyPage(leaf(), "/login", 5*time.Second)},
		"message-no-leader": {pageMessage,
			noLeaderPage(Leaf{Workspace: "Doorward", words: leaf().words}, true, Action{Href: "/"}, 2*time.Second)},
		"message-no-leader-form": {pageMessage, noLeaderPage(Leaf{Workspace: "Doorward", words: leaf().words}, false,
			Action{PostTo: "/login", Fields: []Field{{"csrf", "csrf-of-the-session"}, {"email", "ada@example.com"}}},
			2*time.Second)},
		"message-unknown-outcome": {pageMessage, unknownOutcomePage(leaf(), access.Errorf(access.Unavailable,
			"It is not yet known whether this was saved. Check before you try again."))},
		"message-too-many": {pageMessage, tooManyPage(leaf(), "/login", 4*time.Minute)},
		"message-refused": {pageMessage,
			refusedPage(here, &access.Error{
				Message: "This invitation was meant for another address. Ask the person who invited you for a new one.",
			})},
		"message-stale-form":   {pageMessage, staleFormPage(leaf(), "/login")},
		"message-our-error":    {pageMessage, ourErrorPage(leaf(), "k3v7q2m9")},
		"message-foreign-host": {pageMessage, foreignHostPage(leaf(), "https://door.example.com")},
		"window-code": {
			pageDesktop,
			DesktopPage{
				Leaf:          here,
				Authorization: DesktopAuthorization{Challenge: "CHALLENGE", State: "STATE", Port: 40123},
				Unused:        w.Span(access.MemberIdleTTL),
				Max:           w.Span(access.MemberSessionTTL),
				Sent:          true,
				Email:         "grace@example.org",
				Minutes:       10,
			},
		},
		"window-wrong": {
			pageDesktop,
			DesktopPage{
				Leaf:          here,
				Authorization: DesktopAuthorization{Challenge: "CHALLENGE", State: "STATE", Port: 40123},
				Unused:        w.Span(access.MemberIdleTTL),
				Max:           w.Span(access.MemberSessionTTL),
				Sent:          true,
				Held:          true,
				Email:         "grace@example.org",
				Minutes:       10,
				Error:         "That code is wrong or has expired. Check the newest email, or request another code.",
			},
		},
		"desktop": {
			pageDesktop,
			DesktopPage{
				Leaf:          here,
				Authorization: DesktopAuthorization{Challenge: "CHALLENGE", State: "STATE", Port: 40123},
				Unused:        w.Span(access.MemberIdleTTL),
				Max:           w.Span(access.MemberSessionTTL),
			},
		},
		"message-not-set-up":   {pageMessage, notSetUpPage(Leaf{Workspace: "Doorward", words: w})},
		"message-setup-closed": {pageMessage, setupClosedPage(leaf())},
	}
}
