package email

// keys are the messages that emails are made of. New fails if one of them is missing.
var keys = []string{
	"email.abandoned.button", "email.abandoned.lead", "email.abandoned.person", "email.abandoned.person_admin",
	"email.abandoned.person_roles", "email.abandoned.preview", "email.abandoned.subject",
	"email.abandoned.title", "email.abandoned.why", "email.approved.button", "email.approved.lead",
	"email.approved.preview", "email.approved.subject", "email.approved.title", "email.approved.why",
	"email.confirmation.lead", "email.confirmation.preview", "email.confirmation.subject",
	"email.confirmation.title", "email.confirmation.why", "email.confirmation.why_secret", "email.device",
	"email.expiring.lead", "email.expiring.lead_named", "email.expiring.preview", "email.expiring.subject",
	"email.expiring.title", "email.expiring.why", "email.fact.accepted", "email.fact.approved",
	"email.fact.expires", "email.fact.for", "email.fact.invited_by", "email.fact.person",
	"email.fact.requested_from", "email.fact.requested_roles", "email.fact.roles", "email.fact.sent",
	"email.fact.to", "email.fact.until", "email.fact.your_email", "email.fallback", "email.hello",
	"email.invitation.lead", "email.invitation.lead_named", "email.invitation.open_button",
	"email.invitation.preview", "email.invitation.subject", "email.invitation.subject_named",
	"email.invitation.title", "email.invitation.why", "email.label", "email.people_more",
	"email.received.button", "email.received.lead", "email.received.preview", "email.received.subject",
	"email.received.title", "email.received.why", "email.rejected.lead", "email.rejected.preview",
	"email.rejected.subject", "email.rejected.title", "email.rejected.why", "email.sign_in.any_browser",
	"email.sign_in.any_browser_code", "email.sign_in.button", "email.sign_in.codes_off", "email.sign_in.link",
	"email.sign_in.many_requests", "email.sign_in.preview", "email.sign_in.same_browser_code",
	"email.sign_in.subject", "email.sign_in.title", "email.sign_in.why", "email.sign_in.why_secret",
	"email.test.lead", "email.test.preview", "email.test.subject", "email.test.title", "email.test.why",
	"email.unreadable", "email.waiting.button", "email.waiting.lead", "email.waiting.person",
	"email.waiting.person_admin", "email.waiting.person_roles", "email.waiting.preview",
	"email.waiting.subject", "email.waiting.title", "email.waiting.why",
}
