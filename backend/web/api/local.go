package api

import (
	"context"
	"io"
	"net/http"
	"slices"

	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/service"
	"doorward/backend/web"
)

type checkJSON struct {
	Name   string         `json:"name" doc:"Stable, in English." example:"mail"`
	State  string         `json:"state" enum:"ok,warn,fail" example:"ok"`
	Detail string         `json:"detail"`
	Times  []web.SaidTime `json:"times,omitempty" doc:"The times in detail, for programs that show them in their reader's time zone."`
	Fix    string         `json:"fix,omitempty" doc:"What to do about it."`
}

// reportOf writes the report in the language of the request. Without one it is the command
// line's, in English.
func reportOf(c *fiber.Ctx, all []Check) *checksOut {
	out := &checksOut{}
	out.Body.Checks = make([]checkJSON, len(all))
	for i, is := range all {
		detail, fix := web.SayText(c, is.Detail), web.SayText(c, is.Fix)
		if c == nil {
			fix = is.onShell()
		}
		_, values := is.Detail.Sentence()
		out.Body.Checks[i] = checkJSON{Name: is.Name, State: is.State, Detail: detail,
			Times: web.SaidTimes(c, detail, values), Fix: fix}
	}
	return out
}

// mountLocal mounts the operator's own operations, on the socket that only they
// can reach.
func (s *API) mountLocal(f *web.Face) {
	r, own, here := s.newGroup(f, "/local/v1"), web.Operator(), web.Machine()
	mount(r, op{
		method:  http.MethodPost,
		path:    "/setup",
		id:      "set-up",
		title:   "Make the first Admin",
		text:    "Answers with a login link.",
		need:    own,
		answers: http.StatusCreated,
	}, s.setUpHere)
	mount(r, op{
		method: http.MethodPost,
		path:   "/login-link",
		id:     "rescue",
		title:  "A login link for an active Admin",
		text:   "For an Admin who cannot sign in.",
		need:   own,
	}, s.rescue)
	mount(r, op{
		method: http.MethodGet,
		path:   "/members/by-email",
		id:     "find-member",
		title:  "The member with an address",
		text:   "In any spelling of it.",
		need:   own,
	}, s.memberByEmail)
	mount(r, op{
		method: http.MethodGet,
		path:   "/outbox/{id}",
		id:     "show-email",
		title:  "An email as it is sent",
		text:   "With its content.",
		need:   own,
	}, s.showMessage)
	mount(r, op{
		method: http.MethodGet,
		path:   "/outbox/{id}/state",
		id:     "email-state",
		title:  "The delivery of an email",
		text:   "Without its content.",
		need:   own,
	}, s.messageState)
	mount(r, op{
		method: http.MethodPost,
		path:   "/mail-test",
		id:     "mail-test",
		title:  "Send a test email",
		text:   "To any address.",
		need:   own,
	}, s.mailTest)
	mount(r, op{
		method: http.MethodGet,
		path:   "/audit",
		id:     "follow-audit",
		title:  "Entries after a given one, oldest first",
		text:   "At most 200.",
		need:   own,
	}, s.auditSince)
	mount(r, op{
		method: http.MethodGet,
		path:   "/audit/verify",
		id:     "verify-audit",
		title:  "Verify the audit chain",
		text:   "409 audit_broken names the first entry that does not match.",
		need:   own,
	}, s.verifyAudit)
	mount(r, op{
		method: http.MethodPost,
		path:   "/compact",
		id:     "compact",
		title:  "Compact the store",
		text: "Removes the bytes of what was deleted. In a cluster every machine does, and the answer says which " +
			"has not, and why.",
		need: here,
	}, s.compact)
	mount(r, op{
		method: http.MethodGet,
		path:   "/verify",
		id:     "verify",
		title:  "Verify the store",
		text:   "Reads everything that this machine has, and counts it by kind.",
		need:   here,
	}, s.verify)
	mount(r, op{
		method: http.MethodGet,
		path:   "/doctor",
		id:     "doctor",
		title:  "Health check",
		text:   "One result for each check, with the fix.",
		need:   here,
	}, s.doctor)
	mount(r, op{
		method: http.MethodPost,
		path:   "/clock",
		id:     "trust-clock",
		title:  "The clock is right",
		text:   "Does what was put off because the clock had jumped.",
		need:   own,
	}, s.trustClockHere)
	f.Add(fiber.MethodGet, "/local/v1/backup", here, s.backup)
}

type setUpIn struct {
	Body struct {
		Email     string `json:"email"`
		Name      string `json:"name,omitempty"`
		Workspace string `json:"workspace,omitempty"`
	}
}

type linkedOut struct {
	Body struct {
		Member    MemberJSON `json:"member"`
		LoginLink string     `json:"login_link"`
	} `nameHint:"MemberWithLink"`
}

func linkedAnswer(c service.MemberView, link string, err error) (*linkedOut, error) {
	out := &linkedOut{}
	out.Body.Member, out.Body.LoginLink = memberOf(c), link
	return out, err
}

