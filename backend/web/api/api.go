// Package api is the HTTP API for programs: the operations under /api/v1 and, on
// the operator's own socket, /local/v1, with their JSON types. It is the only
// user of Huma, which validates requests against the types here and generates the
// OpenAPI document from them.
//
// It decides nothing: an operation parses its input into types, calls one verb of
// the service, and writes the result. The server answers errors, as problem+json;
// only Huma's own findings get their sentences here (errors.go).
package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"doorward/backend/access"
	"doorward/backend/service"
	"doorward/backend/web"
)

// An API is the operations under /api/v1 and, on the operator's socket,
// /local/v1. It is safe for concurrent use.
type API struct {
	web        *web.Server
	service    *service.Service
	ops        Operations
	facts      []Fact
	mailServer string
	mailFrom   func(access.Settings) string
	setAtStart access.SetAtStart
	portalPage PortalPage
}

// A group is a set of operations under one prefix.
type group struct {
	api    *API
	face   *web.Face
	huma   huma.API
	prefix string
}

const documentText = `Doorward decides who gets in: administrators invite people by email, invited people prove their address and wait, and administrators approve or reject them.

Errors are application/problem+json with a stable code and a sentence in detail, in the language of Accept-Language if it is one of ours, else in English. It has times in UTC, which stand in times as well, for programs. All other times are RFC 3339 in UTC; what is not known is absent. Lists page by limit and an opaque cursor: pass next as cursor to get the page after. Bodies are JSON of at most 64 KiB (1 MiB for a batch of invitations and for a logo); unknown and repeated fields are refused.`

func (s *API) newGroup(f *web.Face, prefix string) *group {
	config := huma.DefaultConfig("Doorward", "1")
	config.CreateHooks = nil // the hooks would add links built from the request's Host
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Info.Description = documentText
	config.Servers = []*huma.Server{{URL: prefix}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: "__Host-dw",
			Description: "The session of a signed-in member. It is named dw while the public URL is plain http, and " +
				"has the URL's port at its end, as dw-8080, if there is one. " +
				"What changes something also needs a same-origin Sec-Fetch-Site or Origin header."},
		"token": {Type: "http", Scheme: "bearer", BearerFormat: "dw_…",
			Description: "An API token, created with `doorward token add` or POST /tokens. A native window sends its " +
				"session's secret, dwin_…, in the same way."},
	}
	return &group{
		api:    s,
		face:   f,
		huma:   humafiber.NewWithGroup(f.App(), f.App().Group(prefix), config),
		prefix: prefix,
	}
}

// schemaName is the type's name without the suffix that tells its purpose.
func schemaName(t reflect.Type, hint string) string {
	return strings.ReplaceAll(huma.DefaultSchemaNamer(t, hint), "JSON", "")
}

// readMembers is what opens the lists of members, and what event streams tell of.
var readMembers = access.May(access.Read, access.ResMembers)

// needsConfirmation is in the description of each operation that requires a
// confirmed session.
const needsConfirmation = "A session needs a confirmation of the last 15 minutes: 403 confirmation_required, see " +
	"POST /me/confirmation."

// An op is one operation: its path, its description, who may use it.
type op struct {
	method, path string
	id           string // kebab case, stable: generated clients use it
	title        string
	text         string
	need         web.Class
	answers      int   // status of success; zero: 200, or 204 where there is no body
	fails        []int // statuses beyond those that follow from the other fields
}

// mount mounts one classified operation. do is called only if the guard admits
// the caller; its error becomes a problem, like every other.
func mount[I, O any](r *group, o op, do func(context.Context, access.Actor, *I) (*O, error)) {
	r.face.Classify(o.method, fiberPath(r.prefix+o.path), o.need)
	d := o.describe()
	d.Middlewares = huma.Middlewares{r.let(o.need)}
	a := describeAnswer(&d, reflect.TypeFor[O](), r.huma.OpenAPI().Components.Schemas)
	huma.Register(r.huma, d, func(ctx context.Context, in *I) (*answer, error) {
		c := actorIn(ctx)
		out, err := do(ctx, r.api.web.Guard.Actor(c), in)
		if err != nil {
			return nil, r.face.Problem(c, err)
		}
		inLanguage(c, out)
		return a.of(out), nil
	})
	a.settle()
}

// add mounts an operation that Huma cannot answer: one that is not JSON, or is
// streamed. o is its description in the document.
func (r *group) add(o *huma.Operation, n web.Class, h fiber.Handler) {
	r.huma.OpenAPI().AddOperation(o)
	r.face.Add(o.Method, fiberPath(r.prefix+o.Path), n, h)
}

func fiberPath(p string) string { return strings.NewReplacer("{", ":", "}", "").Replace(p) }

