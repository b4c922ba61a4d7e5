package desktop

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// A Frame is the window's position and size.
type Frame struct {
	X, Y, Width, Height int
	Maximised           bool
}

// DefaultFrame is for the first start, and for a file that cannot be used.
var DefaultFrame = Frame{X: -1, Y: -1, Width: 1200, Height: 820}

// FrameFile is the file with the frame of one data directory's window: it is
// outside that directory, which holds nothing but Doorward's own files.
func FrameFile(data string) string {
	dir, err := os.UserConfigDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "doorward-desktop", InstanceID(data)+".json")
}

const smallest, largest = 320, 16384

// LoadFrame reads what SaveFrame wrote. Whatever is wrong with it, a window
// opens.
func LoadFrame(file string) Frame {
	f := DefaultFrame
	b, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(b, &f) != nil || !f.sensible() {
		return DefaultFrame
	}
	return f
}

func (f Frame) sensible() bool {
	fits := func(n int) bool { return smallest <= n && n <= largest }
	return fits(f.Width) && fits(f.Height)
}

// SaveFrame stores f for the next start.
func SaveFrame(file string, f Frame) error {
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return replace(file, b)
}
