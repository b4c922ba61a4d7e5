package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// mailTestTimeout is how long the result of a test email is awaited.
const mailTestTimeout = 30 * time.Second

func (r *run) mailTestVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mail-test EMAIL",
		Short: "Send a test email and print the mail server's response",
		Args:  cobra.ExactArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			defer a.work()()
			var l message
			raw, err := a.post(local+"/mail-test", map[string]string{"email": args[0]}, &l)
			if err != nil {
				return err
			}
			if l, raw, err = a.await(l, raw); err != nil {
				return err
			}
			if err := r.item(raw, l.sayTest); err != nil {
				return err
			}
			return l.fault()
		}),
	}
	return settings(cmd, true)
}

// work sends emails from this process, where no server runs, until the returned
// function is called.
func (a *api) work() (stop func()) {
	if a.app == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(a.ctx)
	var working sync.WaitGroup
	working.Go(func() { a.app.RunWorkers(ctx) })
	return func() { cancel(); working.Wait() }
}

// await waits until an email was sent or failed, at most for mailTestTimeout.
func (a *api) await(l message, raw json.RawMessage) (message, json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(a.ctx, mailTestTimeout)
	defer cancel()
	for l.State == "queued" && pause(ctx, 100*time.Millisecond) {
		next := message{}
		again, err := a.get(local+"/outbox/"+url.PathEscape(l.ID)+"/state", &next)
		if err != nil {
			return l, raw, err
		}
		l, raw = next, again
	}
	return l, raw, a.ctx.Err()
}

func (l message) sayTest(w io.Writer) {
	if l.State != "sent" {
		return
	}
	fmt.Fprintf(w, "The mail server accepted the email to %s.\n", plain(l.To))
	if l.Detail != "" {
		fmt.Fprintf(w, "Server response: %s\n", plain(l.Detail))
	}
}

// fault says why a test email was not sent; nil if it was.
func (l message) fault() error {
	switch l.State {
	case "sent":
		return nil
	case "held":
		return fmt.Errorf("no mail server is set up, so the email is held: doorward outbox show %s", l.ID)
	case "retrying":
		return fmt.Errorf("the email was not sent yet, and will be retried: %s", l.Detail)
	case "failed":
		return fmt.Errorf("the email was not sent: %s", l.Detail)
	}
	return errors.New("the mail server has not accepted the email yet; `doorward outbox` shows its status, " +
		"`doorward doctor` what may be wrong")
}