// describe returns the operation as the OpenAPI document has it.
func (o *op) describe() huma.Operation {
	d := huma.Operation{Method: o.method, Path: o.path, OperationID: o.id, Summary: o.title, Description: o.text,
		Tags: []string{strings.Split(o.path, "/")[1]}, DefaultStatus: o.answers, MaxBodyBytes: 2 * web.BodyLimit,
		SkipValidateBody: true} // validate does it
	if o.need.NeedsAccount() {
		d.Security = []map[string][]string{{"session": {}}}
		d.Errors = []int{http.StatusUnauthorized, http.StatusForbidden}
	}
	if o.need.TakesTokens() {
		d.Security = append(d.Security, map[string][]string{"token": {}})
	}
	if strings.Contains(o.path, "{") {
		d.Errors = append(d.Errors, http.StatusNotFound)
	}
	if o.method != http.MethodGet {
		d.Errors = append(d.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	d.Errors = append(d.Errors, append(o.fails, http.StatusTooManyRequests, http.StatusServiceUnavailable)...)
	return d
}

type requestKey struct{}

// actorIn returns the Fiber request of a handler's context.
func actorIn(ctx context.Context) *fiber.Ctx { return ctx.Value(requestKey{}).(*fiber.Ctx) }

// let calls the handler if the caller may use the operation, and answers with the
// refusal otherwise.
func (r *group) let(n web.Class) func(huma.Context, func(huma.Context)) {
	admit := r.face.Admission(n)
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humafiber.Unwrap(ctx)
		err := admit(c)
		if err == nil {
			err = knownParameters(ctx.Operation(), c)
		}
		if err == nil {
			err = validate(r.huma.OpenAPI().Components.Schemas, ctx.Operation(), c)
		}
		if err == nil {
			r.position(c, n)
			next(huma.WithValue(ctx, requestKey{}, c))
			return
		}
		if err := r.face.Fail(c, err); err != nil {
			r.api.web.Log.Error("an error could not be answered", "err", err)
		}
	}
}

// position says how far the server was before it read the answer, to callers whom event
// streams tell of changes.
func (r *group) position(c *fiber.Ctx, n web.Class) {
	if c.Method() != fiber.MethodGet || !n.NeedsAccount() {
		return
	}
	if p := web.PrincipalOf(c); p == nil || p.May(readMembers) == nil {
		c.Set(web.PositionHeader, r.api.web.Position())
	}
}

// knownParameters refuses parameters that the operation does not have, or that
// occur twice: a filter with a typo would otherwise silently list everything.
func knownParameters(o *huma.Operation, c *fiber.Ctx) error {
	args := c.Context().QueryArgs()
	if args.Len() == 0 {
		return nil // no allocation, unlike the loop below
	}
	return checkParameters(o, args)
}

func checkParameters(o *huma.Operation, args *fasthttp.Args) error {
	seen := map[string]bool{}
	for key := range args.All() {
		name, shown := string(key), access.Shorten(string(key), 40)
		switch {
		case seen[name]:
			return access.Errorf(access.Invalid, "The parameter %q is given twice.", shown).
				On(shown).WithCode("parameter_twice")
		case !takes(o, name):
			return access.Errorf(access.Invalid, "There is no parameter %q.", shown).
				On(shown).WithCode("unknown_parameter")
		}
		seen[name] = true
	}
	return nil
}

// validate checks the body against the operation's schema. Huma would parse it a
// second time for that; readBody has parsed it already.
func validate(schemas huma.Registry, o *huma.Operation, c *fiber.Ctx) error {
	read, sent := web.JSON(c)
	if o.RequestBody == nil || !sent {
		return nil // Huma reports a body that is missing
	}
	var found huma.ValidateResult
	at := huma.NewPathBuffer(nil, 0)
	at.Push("body")
	schema := o.RequestBody.Content[fiber.MIMEApplicationJSON].Schema
	huma.Validate(schemas, schema, at, huma.ModeWriteToServer, read, &found)
	if len(found.Errors) == 0 {
		return nil
	}
	return problemOfHuma(c, http.StatusUnprocessableEntity, found.Errors...)
}

func takes(o *huma.Operation, name string) bool {
	for _, p := range o.Parameters {
		if p.In == "query" && p.Name == name {
			return true
		}
	}
	return false
}

// A retold is an answer with sentences that are stored in English, such as why an email was
// not sent. retell puts each into the reader's language: a mail server's own words stay as
// they are.
type retold interface{ retell(say func(string) string) }

// inLanguage retells an answer, if it has such sentences.
func inLanguage(c *fiber.Ctx, answer any) {
	if r, ok := answer.(retold); ok {
		r.retell(func(english string) string { return web.Retell(c, english) })
	}
}
