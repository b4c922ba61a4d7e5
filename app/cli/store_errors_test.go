package cli

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"testing"

	"doorward/backend/store"
	"doorward/backend/store/kv"
	"doorward/backend/store/kv/enginetest"
)

// The engine fails under a verb that opens the store itself: the verb exits with
// 1 and a sentence, whatever the engine says.
func TestStorageErrorsEndAVerb(t *testing.T) {
	tests := map[error]string{
		kv.ErrConflict:       "The server is very busy. Nothing was changed. Try again in a moment.",
		kv.ErrUnavailable:    "The server cannot do this right now. Nothing was changed. Try again in a moment.",
		kv.ErrUnknownOutcome: "It is not yet known whether this was saved. Check before you try again.",
		kv.ErrReadOnly: "The server accepts no changes right now. Nothing was changed. " +
			"Please tell an administrator.",
		kv.ErrCorrupt: "The data of this server is damaged",
	}
	open, engine := enginetest.Controlled()
	s, err := store.Open(store.Options{Engine: open})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for cause, want := range tests {
		engine().Fail(cause)
		var out, said bytes.Buffer
		r := &run{Program: Program{Stdout: &out, Stderr: &said}, out: bufio.NewWriter(&out)}
		if code := r.finish(s.Ready(context.Background())); code != 1 {
			t.Errorf("%v: exit code %d", cause, code)
		}
		if !strings.Contains(said.String(), want) || strings.Contains(said.String(), "our side") {
			t.Errorf("%v is told as %q", cause, said.String())
		}
	}
	engine().Fail(nil)
}
