package desktop_test

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"doorward/app/desktop"
	"doorward/build/need"
)

// newBus starts a session bus of the test's own, and connects to it.
func newBus(t *testing.T) *dbus.Conn {
	t.Helper()
	need.Program(t, "dbus-daemon", "dbus-daemon")
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
	conn, err := dbus.Connect(strings.TrimSpace(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

type first struct{ told chan string }

// SendMessage is what the toolkit's second start calls.
func (f first) SendMessage(message string) *dbus.Error { f.told <- message; return nil }

// A window hides although a second start would not find it; or a second start waits for
// one that is not there.
func TestComesBack(t *testing.T) {
	conn := newBus(t)
	id := desktop.InstanceID("/some/data")
	name := "org.wails_app_" + strings.ReplaceAll(id, "-", "_") + ".SingleInstance"
	if desktop.ComesBack(id) || desktop.Raise(id) {
		t.Error("nothing runs, and it comes back")
	}
	if _, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	f := first{make(chan string, 1)}
	if err := conn.Export(f, dbus.ObjectPath("/org/wails_app_"+strings.ReplaceAll(id, "-", "_")+"/SingleInstance"),
		name); err != nil {
		t.Fatal(err)
	}
	if !desktop.ComesBack(id) || desktop.ComesBack(desktop.InstanceID("/other/data")) {
		t.Error("it does not come back, or another one does")
	}
	if !desktop.Raise(id) || <-f.told != "{}" {
		t.Error("it was not raised")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	if desktop.ComesBack(id) || desktop.Raise(id) || desktop.HasTray() {
		t.Error("without a bus it comes back")
	}
}

// The session bus ends while the window is hidden, and nothing leads back to it any more.
func TestUntilLost(t *testing.T) {
	conn := newBus(t)
	connections := func() (names []string) {
		if err := conn.BusObject().Call("org.freedesktop.DBus.ListNames", 0).Store(&names); err != nil {
			t.Fatal(err)
		}
		return names
	}
	ctx, stop := context.WithCancel(t.Context())
	alone := len(connections())
	waits := func() (lost chan bool) {
		until(t, "the one before has left the bus", func() bool { return len(connections()) == alone })
		lost = make(chan bool)
		go func() { desktop.UntilLost(ctx); close(lost) }()
		until(t, "it is on the bus", func() bool { return len(connections()) > alone })
		select {
		case <-lost:
			t.Error("it is lost, and the bus is there")
		default:
		}
		return lost
	}
	lost := waits()
	stop()
	<-lost
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	lost = waits()
	var pid uint32
	err := conn.BusObject().
		Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, "org.freedesktop.DBus").Store(&pid)
	if err == nil {
		err = syscall.Kill(int(pid), syscall.SIGKILL)
	}
	if err != nil {
		t.Fatal(err)
	}
	<-lost
	desktop.UntilLost(t.Context()) // at once: there is no bus
}

// GNOME has no tray, and some desktops have the watcher alone: an icon is promised that
// nobody sees.
func TestHasTray(t *testing.T) {
	conn := newBus(t)
	if desktop.HasTray() {
		t.Error("nobody shows icons, and there is a tray")
	}
	const name = "org.kde.StatusNotifierWatcher"
	p, err := prop.Export(conn, "/StatusNotifierWatcher", prop.Map{name: {
		"IsStatusNotifierHostRegistered": {Value: false, Writable: true, Emit: prop.EmitFalse},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	if desktop.HasTray() {
		t.Error("nobody shows the watcher's icons, and there is a tray")
	}
	p.SetMust(name, "IsStatusNotifierHostRegistered", true)
	if !desktop.HasTray() {
		t.Error("there is no tray")
	}
}
