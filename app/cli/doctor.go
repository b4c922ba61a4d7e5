package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// A check is one thing that the doctor looked at.
type check struct {
	Name   string `json:"name"`
	State  string `json:"state"` // ok, warn or fail
	Detail string `json:"detail"`
	Mend   string `json:"mend"`
}

func (r *run) doctorVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at public URL, mail, disk, clock, permissions and store",
		Long:  "Look at what Doorward needs, one line each, with how to mend what is wrong. The\nexit code is 1 where something is.",
		Args:  cobra.NoArgs,
	}
	looked := false
	look := r.on(func(a *api, _ []string) error {
		var out struct {
			Checks []check `json:"checks"`
		}
		raw, err := a.get(local+"/doctor", &out)
		if err != nil {
			return err
		}
		looked = true
		return r.diagnosis(raw, out.Checks)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := look(cmd, args)
		var use *misuse
		if looked || errors.As(err, &use) {
			return err
		}
		start := []check{{"start", "fail", plain(explain(err)), "Nothing else can be looked at until this is mended."}}
		raw, _ := json.Marshal(map[string]any{"checks": start})
		return r.diagnosis(raw, start)
	}
	return settings(cmd, true)
}

// diagnosis prints what was found and fails where something is wrong.
func (r *run) diagnosis(raw json.RawMessage, found []check) error {
	err := r.item(raw, func(w io.Writer) {
		t := newTable(w)
		for _, c := range found {
			t.row(c.State, c.Name, c.Detail)
			if c.Mend != "" {
				fmt.Fprintf(t.w, "\t\t%s\n", plain(c.Mend))
			}
		}
		t.flush()
	})
	if err != nil {
		return err
	}
	wrong := 0
	for _, c := range found {
		if c.State == "fail" {
			wrong++
		}
	}
	if wrong == 0 {
		return nil
	}
	return fmt.Errorf("there is %s to mend", count(wrong, "thing"))
}
