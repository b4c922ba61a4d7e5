package api

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
)

// memberColumns are the columns of the exported table. doorward import and the console read
// email, name, roles and language as those of invitations.
var memberColumns = []string{"email", "name", "roles", "status", "language", "invited_by", "invited_at", "accepted_at",
	"decided_by", "decided_at", "last_sign_in_at", "id"}

func (s *API) mountMembersExport(r *group) {
	o := &huma.Operation{
		Method:      http.MethodGet,
		Path:        "/members/export",
		OperationID: "export-members",
		Summary:     "The members as a file",
		Description: "All members that match the filter of GET /members, in its order, as CSV. A session " +
			"needs a confirmation of the last 15 minutes (POST /me/confirmation). The table is safe to open in a " +
			"spreadsheet: a cell that would be a formula begins with an apostrophe, and the file begins with a byte " +
			"order mark.",
		Tags:     []string{"members"},
		Security: []map[string][]string{{"session": {}}, {"token": {}}},
		Parameters: []*huma.Param{asInMembers("state"), asInMembers("status"), asInMembers("role"),
			asInMembers("sort"), asInMembers("q")},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/csv": {}}},
		},
	}
	r.add(o, web.Permission(access.May(access.Read, access.ResMembers)), func(c *fiber.Ctx) error {
		if err := knownParameters(o, c); err != nil {
			return err
		}
		return s.exportMembers(c)
	})
}

func asInMembers(name string) *huma.Param {
	return &huma.Param{
		Name:        name,
		In:          "query",
		Description: "As in GET /members.",
		Schema:      &huma.Schema{Type: "string"},
	}
}

func (s *API) exportMembers(c *fiber.Ctx) error {
	asked := func(name string) string { return strings.Clone(c.Query(name)) }
	q, err := MembersFilter{
		State:  asked("state"),
		Status: asked("status"),
		Role:   asked("role"),
		Sort:   asked("sort"),
		Words:  asked("q"),
	}.query()
	if err != nil {
		return err
	}
	actor := s.web.Guard.Actor(c)
	if err := s.service.Members.MayExport(c.UserContext(), actor, q); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="doorward-members.csv"`)
	return s.stream(c, "text/csv; charset=utf-8", func(ctx context.Context, w io.Writer) error {
		b := bufio.NewWriterSize(w, 64<<10)
		b.WriteString(byteOrderMark)
		writeRow(b, memberColumns)
		err := s.service.Members.Each(ctx, actor, q, func(members []service.MemberView) error {
			for _, m := range membersOf(members) {
				writeRow(b, m.cells())
			}
			return nil
		})
		if err != nil {
			return err
		}
		return b.Flush()
	})
}

// cells are a member's row, in the order of memberColumns.
func (m MemberJSON) cells() []string {
	return []string{m.Email, m.Name, strings.Join(m.Roles, "+"), m.status(), m.Language, m.InvitedBy,
		moment(m.InvitedAt),
		moment(m.AcceptedAt), m.DecidedBy, moment(m.DecidedAt), moment(m.LastSignInAt), m.ID}
}

// status tells apart what the state pending means to people, as the console does.
func (m MemberJSON) status() string {
	switch {
	case m.State != string(access.Pending) || !m.AcceptedAt.IsZero():
		return m.State
	case m.InvitationExpired:
		return "expired"
	}
	return "invited"
}

// moment is empty for what has not happened.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
