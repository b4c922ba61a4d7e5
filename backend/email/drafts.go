package email

import (
	"cmp"

	"doorward/backend/access"
	"doorward/backend/text"
)

// drafts has the function that writes each kind of email.
var drafts = map[access.MessageKind]func(*writer) draft{
	access.InvitationMessage:   (*writer).invitation,
	access.ExpiringMessage:     (*writer).expiring,
	access.SignInMessage:       (*writer).signIn,
	access.ConfirmationMessage: (*writer).confirmation,
	access.ReceivedMessage:     (*writer).received,
	access.ApprovedMessage:     (*writer).approved,
	access.RejectedMessage:     (*writer).rejected,
	access.RequestsMessage:     (*writer).waiting,
	access.UndecidedMessage:    (*writer).abandoned,
	access.TestMessage:         (*writer).test,
}

func (f *writer) invitation() draft {
	d := draft{
		Subject: "You are invited to " + f.Workspace,
		Title:   "You are invited to " + f.Workspace,
		Lead: []string{f.hello() + f.whoInvites() + " you to " + f.Workspace +
			". Accept to confirm that this address is yours; then an administrator opens the door."},
		Quote: f.Note, Button: "Open the invitation", Link: f.Link,
		Facts: f.facts("You", f.To, "Invited by", f.who(), f.roleWord(), rolesOf(f.Roles), "Good until", f.until()),
		Why:   f.why("This letter was sent for " + f.inviterOr("an administrator") + " by " + f.host() + "."),
	}
	if f.Inviter != "" {
		d.Subject = sentence(f.Inviter) + " invites you to " + f.Workspace
	}
	d.Preview = "Accept until " + onDay(f.Until) + " to confirm your address."
	return d
}

func (f *writer) expiring() draft {
	return draft{
		Subject: "Your invitation to " + f.Workspace + " ends on " + onDay(f.Until),
		Preview: "This letter has a fresh link.",
		Title:   "Your invitation ends soon",
		Lead: []string{f.hello() + f.whoInvites() + " you to " + f.Workspace +
			", and the invitation is still open. Here is a fresh link; the one in the letter before no longer works."},
		Quote: f.Note, Button: "Open the invitation", Link: f.Link,
		Facts: f.facts("You", f.To, "Invited by", f.who(), f.roleWord(), rolesOf(f.Roles), "Good until", f.until()),
		Why: f.why("This letter was sent for " + f.inviterOr("an administrator") + " by " + f.host() +
			". No other reminder follows."),
	}
}

func (f *writer) signIn() draft {
	d := draft{
		Subject: "Sign in to " + f.Workspace, Preview: "Your link is good until " + atClock(f.Until) +
			" and works once.",
		Title: "Sign in to " + f.Workspace,
		Code:  f.Code, Button: "Sign in", Link: f.Link,
		Facts: f.facts("For", f.To, "Asked from", device(f.Device), "Good until", f.until()),
		Why: []string{"Somebody, most likely you, asked for this letter at " + f.host() +
			". If it was not you, do nothing: without this letter nobody gets in.",
			"Do not pass it on. Nobody from " + f.Workspace + " will ever ask you for it."},
	}
	d.Lead = f.signInLead()
	return d
}

// signInLead explains how to use the email, and what wrong guesses by strangers have
// caused: that there is no code, or that no other email can be sent for a while.
func (f *writer) signInLead() []string {
	anyBrowser := !f.NextAt.IsZero()
	how := "Open the link to sign in. It works once."
	switch {
	case anyBrowser && f.Code != "":
		how = "Open the link to sign in, in any browser, or type this code until " + atClock(f.CodeUntil) +
			" in the browser where you asked for it. Either works once."
	case anyBrowser:
		how = "Open the link to sign in, in any browser. It works once."
	case f.Code != "":
		how = "Open the link in the browser where you asked for it, or type this code there. Either works once."
	}
	lead := []string{f.hello() + how}
	if !f.CodesOff.IsZero() {
		lead = append(
			lead,
			"Codes are switched off for this address until "+exactly(f.CodesOff)+
				", because wrong codes were tried. Use the link.",
		)
	}
	if anyBrowser {
		lead = append(lead, "Many sign-in letters were asked for, perhaps not by you. Until "+exactly(f.NextAt)+
			" no other one is sent to a browser that has not signed you in before: use this one. The next one like "+
			"it makes "+
			"its link void.")
	}
	return lead
}

