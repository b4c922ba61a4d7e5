//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doorward/app/e2e/product"
)

// Three browsers, each at another machine of a cluster, show the same without a click, whichever
// machine a change is made at, and after the machine that leads was killed.
func TestThreeMachinesShowTheSame(t *testing.T) {
	needsBrowser(t)
	a, b, c := product.NewMachine(t, "one"), product.NewMachine(t, "two"), product.NewMachine(t, "three")
	all := []*product.Machine{a, b, c}
	url := "http://localhost:8080" // nobody listens there: each browser takes a machine for the way to it
	product.Begin(a, all[1:], "--url", url)
	named := func(name string) (*product.Machine, error) {
		i := slices.IndexFunc(all, func(m *product.Machine) bool { return m.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no machine %s", name)
		}
		return all[i], nil
	}
	control := newControl(t)
	on(control, "machines", func(struct{}) ([]string, error) {
		return []string{a.Listen, b.Listen, c.Listen}, nil
	})
	on(control, "leads", func(struct{}) (int, error) {
		return slices.Index(all, product.Leading(t, all...)), nil
	})
	on(control, "doorward", func(in struct {
		At   string
		Args []string
	}) (link string, err error) {
		m, err := named(in.At)
		if err != nil {
			return "", err
		}
		out, err := m.Try(append(in.Args, "--json")...)
		if err != nil {
			return "", err
		}
		var made struct {
			Link string `json:"login_link"`
		}
		return made.Link, json.Unmarshal([]byte(out), &made)
	})
	for verb, do := range map[string]func(*product.Machine){
		"kill":   (*product.Machine).Kill,
		"start":  func(m *product.Machine) { m.Serve("--url", url) },
		"pause":  (*product.Machine).Pause,
		"resume": (*product.Machine).Wake,
	} {
		on(control, verb, func(name string) (bool, error) {
			m, err := named(name)
			if err == nil {
				do(m)
			}
			return true, err
		})
	}
	on(control, "fill", func(people int) (bool, error) {
		file := filepath.Join(t.TempDir(), "people.csv")
		text := "email,name,roles\n"
		for i := range people {
			text += fmt.Sprintf("m%d@a-rather-long-name.example.org,%s%d,Fleet\n", i, strings.Repeat("Ada ", 20), i)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return false, err
		}
		_, err := b.Try("import", file)
		return true, err
	})
	browse(t, "live-machines.spec.ts", control, "BASE_URL="+url, "SHOTS="+os.Getenv("SHOTS"))
}
