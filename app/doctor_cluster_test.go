package app

import (
	"strings"
	"testing"
	"time"
)

// Each thing that can be wrong with a machine of a cluster has its line, with what to do about it.
func TestDoctorOfACluster(t *testing.T) {
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	ends := now.Add(200 * 24 * time.Hour)
	healthy := func(name string) MachineHealth {
		return MachineHealth{Name: name, Answers: true, Free: 10 << 30, Floor: 1 << 30, Version: "1.0.0",
			CertificateEnds: ends}
	}
	tests := []struct {
		name   string
		change func(all []MachineHealth)
		check  string
		state  string
		says   string
		mend   string
	}{
		{"all is well", func([]MachineHealth) {}, "cluster", "ok", "a leads. Of 3 machines, 3 can be reached.", ""},
		{"all is well", func([]MachineHealth) {}, "machine b", "ok",
			"Version 1.0.0, 0 changes behind, 10240 MB of disk free, certificate until 2030-11-17", ""},
		{"nobody leads", func(all []MachineHealth) { all[0].Leads = false }, "cluster", "fail", "No machine leads",
			"cluster recover"},
		{"one is stopped", func(all []MachineHealth) { all[1].Answers = false }, "machine b", "fail",
			"cannot be reached", "cluster remove b"},
		{"one is stopped, and nobody leads", func(all []MachineHealth) { all[0].Leads, all[1].Answers = false, false },
			"machine b", "fail", "cannot be reached", "Start it."},
		{"this one was removed", func(all []MachineHealth) { all[0].Leaves = true }, "cluster", "fail",
			"was removed", "cluster rejoin"},
		{"one is stopped", func(all []MachineHealth) { all[1].Answers = false }, "cluster", "ok", "2 can be reached",
			""},
		{"a disk at its floor", func(all []MachineHealth) { all[1].Free = 1 << 30 }, "machine b", "ok", "1024 MB",
			""},
		{"full disk", func(all []MachineHealth) { all[1].Free = 1<<30 - 1 }, "machine b", "fail", "1023 MB of its disk",
			"Free up"},
		{"a damaged copy", func(all []MachineHealth) { all[1].Harmed = true }, "machine b", "fail", "copy is damaged",
			"cluster rejoin"},
		{"a clock a second off", func(all []MachineHealth) { all[1].Ahead = -time.Second }, "machine b", "ok", "", ""},
		{"a clock a second ahead", func(all []MachineHealth) { all[1].Ahead = time.Second }, "machine b", "ok", "", ""},
		{"a clock just further off", func(all []MachineHealth) { all[1].Ahead = time.Second + 1 }, "machine b", "warn",
			"1s ahead of the others'", "time server"},
		{"a clock further off", func(all []MachineHealth) { all[1].Ahead = -1500 * time.Millisecond }, "machine b",
			"warn", "1.5s behind the others'", "time server"},
		{"a clock that is wrong", func(all []MachineHealth) { all[1].Ahead, all[1].WrongClock = time.Hour, true },
			"machine b", "warn", "1h0m0s ahead of most of the others': it does not lead", "time server"},
		{"a certificate for 14 days", func(all []MachineHealth) {
			all[2].CertificateEnds = now.Add(14 * 24 * time.Hour)
		}, "machine c", "ok", "certificate until 2030-05-15", ""},
		{"for less", func(all []MachineHealth) { all[2].CertificateEnds = now.Add(14*24*time.Hour - 1) },
			"machine c", "warn", "ends on 2030-05-15", "log"},
		{"a usual lag", func(all []MachineHealth) { all[2].Behind = 64 }, "machine c", "ok", "64 changes behind", ""},
		{"a lag", func(all []MachineHealth) { all[2].Behind = 65 }, "machine c", "warn", "lacks 65 changes", "network"},
		{"an older version", func(all []MachineHealth) { all[2].Version = "0.9.0" }, "machine c", "warn",
			"version 0.9.0, and this machine 1.0.0", "Upgrade"},
	}
	for _, tt := range tests {
		all := []MachineHealth{healthy("a"), healthy("b"), healthy("c")}
		all[0].Leads, all[0].Self = true, true
		tt.change(all)
		found := false
		for _, c := range clusterChecks(all, now) {
			detail := c.Detail.String()
			if c.Name != tt.check {
				continue
			}
			found = true
			if c.State != tt.state || !strings.Contains(detail, tt.says) || !strings.Contains(c.Shell, tt.mend) {
				t.Errorf("%s: %s %s: %s (%s)", tt.name, c.Name, c.State, detail, c.Shell)
			}
			if (c.State == "ok") != (c.Shell == "") {
				t.Errorf("%s: %s is %s, and to be mended by %q", tt.name, c.Name, c.State, c.Shell)
			}
		}
		if !found {
			t.Errorf("%s: there is no line %s", tt.name, tt.check)
		}
	}
	for _, left := range [][]MachineHealth{{}, {healthy("b")}} {
		if c := clusterChecks(left, now); len(c) != 1 || !strings.Contains(c[0].Shell, "rejoin") {
			t.Errorf("of a list without this machine it says %+v", c)
		}
	}
	one := clusterChecks([]MachineHealth{{Name: "a", Leads: true, Self: true}}, now)
	if one[0].State != "warn" || !strings.Contains(one[0].Detail.String(), "a is the only machine") {
		t.Errorf("of one machine it says %+v", one[0])
	}
	two := clusterChecks([]MachineHealth{{Name: "a", Leads: true, Self: true}, healthy("b")}, now)
	if two[0].State != "warn" || !strings.Contains(two[0].Shell, "third") {
		t.Errorf("of two machines it says %+v", two[0])
	}
}
