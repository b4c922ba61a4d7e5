package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"doorward/backend/access"
	"doorward/backend/web"
)

// Huma is configured through package variables: they are the same for every
// server of this process and are not changed afterwards.
func init() {
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError { return problemOfHuma(status, errs...) }
	validation.MsgUnexpectedProperty = notAField
	validation.MsgExpectedRequiredProperty = lacksField + "%s"
	validation.MsgExpectedBoolean = "must be true or false"
	validation.MsgExpectedNumber = "must be a number"
	validation.MsgExpectedInteger = "must be a whole number"
	validation.MsgExpectedString = "must be text"
	validation.MsgExpectedArray = "must be a list"
	validation.MsgExpectedObject = "must be a JSON object"
	validation.MsgExpectedOneOf = "must be one of: %s"
	validation.MsgExpectedMinimumNumber = "must be at least %v"
	validation.MsgExpectedMaximumNumber = "must be at most %v"
	validation.MsgExpectedMinLength = "must have at least %d characters"
	validation.MsgExpectedMaxLength = "can have at most %d characters"
	validation.MsgExpectedMinItems = "must have at least %d entries"
	validation.MsgExpectedMaxItems = "can have at most %d entries"
}

const (
	notAField  = "is not known here"
	lacksField = "lacks the field "
	isMissing  = "is missing"
)

// validationMessages replaces those of Huma's messages that are not variables.
var validationMessages = map[string]string{
	"invalid integer":                     "must be a whole number",
	"invalid boolean":                     "must be true or false",
	"required path parameter is missing":  isMissing,
	"required query parameter is missing": isMissing,
}

// mostFaults is how many faults one answer lists.
const mostFaults = 20

// problemOfHuma turns Huma's findings into our sentences: without values, and
// without the names of Go types.
func problemOfHuma(code int, errs ...error) *web.Problem {
	p := &web.Problem{Status: code, Title: http.StatusText(code)}
	var faults []fault
	for _, err := range errs {
		var d *huma.ErrorDetail
		if errors.As(err, &d) {
			faults = append(faults, faultOf(d))
		}
	}
	slices.SortFunc(faults, func(a, b fault) int { return cmp.Compare(a.location, b.location) })
	for _, f := range faults[:min(len(faults), mostFaults)] {
		p.Errors = append(p.Errors, web.ProblemField{Message: f.sentence(), Location: f.location})
	}
	switch {
	case code >= http.StatusInternalServerError:
		shown := access.Explain(nil)
		p.Code, p.Detail, p.Errors = shown.Code, shown.Message, nil
	case code == http.StatusRequestEntityTooLarge:
		p.Code, p.Detail = "body_too_large", web.BodyTooLarge(web.BodyLimit).Message
	case len(faults) == 0:
		p.Code, p.Detail = "bad_body", "The request needs a JSON body."
	case len(faults) == 1:
		p.Code, p.Detail = faults[0].code(), p.Errors[0].Message
	default:
		p.Code, p.Detail = faults[0].code(),
			fmt.Sprintf("%d things are wrong with the request. First: %s", len(faults), p.Errors[0].Message)
	}
	return p
}

// A fault is one thing wrong with a request: where, and what.
type fault struct{ kind, location, what string }

func faultOf(d *huma.ErrorDetail) fault {
	kind, location, _ := strings.Cut(d.Location, ".")
	f := fault{kind, access.Shorten(location, 80), d.Message}
	if w, ok := validationMessages[f.what]; ok {
		f.what = w
	}
	if field, ok := strings.CutPrefix(f.what, lacksField); ok {
		f.location, f.what = strings.TrimPrefix(f.location+"."+field, "."), isMissing
	}
	if !plainMessage(f.what) {
		f.what = "cannot be used as it is"
	}
	return f
}

// plainMessage reports whether a message is one of ours. Others may contain
// input, or names of types.
func plainMessage(s string) bool {
	for _, begin := range []string{"must ", "can ", isMissing, notAField} {
		if strings.HasPrefix(s, begin) {
			return true
		}
	}
	return false
}

func (f fault) sentence() string {
	thing := map[string]string{"query": "parameter", "path": "part of the path"}[f.kind]
	switch {
	case f.location == "" && thing == "":
		return "The body " + f.what + "."
	case thing == "":
		thing = "field"
	}
	return fmt.Sprintf("The %s \"%s\" %s.", thing, f.location, f.what)
}

func (f fault) code() string {
	switch f.what {
	case notAField:
		return "unknown_field"
	case isMissing:
		return "field_missing"
	}
	return "invalid_input"
}
