package web

import (
	"errors"
	"net/http"

	"doorward/backend/access"
)

// traceByCode has the refusals that leave a trace, by their code.
var traceByCode = map[string]access.Trace{
	"foreign_host":  access.TraceForeignHost,
	"foreign_form":  access.TraceForeignForm,
	"bad_forwarded": access.TraceForwardedRefused,
}

// traceByUnknown has those that leave a trace where the secret shown is unknown,
// and none where it was valid once.
var traceByUnknown = map[string]access.Trace{
	"link_dead":               access.TraceDeadLink,
	"desktop_sign_in_expired": access.TraceDeadLink,
	"setup_closed":            access.TraceSetupWrong,
}

// traceOf returns the kind of trace of a refusal; empty where it leaves none.
// Invalid secrets are noted where they are looked up (failedAttempt), because the
// answer to one can be that the network is too fast.
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
