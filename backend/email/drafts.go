package email

import (
	"cmp"
	"time"

	"doorward/backend/access"
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
	return draft{
		Subject: f.named("email.invitation.subject", "email.invitation.subject_named"),
		Preview: f.say("email.invitation.preview", "Date", f.print.DayAndMonth(f.Until)),
		Title:   f.say("email.invitation.title"),
		Lead:    []string{f.hello(f.named("email.invitation.lead", "email.invitation.lead_named"))},
		Quote:   f.Note,
		Button:  f.say("email.invitation.open_button"), Link: f.Link,
		Facts: f.offer(),
		Why:   []string{f.say("email.invitation.why")},
	}
}

func (f *writer) expiring() draft {
	return draft{
		Subject: f.say("email.expiring.subject", "Date", f.print.DayAndMonth(f.Until)),
		Preview: f.say("email.expiring.preview"),
		Title:   f.say("email.expiring.title"),
		Lead:    []string{f.hello(f.named("email.expiring.lead", "email.expiring.lead_named"))},
		Quote:   f.Note,
		Button:  f.say("email.invitation.open_button"), Link: f.Link,
		Facts: f.offer(),
		Why:   []string{f.say("email.expiring.why")},
	}
}

// offer is what an invitation offers, to whom, and until when.
func (f *writer) offer() []fact {
	return f.facts(
		f.say("email.fact.your_email"), f.To,
		f.say("email.fact.invited_by"), f.who(),
		f.roleWord(), f.roles(),
		f.say("email.fact.expires"), f.until(),
	)
}

func (f *writer) signIn() draft {
	return draft{
		Subject: f.say("email.sign_in.subject"),
		Preview: f.say("email.sign_in.preview", "Time", f.print.ClockUTC(f.Until)),
		Title:   f.say("email.sign_in.title"),
		Lead:    f.signInLead(),
		Code:    f.Code,
		Button:  f.say("email.sign_in.button"), Link: f.Link,
		Facts: f.requested(),
		Why:   []string{f.say("email.sign_in.why"), f.say("email.sign_in.why_secret")},
	}
}

// requested is for whom, where and until when something was requested.
func (f *writer) requested() []fact {
	return f.facts(
		f.say("email.fact.for"), f.To,
		f.say("email.fact.requested_from"), f.device(),
		f.say("email.fact.expires"), f.until(),
	)
}

// signInLead explains how to use the email, and what wrong guesses by strangers have
// caused: that there is no code, or that no other email can be sent for a while.
func (f *writer) signInLead() []string {
	anyBrowser := !f.NextAt.IsZero()
	how := ""
	switch {
	case anyBrowser && f.Code != "":
		how = f.say("email.sign_in.any_browser_code", "Time", f.print.ClockUTC(f.CodeUntil))
	case anyBrowser:
		how = f.say("email.sign_in.any_browser")
	case f.Code != "":
		how = f.say("email.sign_in.same_browser_code")
	default:
		how = f.say("email.sign_in.link")
	}
	lead := []string{f.hello(how)}
	if !f.CodesOff.IsZero() {
		lead = append(lead, f.say("email.sign_in.codes_off", "Time", f.print.Exact(f.CodesOff)))
	}
	if anyBrowser {
		lead = append(lead, f.say("email.sign_in.many_requests", "Time", f.print.Exact(f.NextAt)))
	}
	return lead
}

func (f *writer) confirmation() draft {
	return draft{
		Subject: f.say("email.confirmation.subject"),
		Preview: f.say("email.confirmation.preview", "Time", f.print.ClockUTC(f.Until)),
		Title:   f.say("email.confirmation.title"),
		Lead:    []string{f.hello(f.say("email.confirmation.lead"))},
		Code:    f.Code,
		Facts:   f.requested(),
		Why:     []string{f.say("email.confirmation.why"), f.say("email.confirmation.why_secret")},
	}
}

func (f *writer) received() draft {
	return draft{
		Subject: f.say("email.received.subject"),
		Preview: f.say("email.received.preview"),
		Title:   f.say("email.received.title"),
		Lead:    []string{f.hello(f.say("email.received.lead"))},
		Button:  f.say("email.received.button"), Link: f.PublicURL + "/pending",
		Facts: f.facts(
			f.say("email.fact.your_email"), f.To,
			f.say("email.fact.invited_by"), f.who(),
			f.count("email.fact.requested_roles", len(f.Roles)), f.roles(),
			f.say("email.fact.accepted"), f.exactly(f.At),
		),
		Why: []string{f.say("email.received.why")},
	}
}

func (f *writer) approved() draft {
	return draft{
		Subject: f.say("email.approved.subject"),
		Preview: f.say("email.approved.preview"),
		Title:   f.say("email.approved.title"),
		Lead:    []string{f.hello(f.say("email.approved.lead"))},
		Button:  f.say("email.approved.button"), Link: cmp.Or(f.Link, f.PublicURL+"/"),
		Facts: f.facts(
			f.say("email.fact.your_email"), f.To,
			f.roleWord(), f.roles(),
			f.say("email.fact.approved"), f.exactly(f.At),
		),
		Why: []string{f.say("email.approved.why")},
	}
}

func (f *writer) rejected() draft {
	return draft{
		Subject: f.say("email.rejected.subject"),
		Preview: f.say("email.rejected.preview"),
		Title:   f.say("email.rejected.title"),
		Lead:    []string{f.hello(f.say("email.rejected.lead"))},
		Quote:   f.Reason,
		Why:     []string{f.say("email.rejected.why")},
	}
}

func (f *writer) waiting() draft {
	n := len(f.Pending)
	d := draft{
		Subject: f.count("email.waiting.subject", n),
		Preview: f.say("email.waiting.preview"),
		Title:   f.count("email.waiting.title", n),
		Lead:    []string{f.hello(f.count("email.waiting.lead", n))},
		Button:  f.say("email.waiting.button"), Link: f.PublicURL + "/admin/requests",
		Why: []string{f.say("email.waiting.why", "Minutes", f.print.Number(int(access.DigestInterval/time.Minute)))},
	}
	d.People, d.More = f.people(waitingKeys)
	return d
}

func (f *writer) abandoned() draft {
	n, waited := len(f.Pending), f.print.Span(cmp.Or(f.Waited.Std(), access.PendingTTL))
	d := draft{
		Subject: f.count("email.abandoned.subject", n),
		Preview: f.say("email.abandoned.preview", "Span", waited),
		Title:   f.count("email.abandoned.title", n),
		Lead:    []string{f.hello(f.count("email.abandoned.lead", n, "Span", waited))},
		Button:  f.say("email.abandoned.button"), Link: f.PublicURL + "/admin",
		Why: []string{f.say("email.abandoned.why")},
	}
	d.People, d.More = f.people(waitedKeys)
	return d
}

func (f *writer) test() draft {
	return draft{
		Subject: f.say("email.test.subject"),
		Preview: f.say("email.test.preview"),
		Title:   f.say("email.test.title"),
		Lead:    []string{f.hello(f.say("email.test.lead"))},
		Facts:   f.facts(f.say("email.fact.to"), f.To, f.say("email.fact.sent"), f.exactly(f.At)),
		Why:     []string{f.say("email.test.why")},
	}
}
