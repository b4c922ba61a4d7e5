package messages

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"doorward/backend/access"
)

// A released program has the catalogues without the console's sentences: it would lose one that
// it prints itself.
func TestWithoutConsoleTheSameIsRead(t *testing.T) {
	for _, l := range access.Languages {
		whole, err := os.ReadFile("../../frontend/messages/" + string(l) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		part, err := WithoutConsole(whole)
		if err != nil || len(part) > len(whole)/2 {
			t.Errorf("%s: %d of %d bytes remain: %v", l, len(part), len(whole), err)
		}
		if !reflect.DeepEqual(readBy(t, unmarshal, part), readBy(t, unmarshal, whole)) {
			t.Errorf("%s: other messages are read", l)
		}
		if l != access.English {
			continue
		}
		refusals := refusalsOf(readBy(t, json.Unmarshal, part).(map[string]any))
		if !reflect.DeepEqual(refusals, refusalsOf(readBy(t, json.Unmarshal, whole).(map[string]any))) {
			t.Error("other refusals are read")
		}
	}
	if part, err := WithoutConsole([]byte("[]")); err == nil {
		t.Errorf("a list is a catalogue: %s", part)
	}
}

func readBy(t *testing.T, read func([]byte, any) error, catalogue []byte) (all any) {
	t.Helper()
	if err := read(catalogue, &all); err != nil {
		t.Fatal(err)
	}
	return all
}
