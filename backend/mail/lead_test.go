package mail_test

import (
	"context"
	"testing"

	"doorward/backend/access"
	"doorward/backend/mail"
	"doorward/backend/mail/mailtest"
	"doorward/backend/store/kv/enginetest"
)

// The lead is lost with emails in the outbox: nothing is sent by the node that has
// lost it. It is won again: they go, each once.
func TestNothingIsSentWithoutTheLead(t *testing.T) {
	open, engine := enginetest.Controlled()
	o := newOfficeOn(t, mailtest.Options{}, open)
	options := o.options()
	options.Leads = true
	w, err := mail.New(o.store, options)
	if err != nil {
		t.Fatal(err)
	}
	began, ended := make(chan struct{}, 2), make(chan struct{}, 2)
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		o.store.WhileLeading(ctx, func(ctx context.Context) {
			began <- struct{}{}
			if err := w.Run(ctx); err != nil {
				t.Error(err)
			}
			ended <- struct{}{}
		})
	}()
	t.Cleanup(func() { stop(); <-over })
	<-began
	first := o.post(1)[0]
	o.until(access.MessageSent, first)

	engine().Lead(false)
	<-ended
	before := len(o.came())
	engine().Lead(true)
	<-began
	second := o.post(1)[0]
	o.until(access.MessageSent, second)
	if n := len(o.came()) - before; n != 1 {
		t.Errorf("%d emails came after the lead was won again", n)
	}
	if n := o.came()[o.letter(first).HeaderMessageID]; n != 1 {
		t.Errorf("the first email came %d times", n)
	}
}
