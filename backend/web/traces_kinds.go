package web

import (
	"errors"
	"net/http"

	"doorward/backend/access"
)

// traceByCode are the refusals that are traces, by their code.
var traceByCode = map[string]access.Trace{
	"foreign_host":  access.TraceForeignHost,
	"foreign_form":  access.TraceForeignForm,
	"bad_forwarded": access.TraceForwardedRefused,
}

// traceByUnknown are those that are traces where what was shown is unknown, and
// none where it was good once.
var traceByUnknown = map[string]access.Trace{
	"link_dead":    access.TraceDeadLink,
	"window_dead":  access.TraceDeadLink,
	"setup_closed": access.TraceSetupWrong,
}

// traceOf is what kind of trace a refusal is; empty where it is none. Secrets that
// open nothing are noted where they are looked up (failedAttempt), for the answer to
// one can be that the network is too fast.
func traceOf(err error, e *access.Error, code int) access.Trace {
	var slow *slowedError
	unreadable := code == http.StatusBadRequest || code == http.StatusRequestHeaderFieldsTooLarge
	switch {
	case errors.As(err, &slow):
		return access.TraceTooMany
	case traceByCode[e.Code] != "":
		return traceByCode[e.Code]
	case errors.Is(err, access.ErrUnknownCode):
		return traceByUnknown[e.Code]
	case code == http.StatusRequestEntityTooLarge || code == http.StatusUnsupportedMediaType:
		return access.TraceBodyRefused
	case unreadable && (e.Code == "bad_request" || e.Code == "header_too_large"):
		return access.TraceFramingRefused
	}
	return ""
}
