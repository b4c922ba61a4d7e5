package web

import (
	"time"

	"doorward/backend/access"
)

// A Refusal is what the caller may know of an error.
type Refusal struct {
	Err    error // the original error, not to be shown
	Shown  *access.Error
	Status int
	Wait   time.Duration // before another try may succeed; zero: none will
	Number string        // under which the log has the cause
}

// slowedError adds to the error how long to wait.
type slowedError struct {
	said *access.Error
	wait time.Duration
}

func (e *slowedError) Error() string { return e.said.Error() }
func (e *slowedError) Unwrap() error { return e.said }

// slowed is nil if ok, and else the error that says how long to wait.
func slowed(wait time.Duration, ok bool) error {
	if ok {
		return nil
	}
	return &slowedError{said: tooOften(wait).WithCode("too_often"), wait: wait}
}

// tooOften says how long to wait, rounded up, in the largest unit that tells it well.
func tooOften(wait time.Duration) *access.Error {
	in := func(unit time.Duration) int { return int((wait + unit - 1) / unit) }
	switch {
	case wait <= 0:
		return access.Errorf(access.TooMany, "Too many requests from your network. Try again in a moment.")
	case wait <= time.Minute:
		return access.Countedf(access.TooMany, in(time.Second),
			"Too many requests from your network. Try again in %d second.",
			"Too many requests from your network. Try again in %d seconds.")
	case wait <= 90*time.Minute:
		return access.Countedf(access.TooMany, in(time.Minute),
			"Too many requests from your network. Try again in %d minute.",
			"Too many requests from your network. Try again in %d minutes.")
	}
	return access.Countedf(access.TooMany, in(time.Hour),
		"Too many requests from your network. Try again in %d hour.",
		"Too many requests from your network. Try again in %d hours.")
}

// Busy is the error for a request that there is no room for now.
func Busy() *access.Error {
	return access.Errorf(
		access.Unavailable,
		"The server is busy. Your request was not processed. Try again in a few seconds.",
	).WithCode("busy")
}

var (
	errForeignHost = access.Errorf(access.Invalid, "This server does not use that host name. Check the "+
		"address.").WithCode("foreign_host")
	errForeignForm = access.Errorf(access.Forbidden,
		"This form has expired, or did not come from a page of this server. Open the page again.").
		WithCode("foreign_form")
)

var (
	errNotSure = &slowedError{access.Errorf(access.Unavailable,
		"Too few machines of this cluster can be reached to answer safely. Nothing was changed. "+
			"Try again in a few seconds.").WithCode("no_majority"), clusterWait}
	errNoLeader = &slowedError{access.Errorf(access.Unavailable,
		"No machine is in charge of this cluster right now; usually one takes over within seconds. "+
			"Nothing was changed. Try again in a moment.").WithCode("no_leader"), clusterWait}
)

// clusterWait is how long clients are asked to wait while nobody leads: another machine takes
// over in less.
const clusterWait = 2 * time.Second
