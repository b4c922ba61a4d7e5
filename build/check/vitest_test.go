package main

import "testing"

func TestReadVitest(t *testing.T) {
	got, err := readVitest([]byte(`{"testResults":[
		{"name":"a.test.ts","status":"failed","assertionResults":[
			{"fullName":"adds","status":"passed"},
			{"fullName":"takes away","status":"failed","failureMessages":["expected 1 to be 2"]},
			{"fullName":"later","status":"skipped"}]},
		{"name":"b.test.ts","status":"failed","message":"cannot find module","assertionResults":[]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, 1, []string{"b.test.ts", "later", "takes away"}, nil)
	if _, err := readVitest([]byte("not JSON")); err == nil {
		t.Error("a report that is no report was accepted")
	}
}
