package desktop

import (
	"context"
	"net/http"
	"slices"
	"time"

	"doorward/backend/access"
	"doorward/backend/messages"
)

// Where the window runs the server itself, closing it would take the way in from
// everybody: links in emails, sign-in, and the page on which people wait. So closing is
// a choice. The page of the window asks, in its reader's language, and the answer may be
// remembered.

// A Choice is what closing the window does while the server runs in this program.
type Choice string

// The choices. Asking is the one nobody has made.
const (
	ChoiceAsk        Choice = ""
	ChoiceBackground Choice = "background" // the window hides, and the server runs on
	ChoiceQuit       Choice = "quit"
)

// Leaving decides what an attempt to close the window does.
type Leaving struct {
	Serving  bool   // the server runs in this program, for somebody
	Ending   bool   // the program was told to end, by a signal or by the tray: that is never refused
	Quitting bool   // by Quit, not by the frame of the window
	Back     bool   // a hidden window can be opened again
	Kept     Choice // what was remembered
}

// Does returns what is to be done: quit, go to the background, or ask. Quit asks although
// the background was chosen for closing: who chooses Quit wants something else than that.
func (l Leaving) Does() Choice {
	switch {
	case l.Ending || !l.Serving || l.Kept == ChoiceQuit:
		return ChoiceQuit
	case l.Kept == ChoiceBackground && !l.Quitting && l.Back:
		return ChoiceBackground
	}
	return ChoiceAsk
}

// Closing is what the page needs to ask how to close the window.
type Closing struct {
	Back  func() bool         // reports whether a hidden window can be opened again
	Tray  func() bool         // reports whether an icon of ours is in the system tray
	Shown func()              // the question is on the screen
	Do    func(choice Choice) // does what was chosen
}

// Serving reports whether the server runs in this program for somebody: there is an
// Admin, or it cannot be found out.
func (s *Shell) Serving(ctx context.Context) bool {
	o, serving := s.served()
	if !serving {
		return false
	}
	ctx, stop := context.WithTimeout(ctx, askingTime)
	defer stop()
	fresh, err := wantsAdmin(ctx, o)
	return !fresh || err != nil
}

// askingTime is how long closing the window waits for facts.
const askingTime = 3 * time.Second

// served returns the Doorward that runs in this program: the open one, or the one that
// stayed when the window changed to another.
func (s *Shell) served() (Opened, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.opened != nil && s.opened.Serves:
		return *s.opened, true
	case s.stayed != nil:
		return *s.stayed, true
	}
	return Opened{}, false
}

// Say returns a sentence in the language that the page was in last.
func (s *Shell) Say(key string, v messages.Values) string {
	if p := s.printer(); p != nil {
		return p.Say(key, v)
	}
	return "" // a fault of the build
}

// printer prints in the language that the page was in last; nil where the build has no
// catalogue.
func (s *Shell) printer() *messages.Printer {
	s.once.Do(s.mount)
	catalog, err := s.words()
	if err != nil {
		return nil
	}
	s.mu.Lock()
	l := s.language
	s.mu.Unlock()
	return catalog.In(l)
}

// reads keeps the language in which the page's user reads. The console sends the one that
// was chosen in it.
func (s *Shell) reads(acceptLanguage string) {
	if acceptLanguage == "" {
		return
	}
	l := messages.Choose(acceptLanguage)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.language = l
}

// closing answers with the words of the question.
func (s *Shell) closing(w http.ResponseWriter, r *http.Request) {
	back, tray := s.Closing.Back(), s.Closing.Tray()
	text := []string{s.Say("window.closing.text", nil)}
	if waiting := s.waiting(r.Context()); waiting > 0 {
		text = append(text, s.Say("window.closing.waiting", messages.Values{"N": waiting}))
	}
	switch {
	case !back:
		text = append(text, s.Say("window.closing.no_background", nil))
	case tray:
		text = append(text, s.Say("window.closing.tray", nil))
	default:
		text = append(text, s.Say("window.closing.start_again", nil))
	}
	words := map[string]string{}
	for _, name := range []string{"title", "quit_title", "keep", "quit", "cancel", "remember",
		"settings_title", "ask", "quit_choice", "save"} {
		words[name] = s.Say("window.closing."+name, nil)
	}
	answer(w, http.StatusOK, map[string]any{"text": text, "words": words, "back": back,
		"kept": s.Workspaces.Closing()})
}

// waiting is how many login requests this program's Doorward has; 0 where that is unknown.
func (s *Shell) waiting(ctx context.Context) int {
	o, serving := s.served()
	if !serving {
		return 0
	}
	ctx, stop := context.WithTimeout(ctx, askingTime)
	defer stop()
	var now struct{ Pending int }
	if get(ctx, o, "/api/v1/overview", &now) != nil {
		return 0
	}
	return now.Pending
}

// closingShown is the page's word that the question is on the screen.
func (s *Shell) closingShown(w http.ResponseWriter, _ *http.Request) {
	s.Closing.Shown()
	answer(w, http.StatusOK, map[string]any{})
}

// closed takes the answer: keeps it, if it is for every time, and then does it.
func (s *Shell) closed(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Do       Choice
		Remember bool
	}
	err := read(r, &in)
	if err == nil && in.Do != ChoiceBackground && in.Do != ChoiceQuit {
		err = notUnderstood(nil)
	}
	if err == nil && in.Remember {
		err = s.keepClosing(in.Do)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{})
	s.Closing.Do(in.Do)
}

// setClosing keeps what closing the window does from now on.
func (s *Shell) setClosing(w http.ResponseWriter, r *http.Request) {
	var in struct{ Do Choice }
	err := read(r, &in)
	if err == nil && !slices.Contains([]Choice{ChoiceAsk, ChoiceBackground, ChoiceQuit}, in.Do) {
		err = notUnderstood(nil)
	}
	if err == nil {
		err = s.keepClosing(in.Do)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{})
}

func (s *Shell) keepClosing(c Choice) error {
	if err := s.Workspaces.SetClosing(c); err != nil {
		return access.Errorf(access.Unavailable,
			"The choice was not saved: %s cannot be written. Check that folder, and try again.", s.Workspaces.File).
			WithCode("not_saved").Because(err)
	}
	return nil
}
