//go:build desktop || bindings || dev

package desktop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/menu/keys"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"doorward/app/config"
	"doorward/backend/messages"
)

// Window is what the console's page can call in the desktop program.
type Window struct {
	until         context.Context // ends when the program is told to end
	ctx           context.Context // of the toolkit
	windowContext context.Context // ends when the window closes
	stop          context.CancelFunc
	c             config.Config
	shell         *Shell
	alive         *Alive
	tray          *Tray
	end           end
}

// Run opens the native window and returns once it is closed.
func Run(ctx context.Context, c config.Config) error {
	if opensWindow {
		if err := NeedsDisplay(os.Getenv); err != nil {
			return err
		}
	}
	if opensWindow && os.Getenv(againEnv) == "" && Raise(InstanceID(c.Data)) {
		fmt.Fprintln(c.Log, "Doorward is running already: its window was brought to the front.")
		return nil
	}
	if os.Getenv(againEnv) != "" {
		awaitPredecessor(os.Stdin)
	}
	if err := errors.Join(os.Unsetenv(againEnv), DisableJIT(os.LookupEnv, os.Setenv)); err != nil {
		return err
	}
	w := &Window{until: ctx, c: c, alive: &Alive{Grace: Grace},
		end: end{running: make(chan struct{}), shown: make(chan struct{}, 1)}}
	w.alive.Lost = w.offerReload
	w.tray = w.newTray()
	w.shell = &Shell{
		Frontend: c.Frontend, Alive: w.alive, Workspaces: &Workspaces{File: WorkspacesFile()}, Vault: &Vault{},
		Open:     func(ctx context.Context) (Opened, error) { return reachHere(ctx, c) },
		language: SystemLanguage(os.Getenv), // until a page says another
		Settled:  w.watch,
		Browse:   func(link string) { runtime.BrowserOpenURL(w.ctx, link) },
		Front:    func() { w.toFront(options.SecondInstanceData{}) },
		Closing: Closing{Back: w.back, Tray: func() bool { return w.tray.Show() }, Do: w.close, Shown: func() {
			select {
			case w.end.shown <- struct{}{}:
			default:
			}
		}},
	}
	err := errors.Join(wails.Run(w.options()), w.shell.Close())
	if err == nil && w.end.again.Load() {
		return startAgain()
	}
	return err
}

func (w *Window) options() *options.App {
	frame := LoadFrame(w.frameFile())
	state := options.Normal
	if frame.Maximised {
		state = options.Maximised
	}
	return &options.App{
		Title: Title(0, ""), Width: frame.Width, Height: frame.Height, MinWidth: 360, MinHeight: 480,
		WindowStartState: state,
		AssetServer: &assetserver.Options{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			w.begin() // the first page is asked for by the toolkit's loop
			w.shell.ServeHTTP(rw, r)
		})},
		EnableDefaultContextMenu: true, // of fields and selected text: cut, copy, paste
		Menu:                     w.menu(),
		OnStartup:                func(ctx context.Context) { w.start(ctx, frame) },
		OnBeforeClose:            w.beforeClose,
		OnShutdown:               func(context.Context) { w.alive.Stop(); w.stop() },
		Bind:                     []any{w},
		ErrorFormatter:           func(err error) any { return w.asJSON(err) },
		SingleInstanceLock: &options.SingleInstanceLock{
			UniqueId:               InstanceID(w.c.Data),
			OnSecondInstanceLaunch: w.toFront,
		},
		DragAndDrop: &options.DragAndDrop{EnableFileDrop: true},
		Linux: &linux.Options{ProgramName: "doorward-desktop", WebviewGpuPolicy: linux.WebviewGpuPolicyNever,
			Icon: icon},
		LogLevel: logger.ERROR, LogLevelProduction: logger.ERROR,
	}
}

func (w *Window) asJSON(err error) string {
	b, failed := json.Marshal(w.shell.explain(err))
	if failed != nil {
		return `{"message":"Something went wrong."}`
	}
	return string(b)
}

