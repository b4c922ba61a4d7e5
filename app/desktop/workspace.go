package desktop

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A Workspace is a remote Doorward that the window knows.
type Workspace struct {
	At   string `json:"at"`             // its public URL, as Place returns it
	Name string `json:"name,omitempty"` // its name at the last sign-in
	As   string `json:"as,omitempty"`   // whom the window acts for there
}

// Workspaces are those that the window knows, and the one that was open last.
// They hold no secrets. If the file is damaged the list is lost, but the window
// starts.
type Workspaces struct {
	File string // empty: they are forgotten with the window

	mu   sync.Mutex
	read bool
	kept struct {
		Last  string      `json:"last,omitempty"` // empty: this computer
		Me    string      `json:"me,omitempty"`   // id of the Admin who uses this computer's
		Close Choice      `json:"close,omitempty"`
		Known []Workspace `json:"known,omitempty"`
	}
}

// WorkspacesFile is where the windows of one user store them.
func WorkspacesFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "doorward-desktop", "workspaces.json")
}

// List returns the known ones, in the order they were first used, and the one
// that was open last; empty for this computer's.
func (w *Workspaces) List() (all []Workspace, last string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.load()
	return slices.Clone(w.kept.Known), w.kept.Last
}

// Find returns the workspace at an address; one with the address only where it is
// unknown.
func (w *Workspaces) Find(at string) Workspace {
	all, _ := w.List()
	if i := slices.IndexFunc(all, func(k Workspace) bool { return k.At == at }); i >= 0 {
		return all[i]
	}
	return Workspace{At: at}
}

// Put stores a workspace, and replaces what was known of it.
func (w *Workspaces) Put(one Workspace) error {
	return w.change(func() {
		if i := slices.IndexFunc(w.kept.Known, func(k Workspace) bool { return k.At == one.At }); i >= 0 {
			w.kept.Known[i] = one
			return
		}
		w.kept.Known = append(w.kept.Known, one)
	})
}

// Remove forgets a workspace.
func (w *Workspaces) Remove(at string) error {
	return w.change(func() {
		w.kept.Known = slices.DeleteFunc(w.kept.Known, func(k Workspace) bool { return k.At == at })
		if w.kept.Last == at {
			w.kept.Last = ""
		}
	})
}

// Me returns the id of the Admin who said last that they use this computer's; empty
// where nobody has.
func (w *Workspaces) Me() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.load()
	return w.kept.Me
}

// SetMe stores who uses this computer's.
func (w *Workspaces) SetMe(id string) error { return w.change(func() { w.kept.Me = id }) }

// Closing returns what closing the window does; to ask where nobody has said so, or where the
// file says something else.
func (w *Workspaces) Closing() Choice {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.load()
	if w.kept.Close == ChoiceBackground || w.kept.Close == ChoiceQuit {
		return w.kept.Close
	}
	return ChoiceAsk
}

// SetClosing stores what closing the window does.
func (w *Workspaces) SetClosing(c Choice) error { return w.change(func() { w.kept.Close = c }) }

// Use records which one is open: the next start opens it again.
func (w *Workspaces) Use(at string) error { return w.change(func() { w.kept.Last = at }) }

func (w *Workspaces) change(do func()) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.load()
	do()
	if w.File == "" {
		return nil
	}
	b, err := json.Marshal(&w.kept)
	if err != nil {
		return err
	}
	return replace(w.File, b)
}

func (w *Workspaces) load() {
	if w.read || w.File == "" {
		return
	}
	w.read = true
	b, err := os.ReadFile(w.File)
	if err != nil || json.Unmarshal(b, &w.kept) != nil {
		w.kept.Last, w.kept.Known = "", nil
	}
	usable := func(at string) bool { place, err := Place(at); return err == nil && place.String() == at }
	w.kept.Known = slices.DeleteFunc(w.kept.Known, func(k Workspace) bool { return !usable(k.At) })
	if !slices.ContainsFunc(w.kept.Known, func(k Workspace) bool { return k.At == w.kept.Last }) {
		w.kept.Last = ""
	}
}

// replace writes a small file of the window's own, completely or not at all.
func replace(file string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return Keep(file, bytes.NewReader(b))
}
