package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/mail/smtp"
	"doorward/backend/service"
	"doorward/backend/text"
	"doorward/backend/web/api"
)

// operations are the operator's operations on the whole.
type operations struct{ a *App }

func (o operations) Compact(ctx context.Context) error { return o.a.store.Compact(ctx) }

func (o operations) Verify(ctx context.Context) (map[string]int, error) {
	r, err := o.a.store.Verify(ctx)
	return map[string]int{
		"records":       r.Records,
		"members":       r.Members,
		"messages":      r.Messages,
		"audit_entries": r.AuditEntries,
	}, err
}

func (o operations) Backup(ctx context.Context, w io.Writer) error { return o.a.store.Backup(ctx, w) }

// Doctor checks what tends to go wrong and says how to fix it.
func (o operations) Doctor(ctx context.Context) []api.Check {
	all := append(
		append([]api.Check{o.publicURL()}, o.certificate()...),
		o.mail(ctx),
		o.disk(),
		o.clock(),
		o.permissions(),
		o.store(ctx),
	)
	all = append(all, o.tokens(ctx)...)
	return append(all, o.unusual(ctx)...)
}

func check(name, state, detail, mend string) api.Check {
	return api.Check{Name: name, State: state, Detail: detail, Fix: mend}
}

func (o operations) publicURL() api.Check {
	public := o.a.service.PublicURL()
	u, err := url.Parse(public)
	switch {
	case err != nil:
		return check("public URL", "fail", public,
			"Set DOORWARD_URL to the address that people use, such as https://door.example.com.")
	case text.IsLoopback(u.Hostname()):
		return check("public URL", "warn", public+" is reached from this machine only",
			"Set the public URL under Settings, General, or DOORWARD_URL, before you invite people from elsewhere.")
	case u.Scheme != "https":
		return check("public URL", "fail", public+" is not encrypted",
			"Put a reverse proxy with TLS in front, or set DOORWARD_TLS_CERT and DOORWARD_TLS_KEY.")
	}
	if _, err := net.DefaultResolver.LookupHost(context.Background(), u.Hostname()); err != nil {
		return check("public URL", "warn", public+": this machine finds no such host",
			"Check the name in DNS, unless only others are meant to find it.")
	}
	return check("public URL", "ok", public, "")
}

// mailWait is how long the doctor waits for the mail server.
const mailWait = 10 * time.Second

func (o operations) mail(ctx context.Context) api.Check {
	route, err := o.a.mailNow(ctx)
	if err != nil {
		return check("mail", "fail", access.Explain(err).Message, "Set up mail again under Settings, Mail.")
	}
	if route.Server.IsZero() {
		return check("mail", "warn", "no mail server is set; emails are held and can be read with `doorward outbox`",
			"Set one up under Settings, Mail, or set DOORWARD_SMTP_URL.")
	}
	ctx, cancel := context.WithTimeout(ctx, mailWait)
	defer cancel()
	session, err := smtp.Dial(ctx, route.Server, route.HELO)
	if err != nil {
		return check("mail", "fail", err.Error(),
			"Check the mail settings, then run: doorward mail-test you@example.com")
	}
	session.Close()
	now, err := o.a.service.Dashboard.Overview(ctx, access.Operator)
	if err == nil && now.Mail.Paused {
		return check("mail", "fail", "the queue is paused: "+now.Mail.Detail,
			"Fix what the mail server says; the queue then continues automatically.")
	}
	if refused := o.lastRefusal(ctx, now.Mail); refused != "" {
		return check("mail", "fail", route.Server.Name()+" is reached, but it refused the last emails: "+refused,
			"Fix what the mail server says, then run: doorward mail-test you@example.com")
	}
	return check("mail", "ok", route.Server.Name()+" accepts a connection for emails from "+route.From, "")
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
		return check("disk", "fail", err.Error(), "Check that the data directory can be reached.")
	}
	detail := fmt.Sprintf("%d MB free at %s", free>>20, o.a.c.Data)
	switch {
	case free < cmp.Or(o.a.c.MinFree, diskFloor):
		return check("disk", "fail", detail, "Make room: Doorward takes no changes while so little is free.")
	case free < diskAlarm:
		return check("disk", "warn", detail, "Make room before it runs out.")
	}
	return check("disk", "ok", detail, "")
}

