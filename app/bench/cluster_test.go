package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"doorward/backend/access"
)

func TestPauses(t *testing.T) {
	ms := func(all ...int) (d []time.Duration) {
		for _, n := range all {
			d = append(d, time.Duration(n)*time.Millisecond)
		}
		return d
	}
	tests := []struct {
		name                   string
		at                     []time.Duration // acknowledgements, by the time since it began
		ended, before, longest time.Duration
		over                   bool
	}{
		{"at once", ms(-30, -10, 5, 20, 510, 521), 0, ms(20)[0], ms(490)[0], false},
		{"calm for long enough", ms(-30, -10, 5, 20, 300, 600, 900), 0, ms(20)[0], ms(300)[0], true},
		{"a second pause is longer", ms(-10, 20, 30, 1400), 0, 0, ms(1370)[0], false},
		{"and calm after that", ms(-10, 20, 30, 1400, 1900, 1950), 0, 0, ms(1370)[0], true},
		{"it has not ended for long", ms(-10, 400, 800, 1200), ms(900)[0], 0, ms(400)[0], false},
		{"it has", ms(-10, 400, 800, 1200, 1401), ms(900)[0], 0, ms(400)[0], true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := pauses{began: time.Now()}
			for _, at := range tt.at {
				p.note(p.began.Add(at))
			}
			over := p.over(p.began.Add(tt.ended))
			if p.before != tt.before || p.longest != tt.longest || over != tt.over {
				t.Errorf("before %v, longest %v, over %v; want %v, %v, %v", p.before, p.longest, over, tt.before,
					tt.longest, tt.over)
			}
		})
	}
}

func TestGapsAreMet(t *testing.T) {
	tests := []struct {
		name string
		gaps spread
		want bool
	}{
		{"all short", spread{900, 1000, 1900}, true},
		{"one too long", spread{900, 1000, 2000}, false},
		{"half too long", spread{900, 1600, 1900}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := outages{gaps: tt.gaps}
			if got := o.figure("", "", 1600, 2000).met; got != tt.want {
				t.Errorf("met = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestUpToDate(t *testing.T) {
	yes, no, none, some := true, false, uint64(0), uint64(3)
	tests := []struct {
		name string
		m    access.MachineState
		want bool
	}{
		{"all", access.MachineState{Answers: &yes, Behind: &none}, true},
		{"behind", access.MachineState{Answers: &yes, Behind: &some}, false},
		{"silent", access.MachineState{Answers: &no, Behind: &none}, false},
		{"as one knows that does not lead", access.MachineState{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := upToDate(tt.m); got != tt.want {
				t.Errorf("upToDate = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestOverlayReplacesMore(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	packed := filepath.Join(b.dir, "packed.json")
	if err := os.WriteFile(packed, []byte(`{"Replace":{"x.js":"","x.js.br":"y"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if name, err := b.overlay(packed, nil); name != packed || err != nil {
		t.Errorf("overlay without more = %s, %v", name, err)
	}
	name, err := b.overlay(packed, []replaced{{"main.go", "other.go"}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Replace) != 3 || got.Replace["main.go"] != "other.go" || got.Replace["x.js.br"] != "y" {
		t.Errorf("the overlay has %v", got.Replace)
	}
}
