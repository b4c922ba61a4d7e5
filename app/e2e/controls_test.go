package e2e

import (
	"sync"
	"testing"

	"doorward/app/e2e/product"
	"doorward/backend/mail/mailtest"
)

// machine is locked by tests that time something or run a browser, which need the
// cores for themselves. Tests that mostly wait run in parallel with them.
var machine sync.RWMutex

func alone(t *testing.T) {
	t.Helper()
	machine.Lock()
	t.Cleanup(machine.Unlock)
}

// together lets a test of three machines, which also makes others wait for the cores, run beside
// those of its kind, and not beside one that is alone.
func together(t *testing.T) {
	t.Helper()
	machine.RLock()
	t.Cleanup(machine.RUnlock)
}

type nothing = struct{}

// controls is what the specs can do to a product.
func controls(t *testing.T, p *running) *control {
	t.Helper()
	c := newControl(t)
	on(c, "doorward", func(args []string) (product.Said, error) { return p.Run(args...) })
	on(c, "message", p.Message)
	on(c, "traces", p.Traces)
	on(c, "log", func(nothing) (string, error) { return p.Log.String(), nil })
	on(c, "crash", func(nothing) (nothing, error) { return nothing{}, p.Crash() })
	on(c, "stop", func(nothing) (nothing, error) { return nothing{}, p.Stop() })
	on(c, "refuse", func(recipient string) (nothing, error) {
		p.Mail.Script(mailtest.Fault{At: mailtest.Rcpt, For: recipient, Reply: "550 5.1.1 no such user"})
		return nothing{}, nil
	})
	on(c, "start", func(flags []string) (nothing, error) { return nothing{}, p.Start(flags...) })
	return c
}