func (s *API) setUpHere(ctx context.Context, _ access.Actor, in *setUpIn) (*linkedOut, error) {
	to, err := address.Parse(in.Body.Email)
	if err != nil {
		return nil, err
	}
	return linkedAnswer(s.service.Setup.SetUpHere(ctx, service.FirstAdmin{
		Email:     to,
		Name:      in.Body.Name,
		Workspace: in.Body.Workspace,
	}))
}

type emailIn struct {
	Body struct {
		Email string `json:"email"`
	}
}

func (s *API) rescue(ctx context.Context, actor access.Actor, in *emailIn) (*linkedOut, error) {
	to, err := address.Parse(in.Body.Email)
	if err != nil {
		return nil, err
	}
	return linkedAnswer(s.service.Setup.LoginLink(ctx, actor, to))
}

type emailQuery struct {
	Email string `query:"email" required:"true"`
}

func (s *API) memberByEmail(ctx context.Context, actor access.Actor, in *emailQuery) (*memberOut, error) {
	a, err := address.Parse(in.Email)
	if err != nil {
		return nil, err
	}
	return memberAnswer(s.service.Members.ByAddress(ctx, actor, a))
}

func (s *API) showMessage(ctx context.Context, actor access.Actor, in *messageIn) (*messageBodyOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	m, words, err := s.service.Outbox.Get(ctx, actor, id)
	return &messageBodyOut{messageBodyJSON{MessageJSON: messageOf(m), Text: words.Text, HTML: words.HTML}}, err
}

func (s *API) messageState(ctx context.Context, actor access.Actor, in *messageIn) (*messageOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	m, _, err := s.service.Outbox.Get(ctx, actor, id)
	if access.Explain(err).Code == "email_content_gone" {
		err = nil
	}
	return messageAnswer(m, err)
}

func (s *API) mailTest(ctx context.Context, actor access.Actor, in *emailIn) (*messageOut, error) {
	to, err := address.Parse(in.Body.Email)
	if err != nil {
		return nil, err
	}
	return messageAnswer(s.service.Outbox.TestMail(ctx, actor, to))
}

type sinceIn struct {
	Since uint64 `query:"since" doc:"The last entry that you have."`
}

type entriesOut struct {
	Body struct {
		Items []auditJSON `json:"items"`
	} `nameHint:"AuditEntries"`
}

func (s *API) auditSince(ctx context.Context, actor access.Actor, in *sinceIn) (*entriesOut, error) {
	lines, err := s.service.Audit.Since(ctx, actor, in.Since)
	out := &entriesOut{}
	out.Body.Items = auditOf(lines)
	return out, err
}

type verifiedOut struct {
	Body struct {
		Entries int `json:"entries" doc:"How many entries were verified."`
	} `nameHint:"AuditVerified"`
}

func (s *API) verifyAudit(ctx context.Context, actor access.Actor, _ *struct{}) (*verifiedOut, error) {
	n, err := s.service.Audit.Verify(ctx, actor)
	out := &verifiedOut{}
	out.Body.Entries = n
	return out, err
}

type compactIn struct {
	Body *emptyJSON
}

type compactedOut struct {
	Body struct {
		Compacted bool                      `json:"compacted" doc:"Of every machine."`
		Machines  []access.MachineCompacted `json:"machines,omitempty"`
	}
}

func (s *API) compact(ctx context.Context, _ access.Actor, _ *compactIn) (*compactedOut, error) {
	all, err := s.ops.Compact(ctx)
	out := &compactedOut{}
	out.Body.Machines = all
	out.Body.Compacted = !slices.ContainsFunc(all, func(m access.MachineCompacted) bool { return m.Problem != "" })
	return out, err
}

func (s *API) trustClockHere(ctx context.Context, actor access.Actor, _ *compactIn) (*nothing, error) {
	return nil, s.service.Settings.TrustClock(ctx, actor)
}

type countsOut struct{ Body map[string]int }

func (s *API) verify(ctx context.Context, _ access.Actor, _ *struct{}) (*countsOut, error) {
	counts, err := s.ops.Verify(ctx)
	return &countsOut{counts}, err
}

type checksOut struct {
	Body struct {
		Checks []checkJSON `json:"checks"`
	} `nameHint:"Checks"`
}

func (s *API) doctor(ctx context.Context, _ access.Actor, _ *struct{}) (*checksOut, error) {
	return reportOf(nil, append(s.ops.Doctor(ctx), s.ops.Machines(ctx)...)), nil
}

func (s *API) backup(c *fiber.Ctx) error {
	actor := s.web.Guard.Actor(c)
	return s.stream(c, fiber.MIMEOctetStream, func(ctx context.Context, w io.Writer) error {
		if err := s.ops.Backup(ctx, w); err != nil {
			return err
		}
		// A full disk is when a backup is needed most: it is complete without its entry.
		if err := s.service.Settings.RecordBackup(ctx, actor); err != nil {
			s.web.Log.Warn("a backup could not be recorded in the audit log", "err", err)
		}
		return nil
	})
}
