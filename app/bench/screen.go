package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A screen is a display with a window manager and a session bus, used by nothing
// else. Its pixels are in a file, so reading them does not affect the measured
// program.
type screen struct {
	dir     string   // sockets' paths must be short
	env     []string // the environment of programs on it
	pixels  *os.File
	at      int64 // offset of the pixels in the file
	line    int64 // bytes from one line to the next
	started []*exec.Cmd
}

// newScreen has no pointer on it: only the programs draw.
func newScreen() (s *screen, err error) {
	s = &screen{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "dws"); err != nil {
		return s, err
	}
	s.env = []string{"XDG_RUNTIME_DIR=" + s.dir, "LANG=C.UTF-8", "NO_AT_BRIDGE=1", "GTK_THEME=Adwaita"}
	display, err := s.tells("Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24", "-nocursor", "-nolisten", "tcp",
		"-fbdir", s.dir)
	if err != nil {
		return s, err
	}
	s.env = append(s.env, "DISPLAY=:"+display)
	bus, err := s.tells("dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=unix:path="+s.dir+"/bus",
		"--print-address=3")
	if err != nil {
		return s, err
	}
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+bus)
	if err := s.starts(s.command("openbox")); err != nil {
		return s, err
	}
	return s, s.openPixels()
}

// command returns a command that runs on the screen.
func (s *screen) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir}, s.env...)
	return cmd
}

// starts starts a program that runs as long as the screen.
func (s *screen) starts(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	s.started = append(s.started, cmd)
	return nil
}

// tells starts a program and returns the line that it writes to a descriptor once
// it is ready.
func (s *screen) tells(name string, args ...string) (string, error) {
	from, to, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer from.Close()
	cmd := s.command(name, args...)
	cmd.ExtraFiles = []*os.File{to}
	err = s.starts(cmd)
	to.Close()
	if err != nil {
		return "", err
	}
	line, err := bufio.NewReader(from).ReadString('\n')
	if line == "" {
		return "", fmt.Errorf("%s did not start: %w", name, err)
	}
	return strings.TrimSpace(line), nil
}

// openPixels reads the header of the picture that Xvfb keeps: an XWD file with
// four bytes for each pixel.
func (s *screen) openPixels() (err error) {
	if s.pixels, err = os.Open(filepath.Join(s.dir, "Xvfb_screen0")); err != nil {
		return err
	}
	s.at, s.line, err = readXWD(s.pixels)
	return err
}

func readXWD(r io.Reader) (at, line int64, err error) {
	var head [25]uint32
	if err := binary.Read(r, binary.BigEndian, &head); err != nil {
		return 0, 0, err
	}
	if head[1] != 7 || head[11] != 32 {
		return 0, 0,
			fmt.Errorf("the screen is kept as version %d with %d bits a pixel; 7 and 32 can be read", head[1], head[11])
	}
	return int64(head[0]) + 12*int64(head[19]), int64(head[12]), nil
}

// letters is more colours than a window without text has: the edges of letters
// have many shades.
const letters = 16

// written reports whether there is text, or a drawing, in a part of the screen.
func (s *screen) written(in image.Rectangle) (bool, error) {
	seen := map[uint32]bool{}
	row := make([]byte, 4*in.Dx())
	for y := in.Min.Y; y < in.Max.Y; y += 5 { // no letter is lower
		if _, err := s.pixels.ReadAt(row, s.at+int64(y)*s.line+4*int64(in.Min.X)); err != nil {
			return false, err
		}
		last := uint32(0)
		for i := 0; i < len(row); i += 4 {
			if p := binary.LittleEndian.Uint32(row[i:]); p != last {
				seen[p], last = true, p
			}
		}
		if len(seen) > letters {
			return true, nil
		}
	}
	return false, nil
}

// until waits until a part of the screen has text, or has none.
func (s *screen) until(in image.Rectangle, want bool) error {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(time.Millisecond) {
		is, err := s.written(in)
		if err != nil || is == want {
			return err
		}
	}
	return fmt.Errorf("in %v of the screen words are not as awaited: %t", in, want)
}

func (s *screen) close() error {
	for _, cmd := range s.started {
		cmd.Process.Kill()
		cmd.Wait() // it was killed: an error is expected
	}
	if s.pixels != nil {
		s.pixels.Close()
	}
	return os.RemoveAll(s.dir)
}
