package app_test

import (
	"os"
	"strings"
	"testing"
)

// A flood hits the service as it is shipped. It ends in refusals, and not in a
// machine without memory or files; no core file holds the instance key, and a
// compromised process can do little outside its own directory.
func TestUnitBoundsTheService(t *testing.T) {
	text, err := os.ReadFile("../build/doorward.service")
	if err != nil {
		t.Fatal(err)
	}
	has := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			has[key] = append(has[key], value)
		}
	}
	for key, want := range map[string]string{
		"LimitCORE":               "0",
		"MemoryMax":               "1G",
		"TasksMax":                "512",
		"LimitNOFILE":             "65536",
		"UMask":                   "0077",
		"DynamicUser":             "yes",
		"StateDirectoryMode":      "0700",
		"NoNewPrivileges":         "yes",
		"ProtectSystem":           "strict",
		"ProtectHome":             "yes",
		"PrivateTmp":              "yes",
		"PrivateDevices":          "yes",
		"PrivateUsers":            "yes",
		"PrivateMounts":           "yes",
		"PrivateIPC":              "yes",
		"KeyringMode":             "private",
		"RemoveIPC":               "yes",
		"ProtectKernelTunables":   "yes",
		"ProtectKernelModules":    "yes",
		"ProtectKernelLogs":       "yes",
		"ProtectControlGroups":    "yes",
		"ProtectClock":            "yes",
		"ProtectHostname":         "yes",
		"ProtectProc":             "invisible",
		"ProcSubset":              "pid",
		"RestrictNamespaces":      "yes",
		"RestrictRealtime":        "yes",
		"RestrictSUIDSGID":        "yes",
		"LockPersonality":         "yes",
		"MemoryDenyWriteExecute":  "yes",
		"SystemCallArchitectures": "native",
		"CapabilityBoundingSet":   "",
		"AmbientCapabilities":     "",
		"RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
		"SystemCallFilter":        "@system-service|~@privileged @resources",
	} {
		if got := strings.Join(has[key], "|"); got != want || len(has[key]) == 0 {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	for _, line := range has["ExecStart"] {
		if strings.Contains(line, "smtp-url") || strings.Contains(line, "password") {
			t.Errorf("every user reads the words it is started with: %s", line)
		}
	}
}
