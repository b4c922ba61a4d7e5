package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
)

// unit runs the console's unit tests. Each of them counts.
func unit(ctx context.Context, _ io.Writer) tally {
	report, err := os.CreateTemp("", "vitest*.json")
	if err != nil {
		return one("vitest", "", err)
	}
	report.Close()
	defer os.Remove(report.Name())

	cmd := exec.CommandContext(ctx, "npm", "--prefix", console, "run", "--silent", "unit", "--", "--reporter=json",
		"--outputFile="+report.Name())
	out, runErr := cmd.CombinedOutput()
	b, err := os.ReadFile(report.Name())
	if err != nil || len(bytes.TrimSpace(b)) == 0 {
		return one("vitest left no report", string(out), cmp.Or(runErr, err, io.ErrUnexpectedEOF))
	}
	t, err := readVitest(b)
	if err != nil {
		return one("vitest's report", string(out), err)
	}
	if runErr != nil && len(t.failed) == 0 {
		t.fail("vitest", string(out)+runErr.Error())
	}
	return t
}

// readVitest counts what Vitest's JSON report says.
func readVitest(report []byte) (t tally, err error) {
	var all struct {
		TestResults []struct {
			Name, Status, Message string
			AssertionResults      []struct {
				FullName        string
				Status          string
				FailureMessages []string
			}
		}
	}
	if err := json.Unmarshal(report, &all); err != nil {
		return t, err
	}
	for _, file := range all.TestResults {
		if file.Status == "failed" && len(file.AssertionResults) == 0 {
			t.fail(file.Name, file.Message) // it did not even load
		}
		for _, a := range file.AssertionResults {
			switch a.Status {
			case "passed":
				t.passed++
			case "failed":
				t.fail(a.FullName, strings.Join(a.FailureMessages, "\n"))
			default:
				t.fail(a.FullName, "it was not run: "+a.Status)
			}
		}
	}
	return t, nil
}
