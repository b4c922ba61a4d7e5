package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"doorward/backend/access"
)

func pixels(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.NRGBA{uint8(x), uint8(y), 120, 255})
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// aWebP is 16 by 16 pixels, lossless.
func aWebP(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("UklGRiYAAABXRUJQVlA4TBkAAAAvD8ADAAcQEf0PRET/AwEhSfs/2yP6n2oA")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pngSaying is a PNG whose head claims a size, and that has nothing else.
func pngSaying(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 6, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(head))
}

// webpSaying is a WebP whose first chunk says that it is small and whose second one is not.
func webpSaying(w, h uint16) []byte {
	vp8x := append([]byte("VP8X\x0a\x00\x00\x00"), make([]byte, 10)...)
	frame := append([]byte("VP8 \x0a\x00\x00\x00"), 0, 0, 0, 0x9d, 0x01, 0x2a)
	frame = binary.LittleEndian.AppendUint16(frame, w)
	frame = binary.LittleEndian.AppendUint16(frame, h)
	body := append([]byte("WEBP"), append(vp8x, frame...)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// padded has bytes behind the image, up to a size.
func padded(file []byte, size int) []byte {
	return append(file[:len(file):len(file)], make([]byte, size-len(file))...)
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return access.Explain(err).Code
}

// A logo is a file from outside that every browser opens: a script in an SVG, a bomb that
// fills the memory, a page that hides behind an image.
func TestLogoRefuses(t *testing.T) {
	var g bytes.Buffer
	if err := gif.Encode(&g, pixels(64, 64), nil); err != nil {
		t.Fatal(err)
	}
	whole := pngOf(t, pixels(64, 64))
	for name, tt := range map[string]struct {
		file []byte
		code string
	}{
		"nothing":            {nil, "logo_format"},
		"SVG":                {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "logo_format"},
		"SVG with a mark":    {[]byte("\ufeff<?xml version=\"1.0\"?><svg/>"), "logo_format"},
		"HTML":               {[]byte("<!doctype html><script>alert(1)</script>"), "logo_format"},
		"GIF":                {g.Bytes(), "logo_format"},
		"half a PNG":         {whole[:len(whole)/2], "logo_broken"},
		"a PNG's first line": {whole[:8], "logo_broken"},
		"JPEG in name only":  {[]byte("\xff\xd8\xff\xe0<script>"), "logo_broken"},
		"RIFF, but sound":    {[]byte("RIFF\x04\x00\x00\x00WAVE"), "logo_broken"},
		"a bomb":             {pngSaying(60000, 60000), "logo_too_large"},
		"a side too long":    {pngSaying(maxSide+1, 16), "logo_too_large"},
		"a side just short":  {pngSaying(maxSide, 16), "logo_broken"}, // it is opened, and has no pixels
		"a row too much":     {pngSaying(2000, maxPixels/2000+1), "logo_too_large"},
		"no row too much":    {pngSaying(2000, maxPixels/2000), "logo_broken"},
		"a bomb in WebP":     {webpSaying(16383, 16383), "logo_too_large"},
		"a byte too much":    {padded(whole, MaxBytes+1), "logo_too_large"},
		"no byte too much":   {padded(whole, MaxBytes), ""},
		"one pixel":          {pngOf(t, pixels(1, 1)), "logo_too_small"},
		"a side too short":   {pngOf(t, pixels(minSide, minSide-1)), "logo_too_small"},
		"no side too short":  {pngOf(t, pixels(minSide, minSide)), ""},
		"a hair":             {pngOf(t, pixels(2000, 20)), "logo_too_small"},
	} {
		if _, err := Logo(tt.file); code(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
}

// What was in the uploaded file besides its pixels, such as the place where a photo was taken
// or a page behind the image, is not served.
func TestLogoIsEncodedAnew(t *testing.T) {
	const hidden = "<script>alert(document.cookie)</script>"
	jpg := jpegOf(t, pixels(640, 192))
	exif := append([]byte("\xff\xd8\xff\xe1"), byte(0), byte(len(hidden)+2))
	exif = append(append(exif, hidden...), jpg[2:]...)
	for name, tt := range map[string]struct {
		file          []byte
		width, height int
	}{
		"PNG":                 {pngOf(t, pixels(100, 40)), 100, 40},
		"PNG and a page":      {append(pngOf(t, pixels(100, 40)), hidden...), 100, 40},
		"a wide PNG":          {pngOf(t, pixels(1000, 100)), 320, 32},
		"a tall PNG":          {pngOf(t, pixels(100, 400)), 24, 96},
		"JPEG with a comment": {exif, 320, 96},
		"WebP":                {aWebP(t), 16, 16},
	} {
		p, err := Logo(tt.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		img, err := png.Decode(bytes.NewReader(p.PNG))
		if err != nil || img.Bounds().Dx() != tt.width || img.Bounds().Dy() != tt.height ||
			p.Width != tt.width || p.Height != tt.height {
			t.Errorf("%s became %d by %d (%v)", name, p.Width, p.Height, err)
		}
		if bytes.Contains(p.PNG, []byte("script")) || p.Hash != Hash(p.PNG) {
			t.Errorf("%s: something of the file is left", name)
		}
		if again, err := Logo(p.PNG); err != nil || again.Hash != p.Hash {
			t.Errorf("%s: encoded twice it differs, %v", name, err)
		}
	}
}

// Noise does not get smaller by compression: it gets fewer pixels, until every email can
// carry it.
func TestLogoIsSmall(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 640, 192))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(r.Uint32())
	}
	p, err := Logo(pngOf(t, img))
	if err != nil || len(p.PNG) > maxResult || p.Width < 100 {
		t.Errorf("%d bytes, %d by %d, %v", len(p.PNG), p.Width, p.Height, err)
	}
}

func FuzzLogo(f *testing.F) {
	f.Add(pngOf(f, pixels(20, 20)))
	f.Add(jpegOf(f, pixels(20, 20)))
	f.Add(aWebP(f))
	f.Add(webpSaying(20, 20))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := Logo(file)
		if err == nil && (len(p.PNG) > maxResult || p.Width > maxWidth || p.Height > maxHeight) {
			t.Errorf("%d bytes, %d by %d", len(p.PNG), p.Width, p.Height)
		}
		if err != nil && access.Explain(err).Kind != access.Invalid {
			t.Errorf("refused with %v", err)
		}
	})
}
