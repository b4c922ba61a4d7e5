package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail/smtp"
	"doorward/backend/service"
	"doorward/backend/store"
	"doorward/backend/text"
	"doorward/backend/web/api"
)

// operations are the operator's operations on the whole.
type operations struct{ a *App }

func (o operations) Compact(ctx context.Context) ([]access.MachineCompacted, error) {
	if o.a.machine != nil {
		return o.a.machine.Compact(ctx)
	}
	return nil, o.a.store.Compact(ctx)
}

func (o operations) Verify(ctx context.Context) (map[string]int, error) {
	r, err := o.a.store.Verify(store.Here(ctx))
	var told *access.Error
	if o.a.machine != nil && errors.As(err, &told) && told.Code == "data_dir_damaged" {
		err = CopyDamaged(o.a.c.Data)
	}
	return map[string]int{
		"records":       r.Records,
		"members":       r.Members,
		"messages":      r.Messages,
		"audit_entries": r.AuditEntries,
	}, err
}

func (o operations) Backup(ctx context.Context, w io.Writer) error { return o.a.store.Backup(ctx, w) }

// Doctor checks what tends to go wrong and says how to fix it. On a machine that does not lead it
// reads that machine's own copy.
func (o operations) Doctor(ctx context.Context) []api.Check {
	if !o.a.store.Leads() {
		ctx = store.Here(ctx) // what this machine's copy says
	}
	all := append(
		append([]api.Check{o.publicURL()}, o.certificate()...),
		o.mail(ctx),
		o.disk(),
		o.clock(ctx),
		o.permissions(),
		o.store(ctx),
	)
	all = append(all, o.tokens(ctx)...)
	return append(all, o.unusual(ctx)...)
}

func check(name, state string, detail, mend access.Text) api.Check {
	return api.Check{Name: name, State: state, Detail: detail, Fix: mend}
}

// onShell is a check whose fix on the command line is another than in the console, where no
// sentence sends people to a shell.
func onShell(c api.Check, format string, values ...any) api.Check {
	c.Shell = fmt.Sprintf(format, values...)
	return c
}

// unreachable is a check for which the data directory could not be looked at.
func unreachable(name string, err error) api.Check {
	return onShell(check(name, "fail", reportf("%s", err.Error()),
		reportf("Ask the server operator to check that the data directory can be reached.")),
		"Check that the data directory can be reached.")
}

// unreadable is a check for which the store could not be read.
func unreadable(name string, err error) api.Check {
	return onShell(check(name, "fail", access.TextOf(err), reportf("Ask the server operator to verify the data.")),
		"Run: doorward verify")
}

// reportf makes a sentence of the report, which the console shows in its reader's language.
var reportf = access.Textf

func (o operations) publicURL() api.Check {
	public := o.a.service.PublicURL()
	u, err := url.Parse(public)
	switch {
	case err != nil:
		return onShell(check("public URL", "fail", reportf("%s is not a valid URL.", public),
			reportf("Set the public URL in General settings to the address that people use, such as "+
				"https://door.example.com.")),
			"Set DOORWARD_URL to the address that people use, such as https://door.example.com.")
	case text.IsLoopback(u.Hostname()):
		return onShell(check("public URL", "warn", reportf("%s works on this machine only.", public),
			reportf("Set the public URL in General settings before you invite people on other machines.")),
			"Set the public URL in General settings, or set DOORWARD_URL, before you invite people on other machines.")
	case u.Scheme != "https":
		return onShell(check("public URL", "fail", reportf("%s is not encrypted.", public),
			reportf("Ask the server operator to put a reverse proxy with TLS in front of Doorward, or to give "+
				"Doorward a certificate.")),
			"Put a reverse proxy with TLS in front, or set DOORWARD_TLS_CERT and DOORWARD_TLS_KEY.")
	}
	if _, err := net.DefaultResolver.LookupHost(context.Background(), u.Hostname()); err != nil {
		return check("public URL", "warn", reportf("%s: this machine cannot find the host.", public),
			reportf("Check the host's DNS record, unless the name is meant to work only on another network."))
	}
	return check("public URL", "ok", reportf("%s", public), access.Text{})
}

