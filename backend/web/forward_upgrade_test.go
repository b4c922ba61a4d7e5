package web_test

import (
	"testing"
	"testing/fstest"

	"doorward/backend/web/webtest"
)

// During an upgrade the machine that leads has another version than the one that is asked, and
// its pages name files that only its version has. A visitor gets them anywhere, and those of the
// machine that is asked as before; what neither has does not exist.
func TestFilesOfAnotherVersion(t *testing.T) {
	p := newPair(t, func(o *webtest.Options) {
		if o.Fresh { // the machine that does not lead
			o.Frontend = webtest.Overlay{Front: fstest.MapFS{
				"dist/index.html":           {Data: []byte("the console before")},
				"dist/assets/index-Old1.js": {Data: []byte("old")},
			}, Back: o.Frontend}
		}
	})
	there := p.Via(p.Stranger)
	for _, path := range []string{"/admin/assets/index-BxY1.js", "/admin/assets/index-Old1.js"} {
		for _, method := range []string{"GET", "HEAD"} {
			there.Do(method, path, nil).Want(t, 200)
		}
	}
	p.Stranger.Get("/admin/assets/index-Old1.js").Want(t, 404)
	there.Get("/admin/assets/index-None.js").Want(t, 404)
	there.Get("/assets/none.css").Want(t, 404)
}
