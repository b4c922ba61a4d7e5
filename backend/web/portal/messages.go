package portal

import (
	"fmt"
	"strings"
	"time"

	"doorward/backend/text"
)

var (
	goHome   = Action{Label: "Go home", Href: "/"}
	goSignIn = Action{Label: "Sign in", Href: "/login"}
	signOut  = Action{Label: "Sign out", PostTo: "/logout"}
	tryAgain = func(href string) Action { return Action{Label: "Try again", Href: href} }
)

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
	who, way := "your account", goSignIn
	if l.SignedInAs != "" {
		who, way = l.SignedInAs, signOut
	}
	l.SignedInAs = ""
	return message(l, Warn, "Your account is suspended",
		fmt.Sprintf("An administrator of %s has suspended %s. Nothing in the account was deleted.", l.Workspace, who),
		"Ask an administrator to restore it; you can then sign in as before.", way)
}

// rejectedPage is for a person whose request was rejected while they waited.
func rejectedPage(l Leaf) MessagePage {
	l.SignedInAs = ""
	return message(l, Warn, "Your request was not approved",
		fmt.Sprintf("An administrator of %s declined your request. Your account and email address were "+
			"deleted here.", l.Workspace),
		"If you think this is a mistake, write to the person who invited you. You can close this page.")
}

// withdrawnPage confirms a withdrawal.
func withdrawnPage(l Leaf) MessagePage {
	l.SignedInAs = ""
	return message(l, Info, "You have withdrawn",
		fmt.Sprintf("Your account and your request in %s were deleted.", l.Workspace),
		"If you change your mind, ask for a new invitation. You can close this page.")
}

// signedOutPage confirms a sign-out.
func signedOutPage(l Leaf, everywhere, tokens bool) MessagePage {
	l.SignedInAs = ""
	text := "This browser no longer has access to your account."
	if everywhere {
		text = "You are signed out of this browser and of every other one."
	}
	if everywhere && tokens {
		text += " Your API tokens were revoked."
	}
	return message(l, Info, "You are signed out", text, "", Action{Label: "Sign in again", Href: "/login"})
}

// notAllowedPage is for a page that the member's roles do not open.
func notAllowedPage(l Leaf, place string) MessagePage {
	return message(l, Warn, "You don’t have access to "+place,
		"Your roles do not include it.",
		fmt.Sprintf("If you need it, ask an administrator of %s for a role that includes %s.", l.Workspace, place),
		goHome)
}

// notFoundPage is for an address of this server that does not exist.
func notFoundPage(l Leaf) MessagePage {
	return message(l, Info, "Page not found",
		"The address may be mistyped, or the page was moved.", "", goHome)
}

// busyPage is for a request that the server has no room for now.
func busyPage(l Leaf, again string, after time.Duration) MessagePage {
	return message(l, Warn, "The server is busy",
		"Your request was not carried out, and nothing was changed.",
		fmt.Sprintf("It should work %s.", text.Wait(after)), tryAgain(again))
}

// diskFullPage is for a change while there is no disk space to store it.
func diskFullPage(l Leaf, sentence, again string) MessagePage {
	return message(l, Warn, "Changes are not possible right now", sentence,
		"Your request was not carried out. You can still read everything, and sign out.", tryAgain(again))
}

// tooManyPage is for somebody who has sent too many requests.
func tooManyPage(l Leaf, again string, after time.Duration) MessagePage {
	return message(l, Warn, "Too many attempts",
		"There were too many requests in a short time.",
		fmt.Sprintf("Please try again %s. Links and codes that you already have still work.", text.Wait(after)),
		tryAgain(again))
}

// refusedPage shows an error's sentence that has no page of its own.
func refusedPage(l Leaf, sentence string) MessagePage {
	return message(l, Warn, "That did not work", sentence, "", goHome)
}

// staleFormPage is for a form without a valid token of ours.
func staleFormPage(l Leaf, again string) MessagePage {
	return message(l, Warn, "This form has expired",
		"For your security it was not accepted, and nothing was changed.",
		"Open the page again and repeat the last step. Your browser has to allow cookies for this site.",
		tryAgain(again))
}

// ourErrorPage is for an internal error. The number finds it in the log.
func ourErrorPage(l Leaf, requestNumber string) MessagePage {
	m := message(l, Danger, "Something went wrong on our side",
		"It is not your fault. What you just did may not have been saved.",
		"Try again in a moment. If it happens again, tell an administrator the number below; the log has the "+
			"cause under it.", goHome)
	m.RequestNumber = requestNumber
	return m
}

// foreignHostPage is for a request to a host name that is not ours.
func foreignHostPage(l Leaf, publicURL string) MessagePage {
	return message(l, Warn, "This is not the address of this server",
		"The server was reached under a name that it does not use.",
		"Use the address below. Administrators set it as the public URL.",
		Action{Label: strings.TrimPrefix(strings.TrimPrefix(publicURL, "https://"), "http://"), Href: publicURL})
}

// notSetUpPage is every page for people while there is no Admin and no member.
func notSetUpPage(l Leaf) MessagePage {
	return message(l, Info, "This workspace is not set up yet",
		"Open the setup link that the server printed when it started.",
		"It is in the server’s output or log. To get a new one, start the server again.")
}

// setupClosedPage is for a setup link after the first Admin was made.
func setupClosedPage(l Leaf) MessagePage {
	return message(l, Info, "Setup is closed",
		"This workspace already has its first administrator, or this is not the setup link that the server "+
			"printed when it started.",
		"If that was you, sign in. Otherwise check what the server printed when it started.", goSignIn)
}

// noConsolePage is for a build without the console.
func noConsolePage(l Leaf) MessagePage {
	return message(l, Info, "The console is not part of this build",
		"Everything it does can be done on the server's own shell.",
		"Run: doorward requests, doorward approve, doorward invite; doorward help lists the rest. To have the "+
			"console here, build with: make build", goHome)
}
