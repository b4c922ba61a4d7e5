package access

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// triesOfANetwork is how many attempts one network has in a day: the server's limit is one
// a second with a burst of sixty.
const triesOfANetwork = 24*60*60 + 60

// Strangers guess codes. docs/security.md calculates the probability from the code's own
// figures; both hold the limits of one in 10,000 a year for one address, and one in 1,000 a
// year for 100,000 addresses together.
func TestGuessProbabilityInTheDocumentation(t *testing.T) {
	const addresses = 100_000
	if p := GuessProbability(1, 365); p > 1e-4 {
		t.Errorf("one address in a year: %.2g", p)
	}
	if p := GuessProbability(addresses, 365); p > 1e-3 {
		t.Errorf("all addresses in a year: %.2g", p)
	}
	var table strings.Builder
	table.WriteString("| probability of a right guess, at most | in a day | in a month | in a year |\n" +
		"|---|---:|---:|---:|\n")
	for _, row := range []struct {
		what                string
		addresses, networks int
	}{
		{"one address, from one network", 1, 1},
		{"one address, from 1,000 networks", 1, 1000},
		{"any of 100,000 addresses, from one network", addresses, 1},
		{"any of 100,000 addresses, from 1,000 networks", addresses, 1000},
	} {
		fmt.Fprintf(&table, "| %s |", row.what)
		for _, days := range []int{1, 30, 365} {
			p := min(GuessProbability(row.addresses, days),
				ProbabilityOfTries(float64(row.networks)*triesOfANetwork*float64(days)))
			fmt.Fprintf(&table, " %.1e |", p)
		}
		table.WriteString("\n")
	}
	known := fmt.Sprintf("%.1e in a year", ProbabilityOfTries(MaxKnownBrowsers*MaxWrongCodesKnown*366))
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{table.String(), known,
		fmt.Sprintf("| wrong codes for one sign-in request | %d |", MaxCodeAttempts),
		fmt.Sprintf("together | %d in any hour, %d in any day |", MaxWrongCodesHour, MaxWrongCodesDay),
		fmt.Sprintf("known browser | %d in any day |", MaxWrongCodesKnown),
		fmt.Sprintf("| browsers known to one member | %d |", MaxKnownBrowsers),
		fmt.Sprintf("1 in 32⁸ = %s", commas(math.Pow(float64(len(codeAlphabet)), CodeLength))),
	} {
		if !strings.Contains(string(text), says) {
			t.Errorf("docs/security.md does not say:\n%s", says)
		}
	}
}

func commas(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// The windows slide to the microsecond: below, at and above each limit.
func TestWrongCodesUntil(t *testing.T) {
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	at := func(n int, ago time.Duration) (w WrongCodes) {
		for range n {
			w = append(w, now.Add(-ago))
		}
		return w
	}
	for name, tt := range map[string]struct {
		w     WrongCodes
		until time.Duration
	}{
		"none":                        {nil, 0},
		"nine just now":               {at(9, 0), 0},
		"ten just now":                {at(10, 0), time.Hour},
		"ten, the hour nearly over":   {at(10, time.Hour-time.Microsecond), time.Microsecond},
		"ten, the hour over":          {at(10, time.Hour), 0},
		"nineteen in the day":         {append(at(10, 2*time.Hour), at(9, time.Minute)...), 0},
		"twenty in the day":           {append(at(10, 2*time.Hour), at(10, time.Minute)...), 22 * time.Hour},
		"twenty, the first a day ago": {append(at(1, 24*time.Hour), at(19, 2*time.Hour)...), 0},
		"twenty, the first nearly so": {
			append(at(1, 24*time.Hour-time.Microsecond), at(19, 2*time.Hour)...),
			time.Microsecond,
		},
		"ten of a clock that was ahead":   {at(10, -24*365*time.Hour), 24 * time.Hour},
		"ten, one of them over an hour":   {append(at(1, time.Hour), at(9, 0)...), 0},
		"eleven, one of them over a hour": {append(at(1, time.Hour), at(10, 0)...), time.Hour},
	} {
		got := tt.w.ClosedUntil(UnknownBrowserLimit, now)
		if want := now.Add(tt.until); tt.until == 0 && !got.IsZero() || tt.until != 0 && !got.Equal(want) {
			t.Errorf("%s: %v, want %v from now", name, got, tt.until)
		}
	}
	if w := at(25, 0).Add(UnknownBrowserLimit, now); len(w) != MaxWrongCodesDay {
		t.Errorf("%d are kept, want %d", len(w), MaxWrongCodesDay)
	}
}
