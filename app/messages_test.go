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

// A readFS says which files are opened.
type readFS struct {
	fs.FS
	opened chan string
}

func (r *readFS) Open(name string) (fs.File, error) {
	select {
	case r.opened <- name:
	default: // far more than there are files
	}
	return r.FS.Open(name)
}

// The sentences of a language are read for the first member who gets an email in it, while a
// stranger measures the answers; or the pages keep a second copy of all of them.
func TestEveryLanguageIsReadOnceAndBeforeTheFirstSignIn(t *testing.T) {
	c := testConfig(t, nil)
	files := &readFS{FS: os.DirFS("../frontend"), opened: make(chan string, 1000)}
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
	late := time.After(time.Minute)
	times := map[string]int{}
	for missing := len(access.Languages); missing > 0; {
		select {
		case name := <-files.opened:
			times[name]++
			if times[name] == 1 && path.Dir(name) == "messages" {
				missing--
			}
		case <-late:
			t.Fatalf("only %v was read", times)
		}
	}
	for len(files.opened) > 0 {
		times[<-files.opened]++
	}
	for _, l := range access.Languages {
		if name := path.Join("messages", string(l)+".json"); times[name] != 1 {
			t.Errorf("%s was read %d times", name, times[name])
		}
	}
}
