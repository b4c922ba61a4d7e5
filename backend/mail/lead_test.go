package mail_test

import (
	"context"
	"testing"

	"doorward/backend/access"
	"doorward/backend/mail"
	"doorward/backend/mail/mailtest"
	"doorward/backend/store/kv/enginetest"
)

// A node loses the lead with emails in the outbox: it sends nothing. When it wins the lead
// again, each email is sent once.
func TestNothingIsSentWithoutTheLead(t *testing.T) {
	open, engine := enginetest.Controlled()
	f := newFixtureOn(t, mailtest.Options{}, open)
	options := f.options()
	options.Leads = true
	w := mail.New(f.store, options)
	began, ended := make(chan struct{}, 2), make(chan struct{}, 2)
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		f.store.WhileLeading(ctx, func(ctx context.Context) {
			began <- struct{}{}
			if err := w.Run(ctx); err != nil {
				t.Error(err)
			}
			ended <- struct{}{}
		})
	}()
	t.Cleanup(func() { stop(); <-over })
	<-began
	first := f.post(1)[0]
	f.until(access.MessageSent, first)

	engine().Lead(false)
	<-ended
	before := len(f.deliveries())
	engine().Lead(true)
	<-began
	second := f.post(1)[0]
	f.until(access.MessageSent, second)
	if n := len(f.deliveries()) - before; n != 1 {
		t.Errorf("%d emails came after the lead was won again", n)
	}
	if n := f.deliveries()[f.message(first).HeaderMessageID]; n != 1 {
		t.Errorf("the first email came %d times", n)
	}
}
