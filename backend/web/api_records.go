package web

import (
	"context"
	"net/http"

	"doorward/backend/access"
)

func (s *Server) mountRecords(r *room) {
	read, change := permission(access.May(access.Read, access.ResSettings)), permission(access.May(access.Change, access.ResSettings))
	mount(r, op{
		method: http.MethodGet,
		path:   "/outbox",
		id:     "list-outbox",
		title:  "The outbox",
		text:   "Letters, newest first.",
		need:   read,
		fails:  []int{http.StatusUnprocessableEntity},
	}, s.outbox)
	mount(r, op{
		method: http.MethodGet,
		path:   "/outbox/{id}",
		id:     "get-letter",
		title:  "One letter",
		text:   "A letter with what it says. A login link or code in it is left out: the server's own shell alone shows it. The words of a letter with one that is done with are gone.",
		need:   read,
	}, s.letter)
	s.mountLetterPage(r, read)
	mount(r, op{
		method: http.MethodPost,
		path:   "/outbox/{id}/retry",
		id:     "retry-letter",
		title:  "Try again now",
		text:   "Makes a letter due at once, and starts a paused queue again.",
		need:   change,
		fails:  []int{http.StatusConflict},
	}, s.retryLetter)
	mount(r, op{
		method: http.MethodDelete,
		path:   "/outbox/{id}",
		id:     "delete-letter",
		title:  "Delete a letter",
		text:   "Takes a letter out of the outbox. One that was not sent yet never is; the login link of an invitation that was not sent opens nothing any more.",
		need:   change,
		fails:  []int{http.StatusConflict},
	}, s.dropLetter)
}

type lettersOut struct {
	Body struct {
		Items []LetterJSON `json:"items"`
		Next  string       `json:"next,omitempty" doc:"The cursor of the page after; absent at the end."`
		Total int          `json:"total"`
	} `nameHint:"LetterList"`
}

func (s *Server) outbox(ctx context.Context, by access.By, in *pageIn) (*lettersOut, error) {
	page, err := s.desk.Outbox(ctx, by, in.cursor(), in.Limit)
	out := &lettersOut{}
	out.Body.Items, out.Body.Next, out.Body.Total = make([]LetterJSON, len(page.Items)), page.Next, page.Total
	for i, l := range page.Items {
		out.Body.Items[i] = letterOf(l)
	}
	return out, err
}

// LetterPath is the letter that an operation is about.
type LetterPath struct {
	ID string `path:"id" doc:"The letter's id." example:"mfrggzdfmztwq2lknnwg23tpoa"`
}

func (p *LetterPath) id() (access.LetterID, error) { return access.ParseLetterID(p.ID) }

type letterIn struct{ LetterPath }

type wholeLetterOut struct{ Body wholeLetterJSON }

// letter answers with the words as far as the desk shows them, and says why
// where it does not.
func (s *Server) letter(ctx context.Context, by access.By, in *letterIn) (*wholeLetterOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	l, words, err := s.desk.Letter(ctx, by, id)
	out := &wholeLetterOut{wholeLetterJSON{LetterJSON: letterOf(l), Text: words.Text, HTML: words.HTML}}
	out.Body.Redacted = err == nil && l.Kind.HoldsSecret() && !by.IsOperator()
	if why := access.Explain(err); err != nil && why.Code == "letter_wiped" {
		out.Body.Withheld, err = why.Message, nil
	}
	return out, err
}

func (s *Server) dropLetter(ctx context.Context, by access.By, in *letterIn) (*nothing, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, s.desk.DropLetter(ctx, by, id)
}

type retryIn struct {
	LetterPath
	Body *emptyJSON
}

type letterOut struct{ Body LetterJSON }

func letterAnswer(l access.Letter, err error) (*letterOut, error) {
	if err != nil {
		return nil, err
	}
	return &letterOut{letterOf(l)}, nil
}

func (s *Server) retryLetter(ctx context.Context, by access.By, in *retryIn) (*letterOut, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return letterAnswer(s.desk.RetryLetter(ctx, by, id))
}
