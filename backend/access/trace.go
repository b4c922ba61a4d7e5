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

// orTrustTheProxy is what to do where a proxy may be taken for one busy network.
const orTrustTheProxy = "No action is needed if it stops. If it is your own proxy’s address, ask the server " +
	"operator to add the proxy to the trusted proxies."

// traceTexts has, for each kind, how it is counted, what it means, and what to do. The console
// has them in its reader's language.
var traceTexts = map[Trace]struct{ one, many, means, toDo string }{
	TraceWrongCode: {
		one: "wrong login code", many: "wrong login codes",
		means: "Someone entered a wrong login code. A few are typing mistakes; many from one network are guesses.",
		toDo:  "A few need no action. If one network keeps trying, block it, for example with fail2ban.",
	},
	TraceDeadLink: {
		one: "unknown link", many: "unknown links",
		means: "Someone opened a login link, or used a code from the desktop app, that this server does not know: " +
			"it was made up, or it is very old.",
		toDo: "No action is needed: a link cannot be guessed. A few come from old emails.",
	},
	TraceBadToken: {
		one: "unknown secret", many: "unknown secrets",
		means: "Someone used a session, API token or desktop app secret that this server does not know: it was " +
			"made up or revoked, or is from before a restore.",
		toDo: "If you revoked a token recently, a program may still use it. Otherwise no action is needed: a " +
			"secret cannot be guessed.",
	},
	TraceTooMany: {
		one: "request over the limit", many: "requests over the limit",
		means: "A network sent more requests than the limit allows, and was told to wait.",
		toDo:  orTrustTheProxy,
	},
	TraceForeignHost: {
		one: "request for another host", many: "requests for another host",
		means: "Requests named a host other than the one in the public URL. Scanners do this, and so does a " +
			"proxy that does not pass the host on.",
		toDo: "If people cannot reach the server, check the proxy’s Host header and the public URL. Otherwise " +
			"no action is needed.",
	},
	TraceForeignForm: {
		one: "unrecognized form", many: "unrecognized forms",
		means: "Someone sent a form that this server did not create for that browser: another site sent it, or a " +
			"page was open for too long.",
		toDo: "A few need no action. If people are refused, check that the proxy passes on cookies and the " +
			"Origin header.",
	},
	TraceBodyRefused: {
		one: "refused request body", many: "refused request bodies",
		means: "The body of a request was too large, compressed, or of a type that is not accepted.",
		toDo:  "No action is needed: it was refused. If your own program sent it, correct the program.",
	},
	TraceFramingRefused: {
		one: "unreadable request", many: "unreadable requests",
		means: "A request was not valid HTTP: it came from a scanner, or was an attempt to smuggle a request past " +
			"a proxy.",
		toDo: "No action is needed if it comes from outside. If it comes from your proxy, update the proxy.",
	},
	TraceForwardedRefused: {
		one: "unreadable forwarded address", many: "unreadable forwarded addresses",
		means: "A trusted proxy passed on a client address that cannot be read.",
		toDo:  "Ask the server operator to check how the proxy sets X-Forwarded-For, and which proxies are trusted.",
	},
	TraceConnectionRefused: {
		one: "refused connection", many: "refused connections",
		means: "A network, or all networks together, had more connections open than the server allows.",
		toDo:  orTrustTheProxy,
	},
	TraceSetupWrong: {
		one: "wrong setup link", many: "wrong setup links",
		means: "Someone opened a setup link that is not the one this server printed.",
		toDo:  "No action is needed once there is an Admin. Before that, finish setup soon.",
	},
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
