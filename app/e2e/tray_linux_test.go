package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"doorward/app/e2e/product"
)

// A tray is the desktop's part of the system tray: programs register their icons with it,
// and it shows their menus.
type tray struct {
	t    *testing.T
	conn *dbus.Conn
	came chan dbus.Sender
	icon dbus.BusObject
	menu dbus.BusObject
}

const trayName = "org.kde.StatusNotifierWatcher"

func newTray(t *testing.T, s *screen) *tray {
	t.Helper()
	conn, err := dbus.Connect(s.bus)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	y := &tray{t: t, conn: conn, came: make(chan dbus.Sender, 10)}
	_, err = prop.Export(conn, "/StatusNotifierWatcher", prop.Map{trayName: {
		"IsStatusNotifierHostRegistered": {Value: true, Emit: prop.EmitFalse},
	}})
	if err := errors.Join(err, conn.Export(y, "/StatusNotifierWatcher", trayName)); err != nil {
		t.Fatal(err)
	}
	if got, err := conn.RequestName(trayName, dbus.NameFlagDoNotQueue); err != nil ||
		got != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name of the tray: %v, %v", got, err)
	}
	return y
}

// RegisterStatusNotifierItem is called by programs that have an icon.
func (y *tray) RegisterStatusNotifierItem(_ string, from dbus.Sender) *dbus.Error {
	y.came <- from
	return nil
}

// has waits for an icon, and reads what it is.
func (y *tray) has(title string) {
	y.t.Helper()
	if err := product.Eventually("an icon in the tray", func() error {
		select {
		case from := <-y.came:
			y.icon = y.conn.Object(string(from), "/StatusNotifierItem")
			y.menu = y.conn.Object(string(from), "/StatusNotifierItem/menu")
		default:
		}
		if y.icon == nil {
			return errors.New("none came")
		}
		got, err := y.icon.GetProperty("org.kde.StatusNotifierItem.Title")
		if err == nil && got.Value() != title {
			err = fmt.Errorf("its title is %v", got)
		}
		return err
	}); err != nil {
		y.t.Fatal(err)
	}
	pixels, err := y.icon.GetProperty("org.kde.StatusNotifierItem.IconPixmap")
	if err != nil || len(pixels.String()) < 1000 {
		y.t.Errorf("the icon is %.100v, %v", pixels, err)
	}
}

// An entry is one of the tray's menu.
type entry struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

// entries are the labels of the menu.
func (y *tray) entries() (all map[string]int32, err error) {
	var revision uint32
	var root entry
	if err = y.menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).
		Store(&revision, &root); err != nil {
		return nil, err
	}
	all = map[string]int32{}
	for _, child := range root.Children {
		var e entry
		if err := dbus.Store([]any{child.Value()}, &e); err != nil {
			return nil, err
		}
		if label, ok := e.Properties["label"].Value().(string); ok {
			all[label] = e.ID
		}
	}
	return all, nil
}

// chooses clicks on an entry of the menu, once it is there.
func (y *tray) chooses(like string) {
	y.t.Helper()
	fits := regexp.MustCompile(like)
	if err := product.Eventually("the tray offers "+like, func() error {
		all, err := y.entries()
		for label, id := range all {
			if fits.MatchString(label) {
				return y.menu.Call("com.canonical.dbusmenu.Event", 0, id, "clicked", dbus.MakeVariant(""),
					uint32(0)).Err
			}
		}
		return errors.Join(err, fmt.Errorf("it has %v", all))
	}); err != nil {
		y.t.Fatal(err)
	}
}
