package kvtest

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// A Harm is damage that a disk or a person does to a file. Do returns the damaged content;
// nil deletes the file. Other is a file of the same kind from another Doorward, older is
// this file as it was before the last changes.
type Harm struct {
	Name string
	Do   func(r *rand.Rand, data, other, older []byte) []byte
}

// Times is how often a harm is worth repeating: n if it hits one of many places.
func (h Harm) Times(n int) int {
	for _, p := range PlaceHarms {
		if p.Name == h.Name {
			return n
		}
	}
	return 1
}

// The harms that replace a whole file by another.
const (
	Anothers = "another Doorward's"
	Older    = "an older copy"
)

// Harms are the harms that any file can suffer.
var Harms = append([]Harm{
	{"emptied", func(_ *rand.Rand, _, _, _ []byte) []byte { return []byte{} }},
	{"cut by a third", func(_ *rand.Rand, data, _, _ []byte) []byte { return data[:len(data)*2/3] }},
	{"cut by ten bytes", func(_ *rand.Rand, data, _, _ []byte) []byte { return data[:max(0, len(data)-10)] }},
	{Anothers, func(_ *rand.Rand, _, other, _ []byte) []byte { return other }},
	{Older, func(_ *rand.Rand, _, _, older []byte) []byte { return older }},
	{"deleted", func(_ *rand.Rand, _, _, _ []byte) []byte { return nil }},
}, PlaceHarms...)

// PlaceHarms are the harms that hit one place, a different one each time.
var PlaceHarms = []Harm{
	{"one bit", func(r *rand.Rand, data, _, _ []byte) []byte {
		if at := somewhere(r, data); at < len(data) {
			data[at] ^= 1 << r.IntN(8)
		}
		return data
	}},
	{"64 random bytes", func(r *rand.Rand, data, _, _ []byte) []byte {
		for i, at := 0, somewhere(r, data); i < 64 && at+i < len(data); i++ {
			data[at+i] = byte(r.Uint32())
		}
		return data
	}},
	{"a block of zeros", func(r *rand.Rand, data, _, _ []byte) []byte {
		at := somewhere(r, data) &^ 4095
		clear(data[min(at, len(data)):min(at+4096, len(data))])
		return data
	}},
}

// Seed seeds the choice of places: SEED, to repeat a run, or a new one. It is logged.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if n, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("SEED=%d", seed)
	return seed
}

// somewhere returns a place in the used part of a file; behind it there are zeros.
func somewhere(r *rand.Rand, data []byte) int {
	if used := len(bytes.TrimRight(data, "\x00")); used > 0 {
		return r.IntN(used)
	}
	return 0
}

// HarmFile replaces the file by each damaged version, and calls look for a verdict. A harm
// that hits one place is done ten times.
func HarmFile(t *testing.T, name string, whole, other, older []byte,
	look func(t *testing.T, h string, data []byte) string) {
	t.Helper()
	r, verdicts := rand.New(rand.NewPCG(Seed(t), 9)), map[string]int{}
	for _, h := range Harms {
		for range h.Times(10) {
			data := h.Do(r, bytes.Clone(whole), other, older)
			err := os.Remove(name)
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			if err == nil && data != nil {
				err = os.WriteFile(name, data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			verdicts[look(t, h.Name, data)]++
		}
	}
	t.Logf("%v", verdicts)
}
