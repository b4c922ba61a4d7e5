package access

import (
	"errors"
	"fmt"
	"time"
)

// A Kind says what went wrong, in the few categories that a caller can act on.
type Kind string

const (
	Internal    Kind = "internal"    // our fault; an Error with no kind counts as this
	Invalid     Kind = "invalid"     // the input cannot be used as it stands
	SignedOut   Kind = "signed_out"  // we do not know who is asking
	Forbidden   Kind = "forbidden"   // we know, and the answer is no
	NotFound    Kind = "not_found"   // there is none, or none the caller may see
	Conflict    Kind = "conflict"    // somebody else got there first
	Expired     Kind = "expired"     // it was valid once
	TooMany     Kind = "too_many"    // too many requests; it works again later
	Unavailable Kind = "unavailable" // nothing wrong with the request; the server cannot take it now
	NoData      Kind = "no_data"     // the data cannot be used; only the operator learns where and why
)

// An Error is a failure that we can explain. Message is for the person who caused or met
// it, in English; Sentence is what a translation is made from. Err, if set, is for the log
// and never leaves this machine.
type Error struct {
	Kind    Kind   `json:"kind"`
	Code    string `json:"code,omitempty"`  // stable, snake case, for programs; the kind if none is set
	Field   string `json:"field,omitempty"` // the input at fault, if any
	Message string `json:"message"`
	Err     error  `json:"-"`

	format string // of Message, and what stands in it
	values []any
}

// Errorf makes an Error of a kind, with a sentence for the user.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), format: format, values: args}
}

// Countedf is Errorf for a sentence with one number in it, which decides between two forms of
// the sentence.
func Countedf(kind Kind, n int, one, many string) *Error {
	if n == 1 {
		return Errorf(kind, one, n)
	}
	return Errorf(kind, many, n)
}

// A Word stands in a sentence of refusal, and is a word of its language: the name of a field
// or of a script. Its translation is the message error.word. and the word in lower case.
type Word string

// A Moment stands in a sentence of refusal as a day and a time of day.
type Moment time.Time

func (m Moment) String() string { return time.Time(m).UTC().Format("2 January 2006 at 15:04 UTC") }

// Sentence is the English sentence with its verbs, and what stands for each of them: the
// catalogue of messages finds a translation by it. It is Message itself where the Error was
// read from elsewhere, such as the operator's socket.
func (e *Error) Sentence() (format string, values []any) {
	if e.format == "" {
		return "%s", []any{e.Message}
	}
	return e.format, e.values
}

// Error returns the sentence that may be shown.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, for errors.Is and the log.
func (e *Error) Unwrap() error { return e.Err }

// WithCode sets the code by which programs recognise the failure.
func (e *Error) WithCode(code string) *Error { e.Code = code; return e }

// On names the input at fault.
func (e *Error) On(field string) *Error { e.Field = field; return e }

// Because attaches the cause, for the log.
func (e *Error) Because(err error) *Error { e.Err = err; return e }

// Is reports whether err is an Error of this kind.
func (k Kind) Is(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}

// Explain returns the part of err that may be shown. Any error that is not an Error becomes
// Internal, without a word about its cause.
func Explain(err error) *Error {
	var e *Error
	if !errors.As(err, &e) || e.Kind == "" || e.Kind == Internal {
		const ours = "Something went wrong on our side. An administrator can find the cause in the log."
		return Errorf(Internal, ours).WithCode(string(Internal))
	}
	code := e.Code
	if code == "" {
		code = string(e.Kind)
	}
	return &Error{Kind: e.Kind, Code: code, Field: e.Field, Message: e.Message, format: e.format, values: e.values}
}
