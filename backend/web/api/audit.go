package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/service"
	"doorward/backend/web"
)

var readAudit = web.Permission(access.May(access.Read, access.ResAudit))

func (s *API) mountAudit(r *group) {
	mount(r, op{
		method: http.MethodGet,
		path:   "/audit",
		id:     "list-audit",
		title:  "The audit log",
		text: "Who did what, to whom, when and from where; newest first. Each entry is chained to the one before " +
			"by its hash. A page of a filtered log can be short, or empty, and still have a next.",
		need:  readAudit,
		fails: []int{http.StatusUnprocessableEntity},
	}, s.audit)
	mount(r, op{
		method: http.MethodGet,
		path:   "/audit/verify",
		id:     "verify-audit",
		title:  "Verify the audit log",
		text:   "Verifies the whole chain. An entry that was altered, removed, added or moved is named.",
		need:   readAudit,
	}, s.auditVerdict)
	s.mountExport(r)
}

// AuditFilter filters the audit log.
type AuditFilter struct {
	Actor  string `query:"actor" maxLength:"254" doc:"Who did it: the address of a member, the id of a member or token, operator, or system." example:"grace@example.com"`
	Action string `query:"action" maxLength:"400" doc:"What was done; several with commas between." example:"approved,rejected"`
	Target string `query:"target" maxLength:"254" doc:"What it was done to: the address of a member, an id, the name of a role or token." example:"ada@example.com"`
	About  string `query:"about" maxLength:"254" doc:"Who did it or to whom it was done: the address or the id of a member." example:"ada@example.com"`
	From   string `query:"from" maxLength:"40" doc:"From this time on (RFC 3339)." example:"2030-05-01T00:00:00Z"`
	Until  string `query:"until" maxLength:"40" doc:"Before this time (RFC 3339)." example:"2030-06-01T00:00:00Z"`
}

func (f *AuditFilter) query() (q service.AuditQuery, err error) {
	if q.From, err = parseTime("from", f.From); err != nil {
		return q, err
	}
	if q.Until, err = parseTime("until", f.Until); err != nil {
		return q, err
	}
	if q.Actor, err = idOrAddress("actor", f.Actor); err != nil {
		return q, err
	}
	if q.Target, err = idOrAddress("target", f.Target); err != nil {
		return q, err
	}
	if q.About, err = idOrAddress("about", f.About); err != nil {
		return q, err
	}
	for action := range strings.SplitSeq(f.Action, ",") {
		if action = strings.TrimSpace(action); action != "" {
			known, ok := access.AuditActionOf(action)
			if !ok {
				return q, access.Errorf(access.Invalid, "There is no action %q. The OpenAPI document "+
					"lists all actions.", access.Shorten(action, 40)).On("action").WithCode("unknown_action")
			}
			q.Actions = append(q.Actions, known)
		}
	}
	return q, nil
}

// idOrAddress returns an address in its canonical form, and any other text as it
// is.
func idOrAddress(field, s string) (string, error) {
	s, err := access.CleanText(field, s, 254)
	if err != nil || !strings.Contains(s, "@") {
		return s, err
	}
	a, err := address.Parse(s)
	if err != nil {
		return "", access.Explain(err).On(field)
	}
	return a.Canonical, nil
}

func parseTime(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return t, access.Errorf(access.Invalid, "Enter the time as in 2030-05-01T12:00:00Z.").
			On(field).WithCode("bad_time")
	}
	return t, nil
}

type auditIn struct {
	AuditFilter
	Paging
}

type auditOut struct {
	Body struct {
		Items        []auditJSON `json:"items"`
		Next         string      `json:"next,omitempty" doc:"The cursor of the next page; absent on the last one."`
		Total        int         `json:"total"`
		TotalIsFloor bool        `json:"total_is_floor,omitempty" doc:"total is a lower bound."`
	} `nameHint:"AuditList"`
}

func (s *API) audit(ctx context.Context, actor access.Actor, in *auditIn) (*auditOut, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	q.Cursor, q.Limit = in.cursor(), in.Limit
	page, err := s.service.Audit.Find(ctx, actor, q)
	out := &auditOut{}
	out.Body.Items, out.Body.Next, out.Body.Total, out.Body.TotalIsFloor = auditOf(page.Items), page.Next, page.Total,
		page.TotalIsFloor
	return out, err
}

type verdictOut struct {
	Body struct {
		OK      bool   `json:"ok"`
		Entries int    `json:"entries" doc:"How many entries were verified."`
		Detail  string `json:"detail,omitempty" doc:"What is wrong, if anything is."`
	} `nameHint:"AuditVerdict"`
}

