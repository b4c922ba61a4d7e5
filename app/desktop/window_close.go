//go:build desktop || bindings || dev

package desktop

import (
	"context"
	_ "embed" // the icon
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"doorward/backend/messages"
)

// icon is build/package/icon.svg, drawn for the window and the tray.
//
//go:embed icon.png
var icon []byte

// An end is how far closing the window has come.
type end struct {
	running  chan struct{} // closed once the toolkit's loop runs: before, it cannot be ended
	runs     sync.Once
	quitting atomic.Bool   // Quit was chosen, and not the frame's cross
	told     atomic.Bool   // it is decided: nothing asks any more
	gone     atomic.Bool   // the toolkit was let go; a second time crashes it
	again    atomic.Bool   // start again once this window is gone
	asking   atomic.Bool   // a question is on its way to the screen
	shown    chan struct{} // the page has the question on the screen
	telling  sync.Once

	moving sync.Mutex         // to the background, or to the front
	hidden context.CancelFunc // ends the watch over the way back; nil: not in the background
}

// questionTime is how long a page may take to show the question. One that is slower is
// taken for dead, and the toolkit asks.
const questionTime = 5 * time.Second

// startTime is how long the toolkit may take to begin.
const startTime = 5 * time.Second

// begin is called when the toolkit's loop runs.
func (w *Window) begin() { w.end.runs.Do(func() { close(w.end.running) }) }

// endWhenTold ends the program when it is told to, whatever is on the screen: the end of a
// desktop session is never held up. The toolkit listens for one signal only, and takes a
// refused one for done.
func (w *Window) endWhenTold(ctx context.Context) {
	context.AfterFunc(w.until, func() {
		select {
		case <-w.end.running:
		case <-time.After(startTime):
			w.begin()
		}
		w.quitNow(ctx)
	})
}

// quitNow ends the program, and asks nobody.
func (w *Window) quitNow(ctx context.Context) {
	w.end.told.Store(true)
	runtime.Quit(ctx)
}

// beforeClose decides what becomes of an attempt to close the window.
func (w *Window) beforeClose(ctx context.Context) (prevent bool) {
	leaving := Leaving{Ending: w.end.told.Load() || w.until.Err() != nil, Quitting: w.end.quitting.Swap(false)}
	if !leaving.Ending {
		leaving.Serving, leaving.Back = w.shell.Serving(ctx), w.back()
		leaving.Kept = w.shell.Workspaces.Closing()
	}
	switch leaving.Does() {
	case ChoiceBackground:
		w.hide(ctx)
		return true
	case ChoiceAsk:
		w.askHow(ctx)
		return true
	}
	select {
	case <-w.end.running:
	case <-w.until.Done():
		select {
		case <-w.end.running:
		default:
			return true // endWhenTold comes again
		}
	case <-time.After(startTime):
	}
	if !w.end.gone.CompareAndSwap(false, true) {
		return true
	}
	w.end.moving.Lock()
	defer w.end.moving.Unlock()
	if w.end.hidden == nil {
		w.keepFrame(ctx)
	}
	return false
}

func (w *Window) back() bool { return ComesBack(InstanceID(w.c.Data)) }

// askHow has the page ask, and asks itself where that is dead. Whoever closes twice is
// asked once.
func (w *Window) askHow(ctx context.Context) {
	if !w.end.asking.CompareAndSwap(false, true) {
		return
	}
	defer w.end.asking.Store(false)
	select {
	case <-w.end.shown:
	default:
	}
	runtime.EventsEmit(ctx, "closing")
	select {
	case <-w.end.shown:
		return
	case <-w.windowContext.Done():
		return
	case <-time.After(questionTime):
	}
	chosen, err := runtime.MessageDialog(ctx, runtime.MessageDialogOptions{
		Type:    runtime.QuestionDialog,
		Title:   "Doorward",
		Message: w.shell.Say("window.dialog.quit", nil),
	})
	if err != nil || chosen == "Yes" {
		w.quitNow(ctx)
	}
}

// close does what was chosen.
func (w *Window) close(choice Choice) {
	switch {
	case choice == ChoiceQuit:
		w.quitNow(w.ctx)
	case choice == ChoiceBackground && w.back():
		w.hide(w.ctx)
	}
}

// hide goes to the background, and says how to come back.
func (w *Window) hide(ctx context.Context) {
	if !w.toBack(ctx) {
		return
	}
	signal.Ignore(syscall.SIGHUP) // the terminal may go, too
	where := "window.background.start_again"
	if w.tray.Show() {
		where = "window.background.tray"
	}
	w.end.telling.Do(func() {
		fmt.Fprintln(os.Stderr, "doorward: running in the background; start it again to open its window")
		// a desktop without notifications has said so in the question
		_ = runtime.SendNotification(ctx, runtime.NotificationOptions{ID: backgroundNotice,
			Title: w.shell.Say("window.background.title", nil), Body: w.shell.Say(where, nil)})
	})
}

// backgroundNotice is the id of the notice that the program is in the background.
const backgroundNotice = "background"

// toBack hides the window, and reports whether it was shown. If the way back is lost while
// it is hidden, as when the session bus ends, it comes back by itself.
func (w *Window) toBack(ctx context.Context) bool {
	w.end.moving.Lock()
	defer w.end.moving.Unlock()
	if w.end.hidden != nil {
		return false
	}
	w.keepFrame(ctx)
	runtime.WindowHide(ctx)
	hidden, shown := context.WithCancel(w.windowContext)
	w.end.hidden = shown
	go func() {
		UntilLost(hidden)
		if hidden.Err() == nil {
			w.toFront(options.SecondInstanceData{})
		}
	}()
	return true
}

// toFront shows the window, wherever it was. A window that is closing already still has its
// name on the bus, so who starts the program then is sent here: it starts again once it has
// closed.
func (w *Window) toFront(options.SecondInstanceData) {
	<-w.end.running
	w.end.moving.Lock()
	defer w.end.moving.Unlock()
	if w.end.told.Load() || w.end.gone.Load() {
		w.end.again.Store(w.until.Err() == nil)
		return
	}
	runtime.WindowUnminimise(w.ctx)
	runtime.Show(w.ctx)
	if w.end.hidden != nil {
		w.end.hidden()
		w.end.hidden = nil
		w.place(LoadFrame(w.frameFile()))
	}
}

func (w *Window) place(f Frame) {
	if f.X >= 0 && f.Y >= 0 && !f.Maximised {
		runtime.WindowSetPosition(w.ctx, f.X, f.Y)
	}
}

// showTray shows the icon in the system tray while the server runs in this program.
func (w *Window) showTray(waiting int) {
	if _, serving := w.shell.served(); !serving {
		return
	}
	requests := w.shell.Say("window.tray.nobody", nil)
	if waiting > 0 {
		requests = w.shell.Say("window.tray.waiting", messages.Values{"N": waiting})
	}
	w.tray.Label(TrayLabels{Title: Title(waiting, ""), Open: w.shell.Say("window.tray.open", nil),
		Requests: requests, Quit: w.shell.Say("window.tray.quit", nil)})
	w.tray.Show()
}

func (w *Window) newTray() *Tray {
	return &Tray{
		Open: func() { w.toFront(options.SecondInstanceData{}) },
		Requests: func() {
			w.toFront(options.SecondInstanceData{})
			w.show("/admin/requests")()
		},
		Quit: func() { w.quitNow(w.ctx) },
	}
}
