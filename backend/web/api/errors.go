package api

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gofiber/fiber/v2"

	"doorward/backend/access"
	"doorward/backend/web"
)

// What Huma may find wrong, each with its limit after it if it has one. Huma makes a text of
// these; refusal makes a sentence of that.
const (
	isUnknown  = "unknown:"
	isMissing  = "missing:"
	notBoolean = "boolean:"
	notNumber  = "number:"
	notInteger = "integer:"
	notText    = "text:"
	notList    = "list:"
	notObject  = "object:"
	notOneOf   = "one_of:"
	below      = "at_least:"
	over       = "at_most:"
	tooShort   = "min_length:"
	tooLong    = "max_length:"
	tooFew     = "min_entries:"
	tooMany    = "max_entries:"
)

// Huma is configured through package variables: they are the same for every
// server of this process and are not changed afterwards.
func init() {
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		return problemOfHuma(nil, status, errs...)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		return problemOfHuma(humafiber.Unwrap(ctx), status, errs...)
	}
	validation.MsgUnexpectedProperty = isUnknown
	validation.MsgExpectedRequiredProperty = isMissing + "%s"
	validation.MsgExpectedBoolean = notBoolean
	validation.MsgExpectedNumber = notNumber
	validation.MsgExpectedInteger = notInteger
	validation.MsgExpectedString = notText
	validation.MsgExpectedArray = notList
	validation.MsgExpectedObject = notObject
	validation.MsgExpectedOneOf = notOneOf + "%s"
	validation.MsgExpectedMinimumNumber = below + "%v"
	validation.MsgExpectedMaximumNumber = over + "%v"
	validation.MsgExpectedMinLength = tooShort + "%d"
	validation.MsgExpectedMaxLength = tooLong + "%d"
	validation.MsgExpectedMinItems = tooFew + "%d"
	validation.MsgExpectedMaxItems = tooMany + "%d"
}

// validationMessages replaces those of Huma's messages that are not variables.
var validationMessages = map[string]string{
	"invalid integer":                     notInteger,
	"invalid boolean":                     notBoolean,
	"required path parameter is missing":  isMissing,
	"required query parameter is missing": isMissing,
}

// maxFaults is how many faults one answer lists.
const maxFaults = 20

// problemOfHuma turns Huma's findings into our sentences: in the language of the request,
// without values, and without the names of Go types.
func problemOfHuma(c *fiber.Ctx, code int, errs ...error) *web.Problem {
	p := &web.Problem{Status: code, Title: http.StatusText(code)}
	var faults []fault
	for _, err := range errs {
		var d *huma.ErrorDetail
		if errors.As(err, &d) {
			faults = append(faults, faultOf(d))
		}
	}
	slices.SortFunc(faults, func(a, b fault) int { return cmp.Compare(a.location, b.location) })
	for _, f := range faults[:min(len(faults), maxFaults)] {
		p.Errors = append(p.Errors, web.ProblemField{Message: web.Say(c, f.refusal()), Location: f.location})
	}
	var e *access.Error
	switch {
	case code >= http.StatusInternalServerError:
		e, p.Errors = access.Explain(nil), nil
	case code == http.StatusRequestEntityTooLarge:
		e = web.BodyTooLarge(web.BodyLimit)
	case len(faults) == 0:
		e = access.Errorf(access.Invalid, "The request needs a JSON body.").WithCode("bad_body")
	case len(faults) == 1:
		e = faults[0].refusal()
	default:
		e = access.Errorf(access.Invalid, "The request has %d errors. The first: %s",
			len(faults), p.Errors[0].Message).WithCode(faults[0].refusal().Code)
	}
	p.Code, p.Detail = e.Code, web.Say(c, e)
	return p
}

// A fault is one thing wrong with a request: where, and what, with the limit that it is over
// or under.
type fault struct{ location, what, limit string }

func faultOf(d *huma.ErrorDetail) fault {
	_, location, _ := strings.Cut(d.Location, ".")
	message := d.Message
	if m, ok := validationMessages[message]; ok {
		message = m
	}
	what, limit, _ := strings.Cut(message, ":")
	f := fault{location: access.Shorten(location, 80), what: what + ":", limit: limit}
	if f.what == isMissing && limit != "" {
		f.location, f.limit = strings.TrimPrefix(f.location+"."+limit, "."), ""
	}
	return f
}

// refusal says what is wrong. What is not one of ours is not repeated: it may contain input,
// or names of types.
func (f fault) refusal() *access.Error {
	field := cmp.Or(f.location, "body")
	invalid := func(format string, more ...any) *access.Error {
		return access.Errorf(access.Invalid, format, append([]any{field}, more...)...).WithCode("invalid_input")
	}
	switch f.what {
	case isUnknown:
		return invalid("\"%s\" is not a known field.").WithCode("unknown_field")
	case isMissing:
		return invalid("\"%s\" is missing.").WithCode("field_missing")
	case notBoolean:
		return invalid("\"%s\" must be true or false.")
	case notNumber:
		return invalid("\"%s\" must be a number.")
	case notInteger:
		return invalid("\"%s\" must be a whole number.")
	case notText:
		return invalid("\"%s\" must be text.")
	case notList:
		return invalid("\"%s\" must be a list.")
	case notObject:
		return invalid("\"%s\" must be a JSON object.")
	case notOneOf:
		return invalid("\"%s\" must be one of: %s.", f.limit)
	case below:
		return invalid("\"%s\" must be at least %s.", f.limit)
	case over:
		return invalid("\"%s\" must be at most %s.", f.limit)
	}
	if n, err := strconv.Atoi(f.limit); err == nil {
		if e := f.refusalOfSize(field, n); e != nil {
			return e
		}
	}
	return invalid("\"%s\" is not valid.")
}

// refusalOfSize is refusal for what is too long or too short.
func (f fault) refusalOfSize(field string, n int) *access.Error {
	counted := func(one, many string) *access.Error {
		if n == 1 {
			many = one
		}
		return access.Errorf(access.Invalid, many, field, n).WithCode("invalid_input")
	}
	switch f.what {
	case tooShort:
		return counted("\"%s\" must have at least %d character.", "\"%s\" must have at least %d characters.")
	case tooLong:
		return counted("\"%s\" can have at most %d character.", "\"%s\" can have at most %d characters.")
	case tooFew:
		return counted("\"%s\" must have at least %d entry.", "\"%s\" must have at least %d entries.")
	case tooMany:
		return counted("\"%s\" can have at most %d entry.", "\"%s\" can have at most %d entries.")
	}
	return nil
}
