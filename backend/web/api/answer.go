package api

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// An answer is any operation's, for Huma. The compiler makes Huma's Register anew for each pair
// of types of a request and an answer, 20 KB each time; so all answers have one type there, and
// their own types are described here.
type answer struct {
	Location string `header:"Location"`
	Body     any
}

// An answering knows the type of an operation's answers: a struct with a Body, which may have a
// Location, or with neither.
type answering struct {
	body, location []int // where they stand in it; nil where it has none
	response       *huma.Response
}

// describeAnswer describes the answers of an operation in d. When the operation is registered,
// settle is to be called.
func describeAnswer(d *huma.Operation, t reflect.Type, schemas huma.Registry) answering {
	a := answering{response: &huma.Response{}}
	if f, ok := t.FieldByName("Location"); ok {
		a.location = f.Index
	}
	if f, ok := t.FieldByName("Body"); ok {
		a.body = f.Index
		a.response.Content = map[string]*huma.MediaType{
			fiber.MIMEApplicationJSON: {Schema: huma.SchemaFromField(schemas, f, schemaHint(t, f))},
		}
	} else if d.DefaultStatus == 0 {
		d.DefaultStatus = http.StatusNoContent
	}
	if d.DefaultStatus == 0 {
		d.DefaultStatus = http.StatusOK
	}
	d.Responses = map[string]*huma.Response{strconv.Itoa(d.DefaultStatus): a.response}
	return a
}

// schemaHint names the schema of a body whose own type has no name.
func schemaHint(t reflect.Type, body reflect.StructField) string {
	if name := body.Tag.Get("nameHint"); name != "" {
		return name
	}
	return t.Name() + body.Name
}

// settle takes out of the document what Huma has found in the type of all answers and this
// operation's do not have.
func (a answering) settle() {
	if a.body == nil {
		a.response.Content = nil
	}
	if a.location == nil {
		a.response.Headers = nil
	}
}

// of returns an operation's own answer, to which out points, as Huma takes it.
func (a answering) of(out any) *answer {
	if a.body == nil {
		return nil
	}
	own := reflect.ValueOf(out).Elem()
	all := &answer{Body: own.FieldByIndex(a.body).Interface()}
	if a.location != nil {
		all.Location = own.FieldByIndex(a.location).String()
	}
	return all
}