func (f *writer) confirmation() draft {
	return draft{
		Subject: "Confirm that it is you: " + f.Workspace,
		Preview: "The code in this email expires at " + atClock(f.Until) + ".",
		Title:   "Confirm that it is you",
		Lead: []string{
			f.hello() + "You are about to do something in " + f.Workspace +
				" that only you should. Type this code there. " +
				"It works once, and only where you asked for it.",
		},
		Code:  f.Code,
		Facts: f.facts("For", f.To, "Asked from", device(f.Device), "Expires", f.until()),
		Why: []string{
			"Somebody who is signed in as you at " + f.host() +
				" asked for this email. If it was not you, somebody else uses your session: " +
				"open " + f.PublicURL + "/ and press Sign out everywhere.",
			"Do not pass the code on. Nobody from " + f.Workspace + " will ever ask you for it.",
		},
	}
}

func (f *writer) received() draft {
	return draft{
		Subject: "Your request to join " + f.Workspace + " has arrived",
		Preview: "The administrators know that you are waiting.",
		Title:   "Your request has arrived",
		Lead: []string{f.hello() + "You accepted the invitation, and the administrators of " + f.Workspace +
			" can see that you are waiting. There is nothing more to do: we write " +
			"to you once one of them has decided."},
		Button: "See where it stands", Link: f.PublicURL + "/pending",
		Facts: f.facts("You", f.To, "Invited by", f.who(), f.roleWord()+" asked for", rolesOf(f.Roles), "Accepted",
			exactly(f.At)),
		Why: []string{"You get this letter from " + f.host() +
			" because an invitation to this address was accepted. If that was not you, open the page and withdraw " +
			"the request."},
	}
}

func (f *writer) approved() draft {
	return draft{
		Subject: "You are in: " + f.Workspace + " is open to you",
		Preview: "An administrator has approved your request.",
		Title:   "You are in",
		Lead: []string{f.hello() + "An administrator has approved your request. " + sentence(f.Workspace) +
			" is open to you from now on."},
		Button: "Open " + f.Workspace, Link: cmp.Or(f.Link, f.PublicURL+"/"),
		Facts: f.facts("You", f.To, f.roleWord(), rolesOf(f.Roles), "Approved", exactly(f.At)),
		Why: []string{"You get this letter from " + f.host() +
			" because you waited for an approval. To sign in, type your address there: no password is needed."},
	}
}

func (f *writer) rejected() draft {
	return draft{
		Subject: "Your request to join " + f.Workspace + " was not approved",
		Preview: "An administrator has decided on your request.",
		Title:   "Your request was not approved",
		Lead: []string{f.hello() + "An administrator of " + f.Workspace +
			" decided not to open the door this time. Your account and your address were deleted there."},
		Quote: f.Reason,
		Why: []string{"You get this one letter from " + f.host() +
			" because you were waiting for a decision. If you think it is a mistake, write to the person who " +
			"invited you."},
	}
}

func (f *writer) waiting() draft {
	n := len(f.Pending)
	d := draft{
		Subject: howMany(n) + " waiting for your approval in " + f.Workspace,
		Preview: "Approve or reject in the console.",
		Title:   howMany(n) + " waiting for your approval",
		Lead: []string{f.hello() +
			"They have confirmed their address and asked to be let in. You decide " +
			"in the console, and with which role."},
		Button: "Review pending requests", Link: f.PublicURL + "/admin/requests",
		Why: []string{"You get this letter from " + f.host() + " as an administrator of " + f.Workspace +
			", at most once in 15 minutes. You can turn it off in the console."},
	}
	if n == 1 {
		d.Lead[0] = f.hello() +
			"This person has confirmed the address and asks to be let in. You decide in the console, and with " +
			"which role."
	}
	d.People, d.More = f.people("waiting since ")
	return d
}

func (f *writer) abandoned() draft {
	n := len(f.Pending)
	d := draft{
		Subject: text.Count(n, "request") + " in " + f.Workspace + " ended without a decision",
		Preview: "Nobody decided for 30 days.",
		Title:   text.Count(n, "request") + " ended without a decision",
		Lead: []string{f.hello() +
			"Nobody decided on them for 30 days, so the accounts were removed and the addresses are free again. " +
			"Whoever is still welcome can be invited anew."},
		Button: "Open the console", Link: f.PublicURL + "/admin",
		Why: []string{"You get this letter from " + f.host() + " as an administrator of " + f.Workspace + "."},
	}
	if n == 1 {
		d.Lead[0] = f.hello() +
			"Nobody decided on it for 30 days, so the account was removed and the address is free again. If the " +
			"person is still welcome, invite them anew."
	}
	d.People, d.More = f.people("since ")
	return d
}

func (f *writer) test() draft {
	return draft{
		Subject: "Mail from " + f.Workspace + " works", Preview: "Invitations go out the same way.",
		Title: "Mail works",
		Lead: []string{f.hello() + "This letter came from " + f.host() +
			" in the way that invitations do. If you can read it, they will arrive as well."},
		Facts: f.facts("To", f.To, "Written", exactly(f.At)),
		Why: []string{"You get this letter because an administrator of " + f.Workspace +
			" sent a test. There is nothing to do."},
	}
}