func (w *Window) frameFile() string { return FrameFile(w.c.Data) }

func (w *Window) start(ctx context.Context, frame Frame) {
	w.ctx = ctx
	outliveBus()
	w.windowContext, w.stop = context.WithCancel(ctx)
	w.endWhenTold(ctx)
	w.place(frame)
	w.alive.Expect()
	runtime.OnFileDrop(ctx, w.dropped)
	if runtime.InitializeNotifications(ctx) == nil {
		runtime.OnNotificationResponse(ctx, func(r runtime.NotificationResult) {
			w.toFront(options.SecondInstanceData{})
			if r.Response.ID != backgroundNotice {
				w.show("/admin/requests")()
			}
		})
	}
}

func (w *Window) keepFrame(ctx context.Context) {
	var f Frame
	f.X, f.Y = runtime.WindowGetPosition(ctx)
	f.Width, f.Height = runtime.WindowGetSize(ctx)
	f.Maximised = runtime.WindowIsMaximised(ctx)
	if err := SaveFrame(w.frameFile(), f); err != nil {
		fmt.Fprintln(os.Stderr, "doorward: the window's place was not kept:", err)
	}
}

// settled is how long after opening a Doorward the memory that opening took is
// given back: a window stays open for days.
const settled = 3 * time.Second

// watch keeps the title up to date and notifies of who waits.
func (w *Window) watch(ctx context.Context, o Opened) {
	ctx, stop := context.WithCancel(ctx)
	context.AfterFunc(w.windowContext, stop)
	watch := &Watch{
		Say:   w.shell.Say,
		Title: func(title string) { runtime.WindowSetTitle(w.ctx, title) },
		Count: w.showTray,
		Notify: func(title, body string) {
			// a desktop without notifications has the title
			_ = runtime.SendNotification(w.ctx, runtime.NotificationOptions{ID: "waiting", Title: title, Body: body})
		},
	}
	if o.At != "" {
		watch.Name = o.Name
	}
	runtime.WindowSetTitle(w.ctx, Title(0, watch.Name))
	go watch.Run(ctx, o)
	time.AfterFunc(settled, debug.FreeOSMemory)
}

// menu is in the language of the desktop session: it is made once, before a page has said
// another.
func (w *Window) menu() *menu.Menu {
	m := menu.NewMenu()
	for _, s := range Menus() {
		if s.Label == editMenu && goruntime.GOOS == "darwin" {
			m.Append(menu.EditMenu())
			continue
		}
		sub := m.AddSubmenu(w.shell.Say(s.Label, nil))
		for _, e := range s.Entries {
			if e.Label == "" {
				sub.AddSeparator()
				continue
			}
			var key *keys.Accelerator
			if e.Key != "" {
				key = keys.CmdOrCtrl(e.Key)
			}
			sub.AddText(w.shell.Say(e.Label, nil), key, w.does(e))
		}
	}
	return m
}

// chooseWorkspace opens the question which workspace it shall be. Cancel leads back to the view
// from which it was asked.
const chooseWorkspace = `location.assign("/?choose&next=" + encodeURIComponent(location.pathname + location.search))`

// does is what a menu entry does.
func (w *Window) does(e Entry) menu.Callback {
	switch {
	case e.Leads != "":
		return w.leads(e.Leads)
	case e.Runs != "":
		return w.runs(e.Runs, e.Argument)
	}
	return map[string]menu.Callback{
		doWorkspaces: func(*menu.CallbackData) { runtime.WindowExecJS(w.ctx, chooseWorkspace) },
		doBackUp:     func(*menu.CallbackData) { w.backUp() },
		doClose:      func(*menu.CallbackData) { runtime.Quit(w.ctx) },
		doClosing:    func(*menu.CallbackData) { runtime.EventsEmit(w.ctx, "closing-settings") },
		doQuit:       w.quit,
		doReload:     func(*menu.CallbackData) { runtime.WindowReload(w.ctx) },
	}[e.Do]
}

