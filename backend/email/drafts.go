package email

import (
	"cmp"
	"strings"

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
		Lead: []string{f.hello() + f.invited() +
			". Accept to confirm your email address; an administrator then approves your access."},
		Quote: f.Note, Button: "Open the invitation", Link: f.Link,
		Facts: f.facts("Your email", f.To, "Invited by", f.who(), f.roleWord(), rolesOf(f.Roles), "Expires", f.until()),
		Why:   f.why(f.onBehalf() + " by " + f.host() + "."),
	}
	if f.Inviter != "" {
		d.Subject = f.invited()
	}
	d.Preview = "Accept by " + onDay(f.Until) + " to confirm your email address."
	return d
}

func (f *writer) expiring() draft {
	return draft{
		Subject: "Your invitation to " + f.Workspace + " expires on " + onDay(f.Until),
		Preview: "This email has a new link.",
		Title:   "Your invitation expires soon",
		Lead: []string{f.hello() + f.invited() +
			", and you have not accepted yet. Here is a new link; the one in the earlier email no longer works."},
		Quote: f.Note, Button: "Open the invitation", Link: f.Link,
		Facts: f.facts("Your email", f.To, "Invited by", f.who(), f.roleWord(), rolesOf(f.Roles), "Expires", f.until()),
		Why:   f.why(f.onBehalf() + " by " + f.host() + ". You will get no other reminder."),
	}
}

func (f *writer) signIn() draft {
	d := draft{
		Subject: "Sign in to " + f.Workspace, Preview: "Your link expires at " + atClock(f.Until) +
			" and works once.",
		Title: "Sign in to " + f.Workspace,
		Code:  f.Code, Button: "Sign in", Link: f.Link,
		Facts: f.facts("For", f.To, "Requested from", device(f.Device), "Expires", f.until()),
		Why: []string{"Someone, most likely you, requested this email at " + f.host() +
			". If it was not you, you can ignore it: nobody can sign in without it.",
			"Don’t share it with anyone. Nobody from " + f.Workspace + " will ever ask you for it."},
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
		how = "Open the link in any browser to sign in, or enter this code until " + atClock(f.CodeUntil) +
			" in the browser where you requested it. Either works once."
	case anyBrowser:
		how = "Open the link in any browser to sign in. It works once."
	case f.Code != "":
		how = "Open the link in the browser where you requested it, or enter this code there. Either works once."
	}
	lead := []string{f.hello() + how}
	if !f.CodesOff.IsZero() {
		lead = append(
			lead,
			"Codes are turned off for this address until "+exactly(f.CodesOff)+
				", because wrong codes were entered. Use the link.",
		)
	}
	if anyBrowser {
		lead = append(lead, "Many sign-in emails were requested, perhaps not by you. Until "+exactly(f.NextAt)+
			" no other one is sent to a browser that has not signed you in before: use this one. The next one like "+
			"it replaces its link.")
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
				" that only you should do. Enter this code there. " +
				"It works once, and only where you requested it.",
		},
		Code:  f.Code,
		Facts: f.facts("For", f.To, "Requested from", device(f.Device), "Expires", f.until()),
		Why: []string{
			"Someone who is signed in as you at " + f.host() +
				" requested this email. If it was not you, someone else is using your session: " +
				"open " + f.PublicURL + "/ and press Sign out everywhere.",
			"Don’t share the code with anyone. Nobody from " + f.Workspace + " will ever ask you for it.",
		},
	}
}

func (f *writer) received() draft {
	return draft{
		Subject: "Your request to join " + f.Workspace + " was received",
		Preview: "The administrators can see your request.",
		Title:   "Your request was received",
		Lead: []string{f.hello() + "You accepted the invitation, and the administrators of " + f.Workspace +
			" can see your request. There is nothing more to do: we will email you once one of them has decided."},
		Button: "View your request", Link: f.PublicURL + "/pending",
		Facts: f.facts("Your email", f.To, "Invited by", f.who(), "Requested "+strings.ToLower(f.roleWord()),
			rolesOf(f.Roles), "Accepted", exactly(f.At)),
		Why: []string{f.host() + " sent you this email because an invitation to this address was accepted. " +
			"If that was not you, open the page and withdraw the request."},
	}
}

func (f *writer) approved() draft {
	return draft{
		Subject: "Your access to " + f.Workspace + " was approved",
		Preview: "You can sign in now.",
		Title:   "Your access was approved",
		Lead: []string{f.hello() + "An administrator has approved your request. You now have access to " +
			f.Workspace + "."},
		Button: "Open " + f.Workspace, Link: cmp.Or(f.Link, f.PublicURL+"/"),
		Facts: f.facts("Your email", f.To, f.roleWord(), rolesOf(f.Roles), "Approved", exactly(f.At)),
		Why: []string{f.host() + " sent you this email because you were waiting for an approval. " +
			"To sign in, enter your email address there: no password is needed."},
	}
}

func (f *writer) rejected() draft {
	return draft{
		Subject: "Your request to join " + f.Workspace + " was not approved",
		Preview: "An administrator has decided on your request.",
		Title:   "Your request was not approved",
		Lead: []string{f.hello() + "An administrator of " + f.Workspace +
			" declined your request. Your account and your email address were deleted there."},
		Quote: f.Reason,
		Why: []string{f.host() + " sent you this one email because you were waiting for a decision. " +
			"If you think this is a mistake, write to the person who invited you."},
	}
}

func (f *writer) waiting() draft {
	n := len(f.Pending)
	d := draft{
		Subject: howMany(n) + " in " + f.Workspace,
		Preview: "Approve or reject in the console.",
		Title:   howMany(n),
		Lead: []string{f.hello() +
			"These people have accepted their invitations and are waiting for your approval."},
		Button: "Review pending requests", Link: f.PublicURL + "/admin/requests",
		Why: []string{f.host() + " sends this email to the administrators of " + f.Workspace +
			", at most once every 15 minutes. You can turn it off in the console."},
	}
	if n == 1 {
		d.Lead[0] = f.hello() + "This person has accepted an invitation and is waiting for your approval."
	}
	d.People, d.More = f.people("waiting ")
	return d
}

func (f *writer) abandoned() draft {
	n := len(f.Pending)
	d := draft{
		Subject: text.Count(n, "request") + " in " + f.Workspace + " expired without a decision",
		Preview: "Nobody decided for 30 days.",
		Title:   text.Count(n, "request") + " expired without a decision",
		Lead: []string{f.hello() +
			"Nobody decided on them for 30 days, so the accounts were removed. You can invite the same people again."},
		Button: "Open the console", Link: f.PublicURL + "/admin",
		Why: []string{f.host() + " sent this email to the administrators of " + f.Workspace + "."},
	}
	if n == 1 {
		d.Lead[0] = f.hello() +
			"Nobody decided on it for 30 days, so the account was removed. You can invite the same person again."
	}
	d.People, d.More = f.people("waited ")
	return d
}

func (f *writer) test() draft {
	return draft{
		Subject: "Test email from " + f.Workspace, Preview: "Invitations are sent in the same way.",
		Title: "Email works",
		Lead: []string{f.hello() + "This email was sent by " + f.host() +
			" in the same way as invitations. If you can read it, they will arrive as well."},
		Facts: f.facts("To", f.To, "Sent", exactly(f.At)),
		Why:   []string{"An administrator of " + f.Workspace + " sent this test. There is nothing to do."},
	}
}
