package window

import "testing"

func TestRestLetsGoOfTheProgram(t *testing.T) {
	resident := func() (kb int) {
		for _, m := range programs() {
			kb += m.Resident
		}
		return kb
	}
	before := resident()
	Rest(Opened{})
	if after := resident(); before == 0 || after >= before {
		t.Errorf("%d KB of the program are in memory, %d before", after, before)
	}
}