// runs makes a menu entry that calls a function of bridge.js.
func (w *Window) runs(function string, argument any) menu.Callback {
	return func(*menu.CallbackData) {
		text, err := json.Marshal(argument)
		if err == nil {
			runtime.WindowExecJS(w.ctx, "window."+function+"?.("+string(text)+")")
		}
	}
}

// leads makes a menu entry that opens one of the console's addresses.
func (w *Window) leads(path string) menu.Callback { return func(*menu.CallbackData) { w.show(path)() } }

// show opens one of the console's addresses, once there is an Admin.
func (w *Window) show(path string) func() {
	return func() {
		if _, open := w.shell.Opened(); open {
			runtime.WindowExecJS(w.ctx,
				fmt.Sprintf("document.querySelector('#setup:not([hidden])') || location.assign(%q)", path))
		}
	}
}

func (w *Window) quit(*menu.CallbackData) {
	w.end.quitting.Store(true)
	runtime.Quit(w.ctx)
}

// backUp asks for a file and writes the backup there.
func (w *Window) backUp() {
	o, open := w.shell.Opened()
	if !open {
		return
	}
	if o.At != "" {
		go runtime.MessageDialog(w.ctx, runtime.MessageDialogOptions{
			Type:    runtime.InfoDialog,
			Title:   w.shell.Say("window.dialog.back_up", nil),
			Message: w.shell.Say("window.dialog.back_up_elsewhere", messages.Values{"Command": backUpCommand}),
		})
		return
	}
	go w.told("window.dialog.backed_up", func() (bool, error) {
		name, err := runtime.SaveFileDialog(w.ctx, runtime.SaveDialogOptions{
			Title:           w.shell.Say("window.dialog.back_up", nil),
			DefaultFilename: BackupName(),
		})
		if err != nil || name == "" {
			return false, err
		}
		return true, BackUp(w.ctx, o, name)
	})
}

// told shows how an operation ended. Its text is only ever ours: the native
// dialog reads it as a format.
func (w *Window) told(done string, do func() (bool, error)) {
	kind, title, message := runtime.InfoDialog, "window.dialog.done", done
	did, err := do()
	if err != nil {
		fmt.Fprintln(os.Stderr, "doorward:", err)
		kind, title, message = runtime.ErrorDialog, "window.dialog.not_done", "window.dialog.not_done_text"
	}
	if did || err != nil {
		_, _ = runtime.MessageDialog(w.ctx, runtime.MessageDialogOptions{Type: kind,
			Title: w.shell.Say(title, nil), Message: w.shell.Say(message, nil)})
	}
}

// Save writes a text to a file that the user chooses in the native dialog.
func (w *Window) Save(name, text string) (err error) {
	defer recovered(&err)
	path, err := runtime.SaveFileDialog(w.ctx, runtime.SaveDialogOptions{
		Title:           w.shell.Say("window.dialog.save", nil),
		DefaultFilename: filepath.Base(name),
	})
	if err != nil || path == "" {
		return err
	}
	return Keep(path, strings.NewReader(text))
}

// dropped passes a CSV file that was dropped on the window to the page.
func (w *Window) dropped(_, _ int, paths []string) {
	text, err := ReadDropped(paths)
	if err != nil {
		runtime.EventsEmit(w.ctx, "dropped-wrong", w.shell.explain(err).Message)
		return
	}
	runtime.EventsEmit(w.ctx, "dropped", text)
}

// offerReload asks whether to restart when the page's process is gone: the
// toolkit cannot restore it.
func (w *Window) offerReload() {
	chosen, err := runtime.MessageDialog(w.ctx, runtime.MessageDialogOptions{
		Type:    runtime.QuestionDialog,
		Title:   "Doorward",
		Message: w.shell.Say("window.dialog.stopped", nil),
	})
	if err == nil && chosen == "Yes" {
		w.end.again.Store(true)
		w.quitNow(w.ctx)
	}
}

func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("a panic in the window: %v", p)
	}
}