// mailWait is how long the doctor waits for the mail server.
const mailWait = 10 * time.Second

func (o operations) mail(ctx context.Context) api.Check {
	route, err := o.a.mailNow(ctx)
	if err != nil {
		return check("mail", "fail", access.TextOf(err), reportf("Set it up again in Email settings."))
	}
	if route.Server.IsZero() {
		return onShell(check("mail", "warn", reportf("No mail server is set up, so emails are held."),
			reportf("Set one up in Email settings.")),
			"Set one up in Email settings, or set DOORWARD_SMTP_URL. `doorward outbox` shows the held emails.")
	}
	ctx, cancel := context.WithTimeout(ctx, mailWait)
	defer cancel()
	session, err := smtp.Dial(ctx, route.Server, route.HELO)
	if err != nil {
		return onShell(check("mail", "fail", reportf("%s", access.Stored(err.Error())),
			reportf("Check the mail server in Email settings, then send a test there.")),
			"Check the email settings, then run: doorward mail-test you@example.com")
	}
	session.Close()
	now, err := o.a.service.Dashboard.Overview(ctx, access.Operator)
	if err == nil && now.Mail.Paused {
		return check("mail", "fail", reportf("The queue is paused: %s", access.Stored(now.Mail.Detail)),
			reportf("Fix what the mail server reports. The queue then continues automatically."))
	}
	if refused := o.lastRefusal(ctx, now.Mail); refused != "" {
		return onShell(check("mail", "fail", reportf("%s can be reached, but it refused the last emails: %s",
			route.Server.Name(), access.Stored(refused)),
			reportf("Fix what the mail server reports, then send a test in Email settings.")),
			"Fix what the mail server reports, then run: doorward mail-test you@example.com")
	}
	return check("mail", "ok", reportf("%s accepts a connection for emails from %s.", route.Server.Name(), route.From),
		access.Text{})
}

// lastEmails is how many of the last emails the doctor looks at.
const lastEmails = 5

// lastRefusal returns why the last emails were refused; empty if one of them was sent, or
// none was tried: a mail server that is reached may still take no email from us.
func (o operations) lastRefusal(ctx context.Context, health access.MailHealth) string {
	refused := health.Refused.Detail
	all, err := o.a.service.Outbox.List(ctx, access.Operator, service.MessageQuery{Limit: lastEmails})
	if err != nil {
		return refused // the line about the store reports the error
	}
	failed := 0
	for _, m := range all.Items {
		if m.State == access.MessageSent {
			return refused
		}
		if m.State == access.MessageFailed {
			refused = cmp.Or(refused, m.Detail)
			failed++
		}
	}
	if failed < 2 { // one may be a mistyped address
		return health.Refused.Detail
	}
	return refused
}

const (
	diskAlarm = 2 << 30 // bytes; below it the doctor warns
	diskFloor = 200 << 20
)

func (o operations) disk() api.Check {
	free, err := freeBytes(o.a.c.Data)
	if err != nil {
		return unreachable("disk", err)
	}
	detail := reportf("%d MB free at %s", int(free>>20), o.a.c.Data)
	switch {
	case free < cmp.Or(o.a.c.MinFree, diskFloor):
		return check("disk", "fail", detail,
			reportf("Free up disk space: Doorward accepts no changes while so little is left."))
	case free < diskAlarm:
		return check("disk", "warn", detail, reportf("Free up disk space before it runs out."))
	}
	return check("disk", "ok", detail, access.Text{})
}

