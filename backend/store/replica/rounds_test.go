package replica

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// A machine is stopped while it asks the others, and another is elected meanwhile. Whoever
// comes then must not be satisfied with the answers to what was asked before they came; and a
// thousand who come meanwhile ask once.
func TestACallWaitsForALaterRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, goOn := 0, make(chan struct{})
		s := rounds[int]{ask: func() int { asked++; n := asked; <-goOn; return n }}
		answers := make(chan int)
		call := func() {
			n, err := s.wait(t.Context())
			if err != nil {
				t.Error(err)
			}
			answers <- n
		}
		go call()
		synctest.Wait() // the first round is under way
		const later = 1000
		for range later {
			go call()
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.wait(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("whoever gives up gets %v", err)
		}
		synctest.Wait()
		goOn <- struct{}{}
		if n := <-answers; n != 1 {
			t.Errorf("the first call has the answer of round %d", n)
		}
		goOn <- struct{}{}
		for range later {
			if n := <-answers; n != 2 {
				t.Fatalf("a call that came during the first round has the answer of round %d", n)
			}
		}
		synctest.Wait()
		go call()
		goOn <- struct{}{}
		if n := <-answers; n != 3 || asked != 3 {
			t.Errorf("the next call has the answer of round %d, of %d", n, asked)
		}
	})
}
