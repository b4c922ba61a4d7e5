package desktop

// An Entry is one of the window's menu: the key of its label, the key on the keyboard, and what
// it does. One without a label is a line between others.
type Entry struct {
	Label string
	Key   string // with Ctrl, or Command on macOS; empty: none

	// What it does, one of these.
	Do       string // a verb of the window
	Leads    string // an address of the console
	Runs     string // a function of bridge.js, with its argument
	Argument any
}

// A Submenu is one of the menus in the window's menu bar.
type Submenu struct {
	Label   string
	Entries []Entry
}

// Menus are the window's. The toolkit draws its own Edit menu on macOS, whose words are its own;
// the entries of ours have no keys, because the page handles those itself.
func Menus() []Submenu {
	return []Submenu{
		{"window.menu.file", []Entry{
			{Label: "window.menu.invite", Key: "i", Leads: "/admin/settings/members?invite"},
			{Label: "window.menu.workspaces", Key: "o", Do: doWorkspaces},
			{Label: "window.menu.back_up", Key: "b", Do: doBackUp},
			{},
			{Label: "window.menu.close", Key: "w", Do: doClose},
			{Label: "window.menu.closing", Do: doClosing},
			{Label: "window.menu.quit", Key: "q", Do: doQuit},
		}},
		{editMenu, []Entry{
			{Label: "window.menu.undo", Runs: "doorwardEdit", Argument: "undo"},
			{Label: "window.menu.redo", Runs: "doorwardEdit", Argument: "redo"},
			{},
			{Label: "window.menu.cut", Runs: "doorwardEdit", Argument: "cut"},
			{Label: "window.menu.copy", Runs: "doorwardEdit", Argument: "copy"},
			{Label: "window.menu.paste", Runs: "doorwardEdit", Argument: "paste"},
			{Label: "window.menu.select_all", Runs: "doorwardEdit", Argument: "selectAll"},
		}},
		{"window.menu.view", []Entry{
			{Label: "window.menu.dashboard", Key: "1", Leads: "/admin/"},
			{Label: "window.menu.requests", Key: "2", Leads: "/admin/requests"},
			{Label: "window.menu.members", Key: "3", Leads: "/admin/settings/members"},
			{Label: "window.menu.audit", Key: "4", Leads: "/admin/audit"},
			{Label: "window.menu.mail", Key: "5", Leads: "/admin/mail"},
			{Label: "window.menu.settings", Key: "6", Leads: "/admin/settings"},
			{},
			{Label: "window.menu.zoom_in", Key: "+", Runs: "doorwardZoom", Argument: 1},
			{Label: "window.menu.zoom_out", Key: "-", Runs: "doorwardZoom", Argument: -1},
			{Label: "window.menu.actual_size", Key: "0", Runs: "doorwardZoom", Argument: 0},
			{},
			{Label: "window.menu.reload", Key: "r", Do: doReload},
		}},
		{"window.menu.help", []Entry{
			{Label: "window.menu.guides", Leads: "/admin/help/console"},
			{Label: "window.menu.keys", Leads: "/admin/requests?keys"},
			{Label: "window.menu.checks", Leads: "/admin/settings/general"},
			{},
			{Label: "window.menu.about", Leads: "/admin/?about"},
		}},
	}
}

const editMenu = "window.menu.edit"

// The verbs of the window that its menu has.
const (
	doWorkspaces = "workspaces"
	doBackUp     = "back up"
	doClose      = "close"
	doClosing    = "closing"
	doQuit       = "quit"
	doReload     = "reload"
)
