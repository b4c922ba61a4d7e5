// Package picture turns an uploaded image into one that is safe to serve: it
// is decoded within limits, made small, and encoded anew as PNG. Nothing of the uploaded
// file is in the result but the colours of its pixels: no metadata, no profile, no second
// file that hides in the first. It is the only package that decodes images.
package picture

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"sync"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"doorward/backend/access"
)

// Limits of what is decoded, and of what comes out.
const (
	MaxBytes  = 512 << 10
	maxSide   = 4096
	maxPixels = 4_000_000 // 16 MiB in memory, and several times that while a JPEG is decoded

	maxWidth  = 2 * access.LogoBoxWidth
	maxHeight = 2 * access.LogoBoxHeight
	minSide   = 12
	maxResult = 40 << 10 // it goes out with every email
)

// A Picture is a PNG that this package encoded.
type Picture struct {
	PNG []byte
	access.Logo
}

// A format is one that is accepted. Its size is read before anything is decoded.
type format struct {
	magic  string
	size   func([]byte) (image.Config, error)
	decode func([]byte) (image.Image, error)
}

var formats = []format{
	{"\x89PNG\r\n\x1a\n", sizeBy(png.DecodeConfig), decodeBy(png.Decode)},
	{"\xff\xd8\xff", sizeBy(jpeg.DecodeConfig), decodeBy(jpeg.Decode)},
	{"RIFF", sizeOfWebP, decodeBy(webp.Decode)},
}

// decoding lets one image at a time be decoded: the memory that it takes is a multiple of
// the file's size.
var decoding sync.Mutex

// Logo returns the uploaded image as a logo, or what is wrong with it.
func Logo(uploaded []byte) (Picture, error) {
	if len(uploaded) > MaxBytes {
		return Picture{}, about("logo_too_large", access.Errorf(access.Invalid,
			"The image is larger than %d KB. Make it smaller and try again.",
			MaxBytes>>10))
	}
	f, ok := formatOf(uploaded)
	if !ok {
		return Picture{}, about("logo_format", access.Errorf(access.Invalid,
			"The logo must be a PNG, JPEG or WebP image. Other kinds, such as "+
				"SVG, are not accepted: save it as PNG."))
	}
	size, err := f.size(uploaded)
	if err != nil {
		return Picture{}, broken(err)
	}
	if size.Width > maxSide || size.Height > maxSide || size.Width*size.Height > maxPixels {
		return Picture{}, about("logo_too_large", access.Errorf(access.Invalid,
			"The image is %d by %d pixels, which is too large. Make it smaller, such as 640 by "+
				"192.", size.Width, size.Height))
	}
	decoding.Lock()
	defer decoding.Unlock()
	img, err := decode(f, uploaded)
	if err != nil {
		return Picture{}, broken(err)
	}
	return fit(img)
}

func formatOf(b []byte) (format, bool) {
	for _, f := range formats {
		if bytes.HasPrefix(b, []byte(f.magic)) {
			return f, true
		}
	}
	return format{}, false
}

func sizeBy(read func(io.Reader) (image.Config, error)) func([]byte) (image.Config, error) {
	return func(b []byte) (c image.Config, err error) {
		defer caught(&err)
		return read(bytes.NewReader(b))
	}
}

func decodeBy(read func(io.Reader) (image.Image, error)) func([]byte) (image.Image, error) {
	return func(b []byte) (image.Image, error) { return read(bytes.NewReader(b)) }
}

func decode(f format, b []byte) (img image.Image, err error) {
	defer caught(&err)
	return f.decode(b)
}

// caught turns a panic of a decoder into an error: a file is data from a stranger.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("a decoder panicked: %v", p)
	}
}

// sizeOfWebP returns the largest size that any chunk of a WebP file names. The decoder
// believes each of them, and the first alone may be small.
func sizeOfWebP(b []byte) (c image.Config, err error) {
	if len(b) < 12 || string(b[8:12]) != "WEBP" {
		return c, fmt.Errorf("not WebP")
	}
	see := func(w, h int) { c.Width, c.Height = max(c.Width, w), max(c.Height, h) }
	for rest := b[12:]; len(rest) >= 8; {
		length := binary.LittleEndian.Uint32(rest[4:8])
		if uint64(length) > uint64(len(rest)-8) {
			return c, fmt.Errorf("a chunk of %d bytes ends after the file", length)
		}
		chunk := rest[8 : 8+length]
		switch kind := string(rest[:4]); {
		case kind == "VP8X" && len(chunk) >= 10:
			see(1+int(uint24(chunk[4:])), 1+int(uint24(chunk[7:])))
		case kind == "VP8 " && len(chunk) >= 10:
			see(int(binary.LittleEndian.Uint16(chunk[6:]))&0x3fff, int(binary.LittleEndian.Uint16(chunk[8:]))&0x3fff)
		case kind == "VP8L" && len(chunk) >= 5:
			bits := binary.LittleEndian.Uint32(chunk[1:])
			see(1+int(bits&0x3fff), 1+int(bits>>14&0x3fff))
		}
		rest = rest[min(len(rest), 8+int(length)+int(length&1)):]
	}
	if c.Width == 0 || c.Height == 0 {
		return c, fmt.Errorf("no chunk names a size")
	}
	return c, nil
}

func uint24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }

// fit makes the image small enough for its box, and then smaller until its file is.
func fit(img image.Image) (Picture, error) {
	from := img.Bounds()
	scale := min(1, float64(maxWidth)/float64(from.Dx()), float64(maxHeight)/float64(from.Dy()))
	for ; ; scale *= 0.85 {
		w, h := int(float64(from.Dx())*scale+0.5), int(float64(from.Dy())*scale+0.5)
		if w < minSide || h < minSide {
			return Picture{}, about("logo_too_small", access.Errorf(access.Invalid,
				"The image is too small or too narrow for a logo: it must be at least %d pixels wide and high when "+
					"scaled to fit %d by %d.", minSide, maxWidth, maxHeight))
		}
		small := image.NewNRGBA(image.Rect(0, 0, w, h))
		if w == from.Dx() && h == from.Dy() {
			draw.Draw(small, small.Bounds(), img, from.Min, draw.Src)
		} else {
			xdraw.CatmullRom.Scale(small, small.Bounds(), img, from, draw.Src, nil)
		}
		var b bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, small); err != nil {
			return Picture{}, err
		}
		if b.Len() <= maxResult {
			return Picture{b.Bytes(), access.Logo{Hash: Hash(b.Bytes()), Width: w, Height: h}}, nil
		}
	}
}

// Hash returns the name of an image: its SHA-256 in hex.
func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func broken(err error) error {
	return about("logo_broken", access.Errorf(access.Invalid,
		"The image cannot be opened: the file is damaged, or its format does not match its name. Save it again as "+
			"PNG.")).Because(err)
}

// about names the field that a refusal is about, and its code.
func about(code string, e *access.Error) *access.Error { return e.On("logo").WithCode(code) }
