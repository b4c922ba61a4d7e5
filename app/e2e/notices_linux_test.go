package e2e

import (
	"testing"

	"github.com/godbus/dbus/v5"
)

// A notice is a desktop notification that a program showed.
type notice struct {
	id          uint32
	title, body string
}

// notices is the notification service on a session bus.
type notices struct {
	conn  *dbus.Conn
	shown chan notice
	last  uint32
}

const noticesName = "org.freedesktop.Notifications"

func newNotices(t *testing.T, s *screen) *notices {
	t.Helper()
	conn, err := dbus.Connect(s.bus)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	n := &notices{conn: conn, shown: make(chan notice, 100)}
	if err := conn.Export(n, "/org/freedesktop/Notifications", noticesName); err != nil {
		t.Fatal(err)
	}
	if got, err := conn.RequestName(noticesName, dbus.NameFlagDoNotQueue); err != nil ||
		got != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the name of the service: %v, %v", got, err)
	}
	return n
}

// Programs on the bus call Notify and the three methods after it.
func (n *notices) Notify(_ string, _ uint32, _, title, body string, _ []string, _ map[string]dbus.Variant,
	_ int32) (uint32, *dbus.Error) {
	n.last++
	n.shown <- notice{n.last, title, body}
	return n.last, nil
}

func (n *notices) GetCapabilities() ([]string, *dbus.Error) { return []string{"actions", "body"}, nil }

func (n *notices) GetServerInformation() (name, vendor, version, spec string, err *dbus.Error) {
	return "notices", "Doorward", "1", "1.2", nil
}

func (n *notices) CloseNotification(uint32) *dbus.Error { return nil }

// click tells the program that somebody clicked on a notice.
func (n *notices) click(of notice) error {
	return n.conn.Emit("/org/freedesktop/Notifications", noticesName+".ActionInvoked", of.id, "default")
}
