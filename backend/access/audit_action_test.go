package access

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// An action that is missing from the list has no words in the console, and no filter
// finds it.
func TestEveryActionHasANameAndAPhrase(t *testing.T) {
	var source []byte
	for _, file := range []string{"audit_action.go", "cluster_action.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	listed := AuditActions()
	found := regexp.MustCompile(`AuditAction += "([a-z_]+)"`).FindAllSubmatch(source, -1)
	if len(found) < 30 || len(found) != len(listed) {
		t.Errorf("%d actions are declared, and %d are listed", len(found), len(listed))
	}
	names := map[string]bool{}
	for _, m := range found {
		a := AuditAction(m[1])
		if !slices.Contains(listed, a) {
			t.Errorf("%q is not among the actions with a name", a)
		}
		if back, ok := AuditActionOf(a.Name()); !ok || back != a {
			t.Errorf("%q has the name %q, which is that of %q", a, a.Name(), back)
		}
		if a.Phrase() == "" || a.Phrase() != strings.TrimSpace(a.Phrase()) {
			t.Errorf("%q has the phrase %q", a, a.Phrase())
		}
		names[a.Name()] = true
	}
	if len(names) != len(found) {
		t.Errorf("%d actions have %d names", len(found), len(names))
	}
	for _, old := range []string{"letter", "handed", "window", "proved_", "notices"} {
		for name := range names {
			if strings.Contains(name, old) {
				t.Errorf("the name %q has the word %q, which is none of ours", name, old)
			}
		}
	}
	unknown := AuditAction("flew_away")
	if _, ok := AuditActionOf("flew_away"); ok || unknown.Name() != "flew_away" || unknown.Phrase() != "flew_away" {
		t.Errorf("an action of a newer version is %q, %q", unknown.Name(), unknown.Phrase())
	}
}

// The actions that only a cluster has are the last of the list, all of them and no others: the
// API document of a server alone leaves them out.
func TestClusterActionsAreThoseOfMachines(t *testing.T) {
	source, err := os.ReadFile("cluster_action.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[AuditAction]bool{}
	for _, m := range regexp.MustCompile(`AuditAction += "([a-z_]+)"`).FindAllSubmatch(source, -1) {
		declared[AuditAction(m[1])] = true
	}
	for _, a := range AuditActions() {
		if of := slices.Contains(ClusterActions(), a); of != declared[a] {
			t.Errorf("%q is among the actions of a cluster: %v, want %v", a, of, declared[a])
		}
	}
}
