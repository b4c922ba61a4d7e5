package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"doorward/app/e2e/product"
)

// An Admin looks at three machines in the console: all answer, one is killed and comes back, one
// is removed, and at last too few are left.
func TestClusterPage(t *testing.T) {
	needsBrowser(t)
	a, b, c := product.NewMachine(t, "berlin-1"), product.NewMachine(t, "berlin-2"), product.NewMachine(t, "berlin-3")
	all := []*product.Machine{a, b, c}
	url := "--url=http://" + a.Listen // as a proxy in front of all of them would have it
	product.Begin(a, all[1:], url)
	control := newControl(t)
	on(control, "link", func(struct{}) (string, error) {
		out, err := a.Try("login-link", "ada@example.com", "--json")
		if err != nil {
			return "", err
		}
		var made struct {
			Link string `json:"login_link"`
		}
		return made.Link, json.Unmarshal([]byte(out), &made)
	})
	on(control, "kill", func(name string) (bool, error) {
		i := slices.IndexFunc(all, func(m *product.Machine) bool { return m.Name == name })
		if i < 0 {
			return false, fmt.Errorf("there is no machine %s", name)
		}
		all[i].Kill()
		return true, nil
	})
	on(control, "start", func(name string) (bool, error) {
		i := slices.IndexFunc(all, func(m *product.Machine) bool { return m.Name == name })
		all[i].Serve(url)
		return true, nil
	})
	browse(t, "cluster.spec.ts", control, "BASE_URL=http://"+a.Listen, "SHOTS="+os.Getenv("SHOTS"))
}
