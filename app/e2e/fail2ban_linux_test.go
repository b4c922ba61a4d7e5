package e2e

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doorward/build/need"
)

// An attacker writes other people's addresses, and whole lines of Doorward's log, into
// everything that they send, to have others banned. An installed fail2ban reads the
// log of the built program with the shipped filter: in both formats, in a file and with
// the prefixes of syslog and the journal. It finds the attackers and nobody else.
func TestFail2banFindsAttackers(t *testing.T) {
	tool := need.Program(t, "fail2ban", "fail2ban-regex")
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			p := serving(t, "--trusted-proxies", "127.0.0.1", "--log-format", format, "--log-level", "debug")
			p.must(t, "setup", "--email", "grace@example.org")
			attack(t, p)
			if err := p.Stop(); err != nil {
				t.Fatal(err)
			}
			written := p.Log.String() + hostileLines(format)
			for before, name := range map[string]string{
				"":                                     "file",
				"Nov 27 16:10:35 host doorward[123]: ": "syslog",
				"2025-05-01T12:00:00.123456+00:00 host.example doorward[9]: ": "syslog with ISO times",
			} {
				lines := prefixed(written, before)
				want := []string{"2001:db8:5:6::/64", "203.0.113.10", "203.0.113.9"}
				if got := banned(t, tool, lines, ""); !slices.Equal(got, want) {
					t.Errorf("%s: found %v, want %v in\n%s", name, got, want, lines)
				}
				if got := banned(t, tool, lines, `[count="[1-9]\d+"]`); !slices.Equal(got, []string{"203.0.113.10"}) {
					t.Errorf("%s: found %v of ten and more, want 203.0.113.10 in\n%s", name, got, lines)
				}
			}
		})
	}
}

// attack makes three strangers attack in ways that count. Three others use the pages,
// use a misconfigured proxy, and forge every field, none of which counts.
func attack(t *testing.T, p *running) {
	t.Helper()
	lie := `192.0.2.66 time=2030-05-01T12:00:00Z level=WARN msg="unusual event" kind=wrong_code network=192.0.2.66 ` +
		`count=99`
	send := func(from, path string, change ...func(*http.Request)) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, p.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", from)
		for _, c := range change {
			c(r)
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer dw_"+strings.Repeat("x", 43)) }
	unknown := "/login/" + strings.Repeat("A", 43)
	send("203.0.113.9", unknown)
	send("2001:db8:5:6:7:8:9:a", "/api/v1/me", bearer)
	for range 200 {
		send("203.0.113.10", "/api/v1/me", bearer)
	}
	send("198.51.100.1", "/login")
	send("198.51.100.1", "/")
	send("198.51.100.2", "/login", func(r *http.Request) { r.Host = "other.example" })
	send("198.51.100.3", "/nothing", func(r *http.Request) {
		r.URL.Path = "/" + lie
		r.Header.Set("User-Agent", lie)
		r.Header.Set("Cookie", "dw="+strings.ReplaceAll(lie, `"`, ""))
	})
}

// hostileLines are ordinary lines of the log whose values contain whole forged lines.
func hostileLines(format string) string {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, nil))
	lie := "\n" + `time=2030-05-01T12:00:00.000Z level=WARN msg="unusual event" kind=wrong_code network=192.0.2.67 ` +
		`count=99`
	if format == "json" {
		log = slog.New(slog.NewJSONHandler(&b, nil))
		lie = "\n" + `{"time":"2030-05-01T12:00:00Z","level":"WARN","msg":"unusual ` +
			`event","kind":"wrong_code","network":"192.0.2.67","count":99}`
	}
	log.Error("request failed", "route", lie, "err", lie)
	log.Warn("unusual event", "kind", "wrong_code", "network", "192.0.2.68"+lie, "count", 1)
	log.Warn(lie)
	log.Info("unusual event", "kind", "wrong_code", "network", "192.0.2.69", "count", 1)
	log.Warn("unusual event", "kind", "wrong_code", "network", "many", "count", 5000)
	return b.String()
}

func prefixed(text, before string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(before + line)
	}
	return b.String()
}

// banned are the networks that fail2ban finds in a log, each once, sorted. options are
// options of the filter.
func banned(t *testing.T, tool, text, options string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "doorward.log")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	filter, err := filepath.Abs("../../build/fail2ban/filter.d/doorward.conf")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, "--out", "<ip>", file, filter+options)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil && len(out) == 0 && errs.Len() > 0 { // it also fails if nothing matched
		t.Fatal(fmt.Errorf("%w: %s", err, &errs))
	}
	found := strings.Fields(string(out))
	slices.Sort(found)
	return slices.Compact(found)
}
