package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// window measures the window, compared with a bare Wails application: the time
// until it is painted, and memory. Where no window can be built or shown, it says
// so.
func window(b *bench) error {
	if missing := windowMissing(); len(missing) > 0 {
		tell("window: not measured, since this machine lacks %s; on Debian, build/deps bench installs it",
			strings.Join(missing, ", "))
		return nil
	}
	bare, err := b.buildWindow("bare-window", "doorward/app/bench/bare")
	if err != nil {
		return err
	}
	ours, err := b.buildWindow("doorward-desktop", "doorward")
	if err != nil {
		return err
	}
	few, err := b.product("window")
	if err != nil {
		return err
	}
	if err := few.says(new(struct{}), "setup", "--email", "admin@example.com", "--name", "Grace"); err != nil {
		return err
	}
	many, err := b.large()
	if err != nil {
		return err
	}
	s, err := newScreen()
	if err != nil {
		return err
	}
	return errors.Join(b.windowsOn(s, bare, ours, few, many), s.close())
}

func windowMissing() (missing []string) {
	if runtime.GOOS != "linux" {
		return []string{"Linux"}
	}
	for _, name := range []string{"Xvfb", "dbus-daemon", "openbox"} {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	if exec.Command("pkg-config", "--exists", "webkit2gtk-4.1").Run() != nil {
		missing = append(missing, "webkit2gtk-4.1")
	}
	return missing
}

// buildWindow builds a program as make desktop does, and copies it as an
// installation does: a file as the linker wrote it is mapped in larger pieces,
// which count as a whole as soon as a part of them is used.
func (b *bench) buildWindow(name, pkg string) (program string, err error) {
	program = filepath.Join(b.dir, name)
	built := program + ".built"
	if err := b.compile(built, pkg, "CGO_ENABLED=1", "desktop,production,webkit2_41"); err != nil {
		return "", err
	}
	whole, err := os.ReadFile(built)
	if err != nil {
		return "", err
	}
	return program, errors.Join(os.WriteFile(program, whole, 0o755), os.Remove(built))
}

// windowsOn opens one window after the other, the programs in turn.
func (b *bench) windowsOn(s *screen, bare, ours string, few, many *product) error {
	of := &windowed{screen: s, program: bare, home: b.dir}
	with := []*windowed{{
		screen:  s,
		program: ours,
		home:    b.dir,
		on:      few,
	}, {screen: s, program: ours, home: b.dir, on: many}}
	for range b.rounds {
		for _, w := range []*windowed{of, with[0], with[1]} {
			if err := w.round(); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(w.program), err)
			}
		}
	}
	for i, who := range []string{"no member but the Admin", thousands(float64(b.members)) + " members"} {
		b.add(with[i].beside(of, "window, exec to its first paint, "+who, "≤ 150 ms more", 150, milliseconds,
			func(w *windowed) spread {
				return w.first
			}))
		b.add(with[i].beside(of, "until its dashboard is painted, "+who, "", 0, milliseconds, func(w *windowed) spread {
			return w.whole
		}))
		b.add(with[i].beside(of, "memory of the window and of WebKit (PSS), "+who, "≤ 60 MB more", 60e6, megabytes,
			func(w *windowed) spread {
				return w.pss
			}))
	}
	return nil
}

// A windowed is a program with a window, and the results of its rounds.
type windowed struct {
	screen  *screen
	program string
	home    string
	on      *product // nil: the bare one

	first spread // milliseconds from exec until text is on the page
	whole spread // until the page that people wait for is there
	pss   spread // bytes, of the program and everything it started
}

// Where windows of 1200 by 820, which the window manager centres, have their
// text: the page; and the console's navigation, when no dialog covers it.
var (
	pageArea   = image.Rect(320, 110, 1200, 860)
	placesArea = image.Rect(60, 200, 290, 540)
)

// round opens the window once.
func (w *windowed) round() error {
	// where the last one was
	if err := errors.Join(os.RemoveAll(filepath.Join(w.home, ".config/doorward-desktop")),
		w.screen.until(pageArea, false)); err != nil {
		return err
	}
	cmd := w.screen.command(w.program)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &log, &log, patience
	cmd.Env = append(cmd.Env, "HOME="+w.home)
	if w.on != nil {
		cmd.Env = append(cmd.Env, append(w.on.env, "DOORWARD_LISTEN="+w.on.listen)...)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	err := w.look(cmd.Process.Pid, began)
	if err := errors.Join(err, cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
		return fmt.Errorf("%w\n%s", err, &log)
	}
	return nil
}

func (w *windowed) look(pid int, began time.Time) error {
	if err := w.screen.until(pageArea, true); err != nil {
		return err
	}
	w.first = append(w.first, time.Since(began).Seconds()*1000)
	if w.on != nil {
		if err := w.screen.until(placesArea, true); err != nil {
			return err
		}
	}
	w.whole = append(w.whole, time.Since(began).Seconds()*1000)
	time.Sleep(idle)
	pss, err := shareOf(pid)
	w.pss = append(w.pss, pss)
	return err
}

// beside returns the figure of w compared with the bare one: the median of how
// much more it was, round by round.
func (w *windowed) beside(bare *windowed, what, target string, limit float64, write func(float64) string,
	of func(*windowed) spread) figure {
	ours, bound := of(w), of(bare)
	var more spread
	for i := range ours {
		more = append(more, ours[i]-bound[i])
	}
	return figure{what: what, measured: write(ours.median()), ranging: ours.ranging(write),
		bound: fmt.Sprintf("bare Wails %s: %s more (%s)", write(bound.median()), write(more.median()),
			more.ranging(write)),
		target: target, met: more.median() <= limit}
}

// shareOf returns the memory of a process and everything it started, in bytes.
// What they share with each other counts once. Another WebKit on the machine
// would carry a part of it and make the figure too good, so it is measured while
// there is none.
func shareOf(pid int) (sum float64, err error) {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(100 * time.Millisecond) {
		before, err := strangers(pid)
		if err != nil {
			return 0, err
		}
		if sum, err = sharesOf(pid); err != nil {
			return 0, err
		}
		if after, err := strangers(pid); before+after == 0 {
			return sum, err
		}
	}
	return 0, errors.New("another program with WebKit is running, and shares its memory")
}

func sharesOf(pid int) (sum float64, err error) {
	all, err := processes()
	if err != nil {
		return 0, err
	}
	for _, p := range all {
		if !p.under(all, pid) {
			continue
		}
		m, err := memoryOf(p.id)
		if err != nil {
			return 0, err
		}
		sum += m.share
	}
	return sum, nil
}

// strangers counts the processes of WebKit that pid did not start.
func strangers(pid int) (n int, err error) {
	all, err := processes()
	for _, p := range all {
		if strings.HasPrefix(p.name, "WebKit") && !p.under(all, pid) {
			n++
		}
	}
	return n, err
}