func (s *API) auditVerdict(ctx context.Context, actor access.Actor, _ *struct{}) (*verdictOut, error) {
	n, err := s.service.Audit.Verify(ctx, actor)
	out := &verdictOut{}
	out.Body.OK, out.Body.Entries = err == nil, n
	if why := access.Explain(err); err != nil && why.Code == "audit_broken" {
		out.Body.Detail, err = web.Say(actorIn(ctx), why), nil
	}
	return out, err
}

// exportColumns are the columns of the exported table; its rows follow their
// order. With several machines there is one more at the end, machine.
var exportColumns = []string{"seq", "at", "actor", "source", "from", "action", "target", "detail", "hash"}

func (s *API) mountExport(r *group) {
	param := func(name, doc string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: "string"}}
	}
	o := &huma.Operation{
		Method:      http.MethodGet,
		Path:        "/audit/export",
		OperationID: "export-audit",
		Summary:     "The audit log as a file",
		Description: "All entries that match the filter of GET /audit, newest first. A session needs a " +
			"confirmation of the " +
			"last 15 minutes (POST /me/confirmation). The table is safe to open in a spreadsheet: a cell that " +
			"would be a " +
			"formula begins with an apostrophe, and the file begins with a byte order mark.",
		Tags:     []string{"audit"},
		Security: []map[string][]string{{"session": {}}, {"token": {}}},
		Parameters: []*huma.Param{param("format", "csv or json; csv where it is absent."),
			param("actor", "As in GET /audit."), param("action", "As in GET /audit."),
			param("target", "As in GET /audit."), param("about", "As in GET /audit."), param("from",
				"As in GET /audit."),
			param("until", "As in GET /audit.")},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/csv": {}, "application/json": {}}},
		},
	}
	r.add(o, readAudit, func(c *fiber.Ctx) error {
		if err := knownParameters(o, c); err != nil {
			return err
		}
		return s.export(c)
	})
}

func (s *API) export(c *fiber.Ctx) error {
	asked := func(name string) string { return strings.Clone(c.Query(name)) }
	f := AuditFilter{
		Actor:  asked("actor"),
		Action: asked("action"),
		Target: asked("target"),
		About:  asked("about"),
		From:   asked("from"),
		Until:  asked("until"),
	}
	q, err := f.query()
	if err != nil {
		return err
	}
	actor, write, kind := s.web.Guard.Actor(c), exportCSV(s.web.InCluster()), "text/csv; charset=utf-8"
	format := strings.Clone(c.Query("format", "csv"))
	switch format {
	case "csv":
	case "json":
		write, kind = exportJSON, fiber.MIMEApplicationJSON
	default:
		return access.Errorf(access.Invalid, "Choose csv or json.").On("format").WithCode("bad_format")
	}
	if err := s.service.Audit.MayExport(c.UserContext(), actor); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="doorward-audit.%s"`, format))
	return s.stream(c, kind, func(ctx context.Context, w io.Writer) error {
		b := bufio.NewWriterSize(w, 64<<10)
		err := write(b, func(fn func([]service.AuditLine) error) error {
			return s.service.Audit.Each(ctx, actor, q, fn)
		})
		if err != nil {
			return err
		}
		return b.Flush()
	})
}

type eachPage func(fn func([]service.AuditLine) error) error

func exportJSON(w *bufio.Writer, each eachPage) error {
	between := "["
	err := each(func(lines []service.AuditLine) error {
		for _, e := range auditOf(lines) {
			body, err := json.Marshal(e)
			if err != nil {
				return err
			}
			w.WriteString(between + "\n")
			w.Write(body)
			between = ","
		}
		return nil
	})
	if between == "[" {
		w.WriteString("[")
	}
	w.WriteString("\n]\n")
	return err
}

func exportCSV(machines bool) func(*bufio.Writer, eachPage) error {
	return func(w *bufio.Writer, each eachPage) error {
		row := func(cells []string, machine string) {
			if machines {
				cells = append(slices.Clip(cells), machine)
			}
			writeRow(w, cells)
		}
		w.WriteString(byteOrderMark)
		row(exportColumns, "machine")
		return each(func(lines []service.AuditLine) error {
			for _, e := range auditOf(lines) {
				row([]string{strconv.FormatUint(e.Seq, 10), e.At.Format(time.RFC3339Nano), e.Actor, e.Source, e.From,
					string(e.Action), e.Target, e.Detail, e.Hash}, e.Machine)
			}
			return nil
		})
	}
}
