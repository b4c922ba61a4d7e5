package api

import (
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
)

// New returns the API of a server.
func New(s *web.Server, o Options) *API {
	if o.MailFrom == nil {
		o.MailFrom = func(access.Settings) string { return "" }
	}
	return &API{
		web:        s,
		service:    s.Service,
		ops:        o.Operations,
		facts:      append(o.Facts, ourFacts()...),
		mailServer: o.MailServer,
		mailFrom:   o.MailFrom,
		setAtStart: o.SetAtStart,
		portalPage: o.PortalPage,
	}
}

// Mount mounts the API, on the operator's face with the operator's own
// operations. Each operation is described once, with its types; Huma validates
// requests against that and generates the OpenAPI document from it.
func (s *API) Mount(f *web.Face) {
	r := s.newGroup(f, "/api/v1")
	s.mountMe(r)
	s.mountDesktop(r)
	s.mountOverview(r)
	s.mountInvitations(r)
	s.mountCheck(r)
	s.mountLoginRequests(r)
	s.mountMembersExport(r) // before /members/{id}
	s.mountMembers(r)
	s.mountSessions(r)
	s.mountRoles(r)
	s.mountRecords(r)
	s.mountAudit(r)
	s.mountSettings(r)
	s.mountAppearance(r)
	if s.web.InCluster() {
		s.mountCluster(r)
	}
	describeEvents(r)
	s.mountDocument(r)
	if f.Local() {
		s.mountLocal(f)
	}
}

// mountDocument serves the OpenAPI document. It is generated once, when all
// operations are known.
func (s *API) mountDocument(r *group) {
	r.huma.OpenAPI().AddOperation(&huma.Operation{
		Method:      http.MethodGet,
		Path:        "/openapi.json",
		OperationID: "get-openapi",
		Summary:     "This document",
		Description: "The OpenAPI 3.1 description of the API. Anyone can read it.",
		Tags:        []string{"openapi.json"},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {}}},
		},
	})
	if !s.web.InCluster() {
		r.leaveOutCluster()
	}
	document, err := json.Marshal(r.huma.OpenAPI())
	if err != nil {
		panic(err) // the types of this package do not marshal: a bug that no request can fix
	}
	r.face.Add(fiber.MethodGet, r.prefix+"/openapi.json", web.Static(), func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(document)
	})
}
