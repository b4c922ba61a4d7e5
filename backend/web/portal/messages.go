package portal

import (
	"strings"
	"time"

	"doorward/backend/access"
)

func (l Leaf) goHome() Action {
	return Action{Label: l.words.say("portal.page.go_home_button"), Href: "/"}
}
func (l Leaf) goSignIn() Action {
	return Action{Label: l.words.say("portal.page.sign_in_button"), Href: "/login"}
}

func (l Leaf) signOut() Action {
	return Action{Label: l.words.say("portal.page.sign_out_button"), PostTo: "/logout"}
}

func (l Leaf) tryAgain(href string) Action {
	return Action{Label: l.words.say("portal.page.try_again_button"), Href: href}
}

func message(l Leaf, tone Tone, title, text, advice string, ways ...Action) MessagePage {
	l.Title = title
	m := MessagePage{Leaf: l, Tone: tone, Text: text, Advice: advice}
	if len(ways) > 0 {
		m.Primary = ways[0]
	}
	if len(ways) > 1 {
		m.Secondary = ways[1]
	}
	return m
}

// suspendedPage is for a suspended member.
func suspendedPage(l Leaf) MessagePage {
	say := l.words.say
	text, way := say("portal.suspended.text", "Workspace", l.Workspace), l.goSignIn()
	if l.SignedInAs != "" {
		text = say("portal.suspended.text_named", "Workspace", l.Workspace, "Email", l.SignedInAs)
		way = l.signOut()
	}
	l.SignedInAs = ""
	return message(l, Warn, say("portal.suspended.title"), text, say("portal.suspended.advice"), way)
}

// rejectedPage is for a person whose request was rejected while they waited.
func rejectedPage(l Leaf) MessagePage {
	l.SignedInAs = ""
	say := l.words.say
	return message(l, Warn, say("portal.rejected.title"),
		say("portal.rejected.text", "Workspace", l.Workspace), say("portal.rejected.advice"))
}

// removedPage is for a member whose account was deleted while they were signed
// in.
func removedPage(l Leaf) MessagePage {
	l.SignedInAs = ""
	say := l.words.say
	return message(l, Info, say("portal.removed.title"),
		say("portal.removed.text", "Workspace", l.Workspace), say("portal.removed.advice"))
}

// withdrawnPage confirms a withdrawal.
func withdrawnPage(l Leaf) MessagePage {
	l.SignedInAs = ""
	say := l.words.say
	return message(l, Info, say("portal.withdrawn.title"),
		say("portal.withdrawn.text", "Workspace", l.Workspace), say("portal.withdrawn.advice"))
}

// signedOutPage confirms a sign-out.
func signedOutPage(l Leaf, everywhere, tokens bool) MessagePage {
	l.SignedInAs = ""
	say := l.words.say
	text := say("portal.signed_out.text")
	switch {
	case everywhere && tokens:
		text = say("portal.signed_out.text_tokens")
	case everywhere:
		text = say("portal.signed_out.text_everywhere")
	}
	return message(l, Info, say("portal.signed_out.title"), text, "",
		Action{Label: say("portal.signed_out.again_button"), Href: "/login"})
}

// notAllowedPage is for a page that the member's roles do not open. The place is the name
// of a section, or one of the constants below.
func notAllowedPage(l Leaf, place string) MessagePage {
	say := l.words.say
	title := say("portal.not_allowed.title", "Place", place)
	switch place {
	case consolePlace:
		title = say("portal.not_allowed.title_console")
	case desktopPlace:
		title = say("portal.not_allowed.title_desktop")
	}
	return message(l, Warn, title, say("portal.not_allowed.text"),
		say("portal.not_allowed.advice", "Workspace", l.Workspace), l.goHome())
}

// notFoundPage is for an address of this server that does not exist.
func notFoundPage(l Leaf) MessagePage {
	return message(l, Info, l.words.say("portal.not_found.title"), l.words.say("portal.not_found.text"), "", l.goHome())
}

