package e2e

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The pages of the README's pictures can be opened. make pictures retakes the pictures (it
// sets PICTURES to the folder); nothing compares them with the ones that are there.
func TestPictures(t *testing.T) {
	t.Parallel()
	alone(t)
	p := serving(t)
	browse(t, "pictures.spec.ts", controls(t, p), "BASE_URL="+p.URL, "SETUP_LINK="+p.Setup)
	taken, err := filepath.Glob(filepath.Join(os.Getenv("PICTURES"), "*.png"))
	if err != nil || os.Getenv("PICTURES") == "" {
		return
	}
	for _, name := range taken {
		if err := slim(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// slim reduces a picture to the 256 colours that represent it best.
func slim(name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	full, err := png.Decode(in)
	if err != nil {
		return err
	}
	few := image.NewPaletted(full.Bounds(), palette(full))
	draw.Draw(few, few.Bounds(), full, full.Bounds().Min, draw.Src)
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer out.Close()
	return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, few)
}

func palette(m image.Image) (p color.Palette) {
	count := map[color.Color]int{}
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			count[color.RGBAModel.Convert(m.At(x, y))]++
		}
	}
	for c := range count {
		p = append(p, c)
	}
	slices.SortFunc(p, func(a, b color.Color) int { return cmp.Compare(count[b], count[a]) })
	return apart(p, 256)
}

// apart takes the first n colours that clearly differ from one another, so that small
// details keep their colour among many shades.
func apart(all color.Palette, n int) (p color.Palette) {
	for _, c := range all {
		if len(p) == 0 || far(c, p[p.Index(c)]) && len(p) < n {
			p = append(p, c)
		}
	}
	return p
}

func far(a, b color.Color) bool {
	x, y := a.(color.RGBA), b.(color.RGBA)
	return max(x.R, y.R)-min(x.R, y.R) > 1 || max(x.G, y.G)-min(x.G, y.G) > 1 || max(x.B, y.B)-min(x.B, y.B) > 1
}
