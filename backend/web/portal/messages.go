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
	logOut   = Action{Label: "Log out", PostTo: "/logout"}
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
		who, way = l.SignedInAs, logOut
	}
	l.SignedInAs = ""
	return message(l, Warn, "Your account is paused",
		fmt.Sprintf("An administrator of %s has suspended %s. Nothing in the account was deleted.", l.Workspace, who),
		"Ask an administrator to restore it; you can then sign in as before.", way)
}

// rejectedPage is for a person whose request was rejected while they waited.
func rejectedPage(l Leaf) MessagePage {
	l.SignedInAs = ""
	return message(l, Warn, "Your request was not approved",
		fmt.Sprintf("An administrator of %s decided not to open the door this time. Your account and address were "+
			"deleted here.", l.Workspace),
		"If you think this is a mistake, write to the person who invited you. You can close this page.")
}

// withdrawnPage confirms a withdrawal.
func withdrawnPage(l Leaf) MessagePage {
	l.SignedInAs = ""
	return message(l, Info, "You have withdrawn",
		fmt.Sprintf("Your account in %s is deleted, and so is your request.", l.Workspace),
		"If you change your mind, ask for a new invitation. You can close this page.")
}

// signedOutPage confirms a sign-out.
func signedOutPage(l Leaf, everywhere, tokens bool) MessagePage {
	l.SignedInAs = ""
	text := "This browser no longer has access to your account."
	if everywhere {
		text = "All your sessions are ended, in this browser and in every other."
	}
	if everywhere && tokens {
		text += " Your API tokens are revoked."
	}
	return message(l, Info, "You are signed out", text, "", Action{Label: "Sign in again", Href: "/login"})
}

// notAllowedPage is for a page that the member's roles do not open.
func notAllowedPage(l Leaf, place string) MessagePage {
	return message(l, Warn, place+" is not open to you",
		"Your roles do not include it.",
		fmt.Sprintf("If you need it, ask an administrator of %s to give you a role that opens %s.", l.Workspace, place),
		goHome)
}

// notFoundPage is for an address of this server that does not exist.
func notFoundPage(l Leaf) MessagePage {
	return message(l, Info, "There is nothing here",
		"The address may be mistyped, or the page has moved.", "", goHome)
}

// busyPage is for a request that the server has no room for now.
func busyPage(l Leaf, again string, after time.Duration) MessagePage {
	return message(l, Warn, "The server is busy",
		"Your request was not taken, and nothing was changed.",
		fmt.Sprintf("It should work %s.", text.Wait(after)), tryAgain(again))
}

// diskFullPage is for a change while there is no disk space to store it.
func diskFullPage(l Leaf, sentence, again string) MessagePage {
	return message(l, Warn, "Nothing can be changed just now", sentence,
		"Your request was not taken. What is there can be read as always, and you can sign out.", tryAgain(again))
}

// tooManyPage is for somebody who has sent too many requests.
func tooManyPage(l Leaf, again string, after time.Duration) MessagePage {
	return message(l, Warn, "Too many tries",
		"There were more requests than we take in so short a time.",
		fmt.Sprintf("Please try again %s. Links and codes that you have already stay good.", text.Wait(after)),
		tryAgain(again))
}

// refusedPage shows an error's sentence that has no page of its own.
func refusedPage(l Leaf, sentence string) MessagePage {
	return message(l, Warn, "That did not work", sentence, "", goHome)
}

// staleFormPage is for a form without a valid token of ours.
func staleFormPage(l Leaf, again string) MessagePage {
	return message(l, Warn, "This page was open for too long",
		"For your safety the form was not taken, and nothing was changed.",
		"Open the page again and repeat the last step. Your browser has to allow cookies for this site.",
		tryAgain(again))
}

// ourErrorPage is for an internal error. The number finds it in the log.
func ourErrorPage(l Leaf, requestNumber string) MessagePage {
	m := message(l, Danger, "Something went wrong on our side",
		"It is not your doing. Whatever you just did may not have been kept.",
		"Try again in a moment. If it happens again, tell an administrator the number below: it leads to the cause "+
			"in the log.", goHome)
	m.RequestNumber = requestNumber
	return m
}

// foreignHostPage is for a request to a host name that is not ours.
func foreignHostPage(l Leaf, publicURL string) MessagePage {
	return message(l, Warn, "This is not the address of this door",
		"The server was reached by a name that it does not answer to.",
		"Use the address below. Administrators set it as the public URL.",
		Action{Label: strings.TrimPrefix(strings.TrimPrefix(publicURL, "https://"), "http://"), Href: publicURL})
}

// setupClosedPage is for a setup link after the first Admin was made.
func setupClosedPage(l Leaf) MessagePage {
	return message(l, Info, "Setup is closed",
		"This workspace has its first administrator already, or the setup link is not the one that was printed "+
			"at start.",
		"If that was you, sign in. Otherwise look at what the server printed when it started.", goSignIn)
}

// noConsolePage is for a build without the console.
func noConsolePage(l Leaf) MessagePage {
	return message(l, Info, "The console is not part of this build",
		"Everything it does can be done on the server's own shell.",
		"Run: doorward requests, doorward approve, doorward invite; doorward help lists the rest. To have the "+
			"console here, build with: make build", goHome)
}
