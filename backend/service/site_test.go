package service_test

import (
	"testing"

	. "doorward/backend/service"
)

// The public URL is changed while it is read: what was read before is not kept.
func TestAnOldPublicURLIsNotKept(t *testing.T) {
	for dropped, want := range map[bool]bool{false: true, true: false} {
		if got := KeepsURL(dropped); got != want {
			t.Errorf("changed meanwhile %v: it is kept %v", dropped, got)
		}
	}
}
