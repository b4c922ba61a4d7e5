package web

import (
	"testing"
)

// What a client accepts, and what it is sent.
func TestChooseEncoding(t *testing.T) {
	tests := []struct{ header, want string }{
		{"", ""},
		{"gzip", "gzip"},
		{"GZIP, deflate", "gzip"},
		{"gzip, deflate, br, zstd", "br"},
		{"br;q=0.5, gzip;q=0.8", "gzip"},
		{"br;q=0.8, gzip;q=0.8", "br"},
		{"gzip, br;q=0", "gzip"},
		{"gzip;q=0, br;q=0.0", ""},
		{"gzip ; Q=0.3", "gzip"},
		{"*", "br"},
		{"*;q=0", ""},
		{"*;q=0, gzip", "gzip"},
		{"*, br;q=0", "gzip"},
		{"br;q=0, *;q=0.1", "gzip"},
		{"gzip;q=", ""},
		{"gzip;q=x", ""},
		{"gzip;q=-1", ""},
		{"gzip;q=NaN", ""},
		{"brotli, abr, xgzip, gzipx", ""},
		{"identity", ""},
	}
	for _, tt := range tests {
		if got := chooseEncoding(tt.header, "br", "gzip"); got != tt.want {
			t.Errorf("Accept-Encoding: %s is sent %q, want %q", tt.header, got, tt.want)
		}
	}
}
