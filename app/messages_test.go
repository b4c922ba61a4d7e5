package app

import (
	"context"
	"io/fs"
	"os"
	"path"
	"sync"
	"testing"
	"time"

	"doorward/backend/access"
)

// A readFS counts how often each file is opened.
type readFS struct {
	fs.FS
	mu     sync.Mutex
	opened map[string]int
}

func (r *readFS) Open(name string) (fs.File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opened[name]++
	return r.FS.Open(name)
}

func (r *readFS) times(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opened[name]
}

// The sentences of a language are read for the first member who gets an email in it, while a
// stranger measures the answers; or the pages keep a second copy of all of them.
func TestEveryLanguageIsReadOnceAndBeforeTheFirstSignIn(t *testing.T) {
	c := testConfig(t, nil)
	files := &readFS{FS: os.DirFS("../frontend"), opened: map[string]int{}}
	c.Frontend = files
	a, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	workers.Go(func() { a.RunWorkers(ctx) })
	defer func() {
		stop()
		workers.Wait()
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, l := range access.Languages {
		name := path.Join("messages", string(l)+".json")
		for end := time.Now().Add(10 * time.Second); files.times(name) == 0 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if n := files.times(name); n != 1 {
			t.Errorf("%s was read %d times", name, n)
		}
	}
}