const holdsClock = "Nothing is deleted and nothing expires automatically until then. Set the clock; or, if it " +
	"is right, run: doorward doctor --clock-is-right"

func (o operations) clock() api.Check {
	now := time.Now()
	if c := o.a.service.Settings.Clock(); c.Held() {
		far, which := c.Ahead, "ahead of"
		if c.Behind > 0 {
			far, which = c.Behind, "behind"
		}
		return check(
			"clock",
			"fail",
			fmt.Sprintf("the clock says %s, %s %s what Doorward knows; it is believed after %s more of running",
				now.UTC().Format(time.RFC3339), far.Round(time.Hour), which, c.Left.Round(time.Minute)),
			holdsClock,
		)
	}
	last, err := o.a.service.Audit.List(context.Background(), access.Operator, "", 1)
	if err == nil && len(last.Items) > 0 && last.Items[0].At.After(now.Add(time.Minute)) {
		return check("clock", "fail", "the clock says "+now.UTC().Format(time.RFC3339)+", before the last audit entry",
			"Set the clock: links and sessions end by it.")
	}
	return check("clock", "ok", now.UTC().Format(time.RFC3339), "")
}

func (o operations) permissions() api.Check {
	info, err := os.Stat(o.a.c.Data)
	if err != nil {
		return check("permissions", "fail", err.Error(), "Check that the data directory can be reached.")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return check("permissions", "fail", fmt.Sprintf("others can read %s (mode %04o)", o.a.c.Data, mode),
			"Run: chmod 700 "+o.a.c.Data)
	}
	return check("permissions", "ok", o.a.c.Data+" is yours alone", "")
}

// tokens warns of API tokens that never expire, which only an older Doorward
// made. Without such tokens there is no line.
func (o operations) tokens(ctx context.Context) []api.Check {
	all, err := o.a.service.Tokens.List(ctx, access.Operator)
	if err != nil {
		return []api.Check{check("API tokens", "fail", access.Explain(err).Message, "Run: doorward verify")}
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
	return []api.Check{
		check("API tokens", "warn", fmt.Sprintf("%d of %d never expire: an older version made them", endless, len(all)),
			"Make new ones in their place, then revoke them: doorward token list names them."),
	}
}

func (o operations) store(ctx context.Context) api.Check {
	if err := o.a.service.Ready(ctx); err != nil {
		return check("store", "fail", access.Explain(err).Message, "")
	}
	c, err := o.a.service.Dashboard.Overview(ctx, access.Operator)
	if err != nil {
		return check("store", "fail", access.Explain(err).Message, "Run: doorward verify")
	}
	return check("store", "ok", fmt.Sprintf("takes changes; %d members", c.Members()), "")
}

// unusual is a line about unusual requests of the last day, if there were any.
func (o operations) unusual(ctx context.Context) []api.Check {
	u, err := o.a.service.Dashboard.Unusual(ctx, access.Operator)
	if err != nil || u.Total == 0 {
		return nil // the line about the store reports its error
	}
	said := make([]string, len(u.Days))
	for i, d := range u.Days {
		said[i] = d.String()
	}
	detail := fmt.Sprintf("%d in the last 24 hours: %s", u.Total, strings.Join(said, "; "))
	if !u.High {
		return []api.Check{check("unusual events", "ok", detail, "")}
	}
	return []api.Check{
		check(
			"unusual events",
			"warn",
			detail,
			fmt.Sprintf(
				"A normal day has up to %d. docs/security.md says what each kind means, and how to block a network "+
					"with fail2ban.",
				u.Usual,
			),
		),
	}
}
