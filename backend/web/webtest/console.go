package webtest

import (
	"io/fs"
	"strings"
	"testing/fstest"
)

// An Overlay is one file tree in front of another.
type Overlay struct{ Front, Back fs.FS }

// Open opens a file of the front tree, or else of the back tree.
func (o Overlay) Open(name string) (fs.File, error) {
	if f, err := o.Front.Open(name); err == nil {
		return f, nil
	}
	return o.Back.Open(name)
}

// The console of WithConsole.
const (
	ConsoleHTML   = `<!doctype html><title>the console</title><script type="module" src="/admin/assets/index-BxY1.js"></script>`
	ConsoleScript = "export const words = 'a script, a script, a script, a script, a script, a script, a script'"
)

// WithConsole gives the server a small console instead of the built one.
func WithConsole(o *Options) {
	o.Frontend = Overlay{Front: fstest.MapFS{
		"dist/index.html":           {Data: []byte(ConsoleHTML)},
		"dist/icon.svg":             {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
		"dist/assets/index-BxY1.js": {Data: []byte(strings.Repeat(ConsoleScript, 40))},
		"dist/.secret":              {Data: []byte("not for the web")},
	}, Back: o.Frontend}
}
