//go:build cgo && (desktop || bindings || dev)

package desktop

// #cgo pkg-config: gio-2.0
// #include <gio/gio.h>
//
// // The connection is the one that everything in this program shares, and stays so: it is never let go.
// static void doorward_outlive_bus(void) {
// 	GDBusConnection *bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
// 	if (bus != NULL) {
// 		g_dbus_connection_set_exit_on_close(bus, FALSE);
// 	}
// }
import "C"

// outliveBus keeps the program running when the session bus ends. The toolkit's library
// would end it, by a signal that cannot be told from that of a system that shuts down.
func outliveBus() { C.doorward_outlive_bus() }
