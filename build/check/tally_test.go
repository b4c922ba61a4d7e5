package main

import (
	"strings"
	"testing"
)

func TestReason(t *testing.T) {
	const at = "x_test.go:1: "
	full := at + strings.Repeat("ä", maxReason-len(at))
	tests := []struct{ name, output, want string }{
		{"nothing", "", ""},
		{"a check says it at the end", "line one\nexit status 1\n", "exit status 1"},
		{"a test says it where it fails",
			"=== RUN   TestWalk\n    server.go:9: open\n    walk_test.go:76: it is closed\n        at noon\n--- FAIL\n",
			"walk_test.go:76: it is closed at noon --- FAIL"},
		{"the first of two", "    a_test.go:1: one\n    a_test.go:2: two\n", "a_test.go:1: one a_test.go:2: two"},
		{"at the bound", full, full},
		{"above it", full + "ä", full + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (ended{output: tt.output}).reason(); got != tt.want {
				t.Errorf("reason = %q, want %q", got, tt.want)
			}
		})
	}
}
