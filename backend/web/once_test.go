package web

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"doorward/backend/access"
)

// A stranger sends forms from more and more browsers: their answers hold secrets and take
// memory. No more than the last few hundred are held, and none for an answer that failed.
func TestHeldAnswersAreBounded(t *testing.T) {
	var o once
	form := func(n int) [sha256.Size]byte { return sha256.Sum256(fmt.Append(nil, n)) }
	for n := range 4 * maxOnce {
		browser := access.Secret(fmt.Sprint("browser ", n)).Hash()
		a, first := o.claim(browser, form(n))
		if !first {
			t.Fatalf("browser %d got another one's answer", n)
		}
		if n%2 == 0 {
			o.end(browser, a) // without a response
			if _, held := o.last[browser]; held {
				t.Fatal("an answer that failed is held")
			}
		}
		if len(o.last) > maxOnce {
			t.Fatalf("%d answers are held", len(o.last))
		}
	}
	browser := access.Secret("one").Hash()
	for n := range 3 {
		if _, first := o.claim(browser, form(n)); !first {
			t.Errorf("form %d got the answer of another", n)
		}
	}
	if len(o.last) > maxOnce {
		t.Errorf("%d answers are held", len(o.last))
	}
}
