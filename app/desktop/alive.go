package desktop

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// Alive notices that the page is gone: the process that draws it has died, and
// the window shows its last picture. The page keeps a stream open as long as it
// lives; one that navigates opens the next at once.
type Alive struct {
	Grace time.Duration // how long a page may take to come back
	Lost  func()        // called when it did not come back

	mu    sync.Mutex
	pages int
	timer *time.Timer
}

// beatInterval is how often the stream is written to; a failed write shows that
// nobody reads it any more.
const beatInterval = 2 * time.Second

// ServeHTTP is the stream that a page keeps open.
func (a *Alive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.came()
	defer a.went()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	beat := time.NewTicker(beatInterval)
	defer beat.Stop()
	for {
		if _, err := io.WriteString(w, ":\n\n"); err != nil {
			return
		}
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
		}
	}
}

// firstPages is how many times Grace the first page may take, since a toolkit
// starts its processes for it.
const firstPages = 4

// Expect is called when a window opens: it also notices when the process dies
// before the first page has loaded.
func (a *Alive) Expect() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pages == 0 && a.timer == nil && a.Lost != nil {
		a.timer = time.AfterFunc(firstPages*a.Grace, a.Lost)
	}
}

func (a *Alive) came() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pages++
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

func (a *Alive) went() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pages--; a.pages == 0 && a.Lost != nil {
		a.timer = time.AfterFunc(a.Grace, a.Lost)
	}
}

// Stop is called when a window closes: its page is gone for good.
func (a *Alive) Stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Lost = nil
	if a.timer != nil {
		a.timer.Stop()
	}
}
