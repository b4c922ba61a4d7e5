package desktop

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"

	"doorward/backend/messages"
)

// startWords are the sentences that the script of the start page puts in, some with values of
// its own.
var startWords = []string{"wrong", "here", "here_text", "there_as", "forget", "forget_label", "open", "whose_title",
	"no_workspace", "no_name", "no_email"}

// errNoWords is a fault of the build.
var errNoWords = errors.New("the sentences are not part of this build")

// startPage is the window's own page, in the language that Say speaks.
func (s *Shell) startPage(w http.ResponseWriter, r *http.Request) {
	var html bytes.Buffer
	if err := s.writeStart(&html); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writePage(w, html.Bytes(), r.URL.Path)
}

func (s *Shell) writeStart(html *bytes.Buffer) error {
	p := s.printer()
	if p == nil {
		return errNoWords
	}
	start, err := template.New("start.html").Funcs(template.FuncMap{
		"say": func(key string) string { return p.Say("window.start."+key, nil) },
	}).ParseFS(page, "page/start.html")
	if err != nil {
		return err
	}
	words := map[string]string{}
	for _, key := range startWords {
		words[key] = p.Say("window.start."+key, asThemselves)
	}
	connect := `<button class="link to-choose" type="button">` + p.HTML("window.start.connect", nil) + `</button>`
	return start.Execute(html, map[string]any{
		"Language":  p.Language(),
		"Direction": p.Language().Direction(),
		"Words":     words,
		"Elsewhere": p.HTML("window.start.elsewhere", messages.Values{"Connect": connect}),
		"SignedOut": p.HTML("window.start.signed_out_title", messages.Values{
			"Where": template.HTML(`<bdi id="where"></bdi>`)}),
		"Browser": p.HTML("window.start.browser_text", messages.Values{
			"Host": template.HTML(`<b id="host" class="addr"></b>`)}),
		"Whose": p.HTML("window.start.whose_text", messages.Values{"Name": template.HTML(`<bdi id="as-called"></bdi>`),
			"Host": template.HTML(`<b id="as-host" class="addr"></b>`)}),
	})
}

// asThemselves leaves a sentence's placeholders in it, for the script.
var asThemselves = messages.Values{"Name": "{{.Name}}", "Email": "{{.Email}}", "Host": "{{.Host}}"}