// busyPage is for a request that the server has no room for now.
func busyPage(l Leaf, again string, after time.Duration) MessagePage {
	say := l.words.say
	return message(l, Warn, say("portal.busy.title"), say("portal.busy.text"),
		say("portal.busy.advice", "Wait", l.words.wait(after)), l.tryAgain(again))
}

// noLeaderPage is for a request while no machine of a cluster leads. again asks the same once more;
// a page does so by itself.
func noLeaderPage(l Leaf, page bool, again Action, after time.Duration) MessagePage {
	say := l.words.say
	advice := say("portal.busy.advice", "Wait", l.words.wait(after))
	switch {
	case page:
		advice = say("portal.no_leader.advice")
	case again.PostTo != "":
		advice = say("portal.no_leader.form_advice")
	}
	again.Label = say("portal.page.try_again_button")
	return message(l, Warn, say("portal.no_leader.title"), say("portal.no_leader.text"), advice, again)
}

// unknownOutcomePage is for a change of which it is not known whether it was made.
func unknownOutcomePage(l Leaf, e *access.Error) MessagePage {
	return message(l, Warn, l.words.say("portal.unknown_outcome.title"), l.words.explain(e), "", l.goHome())
}

// diskFullPage is for a change while there is no disk space to store it.
func diskFullPage(l Leaf, e *access.Error, again string) MessagePage {
	say := l.words.say
	return message(l, Warn, say("portal.disk_full.title"), l.words.explain(e),
		say("portal.disk_full.advice"), l.tryAgain(again))
}

// tooManyPage is for a visitor who has sent too many requests.
func tooManyPage(l Leaf, again string, after time.Duration) MessagePage {
	say := l.words.say
	return message(l, Warn, say("portal.too_many.title"), say("portal.too_many.text"),
		say("portal.too_many.advice", "Wait", l.words.wait(after)), l.tryAgain(again))
}

// refusedPage shows an error that has no page of its own.
func refusedPage(l Leaf, e *access.Error) MessagePage {
	return message(l, Warn, l.words.say("portal.refused.title"), l.words.explain(e), "", l.goHome())
}

// staleFormPage is for a form without a valid token of ours.
func staleFormPage(l Leaf, again string) MessagePage {
	say := l.words.say
	return message(l, Warn, say("portal.stale_form.title"), say("portal.stale_form.text"),
		say("portal.stale_form.advice"), l.tryAgain(again))
}

// ourErrorPage is for an internal error. The number finds it in the log.
func ourErrorPage(l Leaf, requestNumber string) MessagePage {
	say := l.words.say
	m := message(l, Danger, say("portal.our_error.title"), say("portal.our_error.text"),
		say("portal.our_error.advice"), l.goHome())
	m.RequestNumber = requestNumber
	return m
}

// foreignHostPage is for a request to a host name that is not ours.
func foreignHostPage(l Leaf, publicURL string) MessagePage {
	say := l.words.say
	return message(l, Warn, say("portal.foreign_host.title"), say("portal.foreign_host.text"),
		say("portal.foreign_host.advice"),
		Action{Label: strings.TrimPrefix(strings.TrimPrefix(publicURL, "https://"), "http://"), Href: publicURL})
}

// notSetUpPage is every page for people while there is no Admin and no member.
func notSetUpPage(l Leaf) MessagePage {
	say := l.words.say
	return message(l, Info, say("portal.not_set_up.title"), say("portal.not_set_up.text"),
		say("portal.not_set_up.advice"))
}

// setupClosedPage is for a setup link after the first Admin was made.
func setupClosedPage(l Leaf) MessagePage {
	say := l.words.say
	return message(l, Info, say("portal.setup_closed.title"), say("portal.setup_closed.text"),
		say("portal.setup_closed.advice"), l.goSignIn())
}

// noConsolePage is for a build without the console.
func noConsolePage(l Leaf) MessagePage {
	say := l.words.say
	return message(l, Info, say("portal.no_console.title"), say("portal.no_console.text"),
		say("portal.no_console.advice", "Requests", "doorward requests", "Approve", "doorward approve",
			"Invite", "doorward invite", "Help", "doorward help", "Build", "make build"), l.goHome())
}
