package desktop

import (
	"context"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"
)

// ComesBack reports whether a second start for the same data directory reaches this
// program, and so a hidden window can be opened again. The toolkit arranges that on the
// session bus, and says nothing where there is none.
func ComesBack(id string) (yes bool) {
	name, _ := instance(id)
	onBus(func(conn *dbus.Conn) {
		var pid uint32
		err := conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, name).Store(&pid)
		yes = err == nil && int(pid) == os.Getpid()
	})
	return yes
}

// Raise has the program that runs already for that data directory show its window, and
// reports whether there is one. The toolkit does the same later, and ends with an error.
func Raise(id string) (raised bool) {
	name, path := instance(id)
	onBus(func(conn *dbus.Conn) {
		call := conn.Object(name, path).Call(name+".SendMessage", dbus.FlagNoAutoStart, `{}`)
		raised = call.Err == nil
	})
	return raised
}

// UntilLost returns once the session bus ends, or cannot be reached. Nothing leads back to a
// hidden window then: a program registers its name with the next bus only when it starts.
func UntilLost(ctx context.Context) {
	onBus(func(conn *dbus.Conn) {
		select {
		case <-conn.Context().Done():
		case <-ctx.Done():
		}
	})
}

// instance is what the toolkit calls the first program on the bus.
func instance(id string) (name string, path dbus.ObjectPath) {
	id = "wails_app_" + strings.NewReplacer("-", "_", ".", "_").Replace(id)
	return "org." + id + ".SingleInstance", dbus.ObjectPath("/org/" + id + "/SingleInstance")
}

// trayWatcher is what programs register their icons with.
const trayWatcher = "org.kde.StatusNotifierWatcher"

// HasTray reports whether this desktop shows icons of programs that run. GNOME does not
// by itself.
func HasTray() (yes bool) {
	onBus(func(conn *dbus.Conn) {
		var shows dbus.Variant
		err := conn.Object(trayWatcher, "/StatusNotifierWatcher").Call("org.freedesktop.DBus.Properties.Get",
			dbus.FlagNoAutoStart, trayWatcher, "IsStatusNotifierHostRegistered").Store(&shows)
		yes = err == nil && shows.Value() == true
	})
	return yes
}

// onBus uses the session bus, if there is one. It starts none.
func onBus(use func(*dbus.Conn)) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return
	}
	defer conn.Close()
	if conn.Auth(nil) == nil && conn.Hello() == nil {
		use(conn)
	}
}
