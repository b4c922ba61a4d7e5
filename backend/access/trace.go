package access

import "fmt"

// A Trace is a kind of event that attacks cause, and mistakes, too. The values are stable:
// log lines, the audit log and programs use them.
type Trace string

const (
	TraceWrongCode         Trace = "wrong_code"
	TraceDeadLink          Trace = "dead_link"
	TraceBadToken          Trace = "bad_token"
	TraceTooMany           Trace = "too_many"
	TraceForeignHost       Trace = "foreign_host"
	TraceForeignForm       Trace = "foreign_form"
	TraceBodyRefused       Trace = "body_refused"
	TraceFramingRefused    Trace = "framing_refused"
	TraceForwardedRefused  Trace = "forwarded_refused"
	TraceConnectionRefused Trace = "connection_refused"
	TraceSetupWrong        Trace = "setup_wrong"
)

// Traces lists all kinds in display order.
var Traces = []Trace{
	TraceWrongCode, TraceDeadLink, TraceBadToken, TraceTooMany, TraceForeignHost, TraceForeignForm,
	TraceBodyRefused, TraceFramingRefused, TraceForwardedRefused, TraceConnectionRefused, TraceSetupWrong,
}

// traceTexts has, for each kind, how it is counted, what it means, and what to do.
var traceTexts = map[Trace]struct{ one, many, means, toDo string }{
	TraceWrongCode: {"wrong login code", "wrong login codes",
		"Somebody typed a login code that is not right. People mistype; many from one network are guesses.",
		"Nothing for a few. Block a network that goes on, for instance with fail2ban."},
	TraceDeadLink: {"unknown link", "unknown links",
		"Somebody opened a login link, or used a window's code, that this server " +
			"does not know: made up, or forgotten " +
			"long ago.",
		"Nothing: a link cannot be guessed. A few come from old emails."},
	TraceBadToken: {"unknown secret", "unknown secrets",
		"A session, API token or window secret was shown that this server does not know: made up, revoked, or " +
			"from before " +
			"a restore.",
		"If you revoked a token lately, a program may still use it. Otherwise nothing: a secret cannot be guessed."},
	TraceTooMany: {"request beyond the limit", "requests beyond the limit",
		"A network asked more often than one network may, and was told to wait.",
		"Nothing if it stops. If it is your own proxy's address, name the proxy in DOORWARD_TRUSTED_PROXIES."},
	TraceForeignHost: {"request for another host", "requests for another host",
		"Requests named a host that is not the one in the public URL: scanners do so, and a proxy that does not " +
			"pass the " +
			"host on.",
		"If people cannot reach the server, check the proxy's Host header and DOORWARD_URL. Otherwise nothing."},
	TraceForeignForm: {"form from elsewhere", "forms from elsewhere",
		"A form was sent that no page of this server made for that browser: " +
			"another site tried, or a page was open for " +
			"too long.",
		"Nothing for a few. If people are refused, check that the proxy passes cookies and the Origin header on."},
	TraceBodyRefused: {"refused body", "refused bodies",
		"The body of a request was too large, compressed, or of a type that is not taken here.",
		"Nothing: it was refused. If a program of yours sent it, correct the program."},
	TraceFramingRefused: {"unreadable request", "unreadable requests",
		"What was sent is not well-formed HTTP: a scanner, or a try to smuggle a request past a proxy.",
		"Nothing if it comes from outside. If it comes from your proxy, update the proxy."},
	TraceForwardedRefused: {"unreadable forwarded address", "unreadable forwarded addresses",
		"A trusted proxy passed a client's address on that cannot be read.",
		"Check how the proxy sets X-Forwarded-For, and DOORWARD_TRUSTED_PROXIES."},
	TraceConnectionRefused: {"refused connection", "refused connections",
		"A network, or all together, had more connections open than the server allows.",
		"Nothing if it stops. If it is your own proxy's address, name the proxy in DOORWARD_TRUSTED_PROXIES."},
	TraceSetupWrong: {"wrong setup link", "wrong setup links",
		"Somebody opened a setup link that is not the one this server printed.",
		"Nothing once there is an Admin. Before that, finish the setup soon."},
}

// Known reports whether t is one of the kinds.
func (t Trace) Known() bool { return traceTexts[t].one != "" }

// Name is the kind's name, for a number of events.
func (t Trace) Name(n int) string {
	if n == 1 {
		return traceTexts[t].one
	}
	return traceTexts[t].many
}

// Means explains in a sentence or two what happened.
func (t Trace) Means() string { return traceTexts[t].means }

// ToDo says what to do about it.
func (t Trace) ToDo() string { return traceTexts[t].toDo }

// Counted is a number with the kind's name: "1 wrong login code".
func (t Trace) Counted(n int) string { return fmt.Sprintf("%d %s", n, t.Name(n)) }
