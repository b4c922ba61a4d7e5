package api

import (
	"context"
	"io"

	"doorward/backend/access"
	"doorward/backend/service"
)

// Options are facts that an API reports and the service does not know.
type Options struct {
	Operations Operations
	Facts      []Fact                       // how this Doorward was started, for its administrators
	MailServer string                       // the one given at the start, as people read it; empty: none
	MailFrom   func(access.Settings) string // whom emails come from; nil: nobody known
	SetAtStart access.SetAtStart
	PortalPage PortalPage // nil: there is no preview of the portal
}

// A PortalPage renders a page of the portal, in one piece, for a preview.
type PortalPage func(p service.Preview, page string, in access.Language, theme string) ([]byte, error)

// Operations are what only the operator can do with the data as a whole.
type Operations interface {
	Verify(context.Context) (map[string]int, error) // reads everything; counts by kind

	// Compact removes deleted data from the files on disk; in a cluster, of each machine.
	Compact(context.Context) ([]access.MachineCompacted, error)
	Backup(context.Context, io.Writer) error
	Doctor(context.Context) []Check
	Machines(context.Context) []Check // of the cluster; nil: the server is alone. In English
}

// A Check is one line of the doctor's report.
type Check struct {
	Name   string // stable; programs read it
	State  string // ok, warn or fail
	Detail access.Text
	Fix    access.Text // what an Admin does about it in the console
	Shell  string      // what the operator does on the command line, in English, where that is another
}

// onShell is what to do about it on the command line.
func (c Check) onShell() string {
	if c.Shell != "" {
		return c.Shell
	}
	return c.Fix.String()
}

// A Fact is something about a running Doorward that does not change until it is
// restarted.
type Fact struct {
	Name    string `json:"name" example:"mail_from"`
	Value   string `json:"value,omitempty"`
	Default string `json:"default,omitempty"`
	Meaning string `json:"meaning"`
	SetWith string `json:"set_with,omitempty" example:"--mail-from / DOORWARD_MAIL_FROM / mail_from in doorward.toml"`
}