func (o operations) clock(ctx context.Context) api.Check {
	now := time.Now()
	if c := o.a.service.Settings.Clock(); c.Held() {
		moment, left := access.Moment(now), access.Span(c.Left)
		detail := reportf("The clock shows %s, %s ahead of what Doorward expects. Doorward accepts it after running "+
			"for %s more.",
			moment, access.Span(c.Ahead), left)
		if c.Behind > 0 {
			detail = reportf("The clock shows %s, %s behind what Doorward expects. Doorward accepts it after running "+
				"for %s more.",
				moment, access.Span(c.Behind), left)
		}
		return onShell(check("clock", "fail", detail,
			reportf("Until then, nothing expires and nothing is deleted automatically. If the clock is right, "+
				"confirm it on the Dashboard. If it is wrong, ask the server operator to set it.")),
			"Until then, nothing expires and nothing is deleted automatically. Set the clock or, if it is right, "+
				"run: doorward doctor --clock-is-right")
	}
	last, err := o.a.service.Audit.List(ctx, access.Operator, "", 1)
	if err == nil && len(last.Items) > 0 && last.Items[0].At.After(now.Add(time.Minute)) {
		return onShell(check("clock", "fail",
			reportf("The clock shows %s, before the last audit entry.", access.Moment(now)),
			reportf("Ask the server operator to set the clock: links and sessions expire by it.")),
			"Set the clock. Links and sessions expire by it.")
	}
	return check("clock", "ok", reportf("%s", access.Moment(now)), access.Text{})
}

func (o operations) permissions() api.Check {
	info, err := os.Stat(o.a.c.Data)
	if err != nil {
		return unreachable("permissions", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return onShell(check("permissions", "fail",
			reportf("Other users can read %s (mode %s).", o.a.c.Data, fmt.Sprintf("%04o", mode)),
			reportf("Ask the server operator to restart Doorward: when it starts, it makes the directory private "+
				"again.")),
			"Run: chmod 700 %s", o.a.c.Data)
	}
	return check("permissions", "ok", reportf("Only you can read %s.", o.a.c.Data), access.Text{})
}

// tokens warns of API tokens that never expire, which only an older Doorward
// made. Without such tokens there is no line.
func (o operations) tokens(ctx context.Context) []api.Check {
	all, err := o.a.service.Tokens.List(ctx, access.Operator)
	if err != nil {
		return []api.Check{unreadable("API tokens", err)}
	}
	endless := 0
	for _, t := range all {
		if t.ExpiresAt.IsZero() {
			endless++
		}
	}
	if endless == 0 {
		return nil
	}
	return []api.Check{onShell(check("API tokens", "warn",
		access.CountedTextf(endless, "%d API token never expires: an older version created it.",
			"%d API tokens never expire: an older version created them."),
		reportf("On the page “API tokens”, create a new one for each, then revoke the old one.")),
		"Create a new one for each, then revoke the old one: `doorward token list` lists them.")}
}

func (o operations) store(ctx context.Context) api.Check {
	if !o.a.store.Leads() {
		return o.copy(ctx)
	}
	if err := o.a.service.Ready(ctx); err != nil {
		return check("store", "fail", access.TextOf(err), access.Text{})
	}
	c, err := o.a.service.Dashboard.Overview(ctx, access.Operator)
	if err != nil {
		return unreadable("store", err)
	}
	return check("store", "ok", reportf("Changes can be saved. Members: %d", c.Members()), access.Text{})
}

// unusual is a line about unusual requests of the last day, if there were any.
func (o operations) unusual(ctx context.Context) []api.Check {
	u, err := o.a.service.Dashboard.Unusual(ctx, access.Operator)
	if err != nil || u.Total == 0 {
		return nil // the line about the store reports its error
	}
	detail := reportf("%d in the last 24 hours: %s", u.Total, access.TraceDays(u.Days))
	if !u.High {
		return []api.Check{check("unusual events", "ok", detail, access.Text{})}
	}
	return []api.Check{onShell(check("unusual events", "warn", detail,
		reportf("More than on a normal day (up to %d). The Dashboard explains each kind, and the guide “Security” "+
			"in Help says how to block a network.", u.Usual)),
		"More than on a normal day (up to %d). docs/security.md explains each kind, and how to block a network "+
			"with fail2ban.", u.Usual)}
}
