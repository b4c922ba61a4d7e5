package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// shim builds the library that lets WebKitWebDriver control the window.
var shim = sync.OnceValues(func() (library string, err error) {
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "webkit2gtk-4.1").Output()
	if err != nil {
		return "", fmt.Errorf("pkg-config: %w", err)
	}
	library = filepath.Join(product.Workshop, "automation.so")
	args := append([]string{"-O2", "-shared", "-fPIC", "-o", library, "testdata/automation.c"},
		strings.Fields(string(flags))...)
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("gcc: %w\n%s", err, out)
	}
	return library, nil
})

// A driven is a window controlled through WebKitWebDriver, by roles and names as
// assistive technology sees them.
type driven struct {
	t       *testing.T
	session string // the URL of the WebDriver session
}

// drive starts the program with the window on s and connects to its page.
func drive(t *testing.T, s *screen, program string, env []string) *driven {
	t.Helper()
	library, err := shim()
	if err != nil {
		t.Fatal(err)
	}
	launch := filepath.Join(t.TempDir(), "launch")
	if err := os.WriteFile(launch, fmt.Appendf(nil, "#!/bin/sh\nexec env LD_PRELOAD=%s %s \"$@\"\n", library, program),
		0o700); err != nil {
		t.Fatal(err)
	}
	host := need.Address(t)
	cmd := exec.Command("WebKitWebDriver", "--host=127.0.0.1", "--port="+host[strings.LastIndexByte(host, ':')+1:])
	cmd.Env, cmd.Stdout, cmd.Stderr = append(append([]string{}, env...), s.env...), &s.log, &s.log
	s.starts(cmd)
	d := &driven{t: t}
	if err := product.Eventually(
		"WebKitWebDriver answers",
		func() error { return webdriver("GET", "http://"+host+"/status", nil, nil) },
	); err != nil {
		t.Fatal(err)
	}
	var made struct{ SessionID string }
	want := map[string]any{
		"capabilities": map[string]any{
			"alwaysMatch": map[string]any{
				"webkitgtk:browserOptions": map[string]any{"binary": launch, "args": []string{}},
			},
		},
	}
	if err := webdriver("POST", "http://"+host+"/session", want, &made); err != nil {
		t.Fatalf("the window was not started: %v", err)
	}
	d.session = "http://" + host + "/session/" + made.SessionID
	t.Cleanup(d.close)
	return d
}

// close ends the window with its process.
func (d *driven) close() {
	if d.session != "" {
		webdriver("DELETE", d.session, nil, nil)
	}
	d.session = ""
}

// webdriver sends one command of the W3C protocol.
func webdriver(method, address string, in, out any) error {
	var body io.Reader
	if method == "POST" {
		if in == nil {
			in = struct{}{}
		}
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, address, body)
	if err != nil {
		return err
	}
	res, err := (&http.Client{Timeout: product.Patience}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", res.Status, answer.Value)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, out)
}

// The selectors of elements with a role.
var places = map[string]string{
	"button": "button", "link": "a[href]", "textbox": "input, textarea",
	"combobox": "[role=combobox], button[aria-haspopup=listbox]",
	"option":   "[role=option]", "heading": "h1, h2, h3, [role=heading]", "dialog": "dialog, [role=dialog]",
	"menuitem": "[role=menuitem]",
}

const elementKey = "element-6066-11e4-a52e-4f735466cecf"

// find waits for the visible element with a role and a name. A name that begins with ~
// is a regular expression.
func (d *driven) find(role, name string) string {
	d.t.Helper()
	fits := regexp.MustCompile("^" + regexp.QuoteMeta(name) + "$")
	if strings.HasPrefix(name, "~") {
		fits = regexp.MustCompile(name[1:])
	}
	var found string
	if err := product.Eventually(role+" "+name+" is there", func() (err error) {
		found, err = d.look(role, fits)
		return err
	}); err != nil {
		d.fail(err)
	}
	return found
}

func (d *driven) look(role string, fits *regexp.Regexp) (string, error) {
	var all []map[string]string
	if err := webdriver("POST", d.session+"/elements", map[string]string{
		"using": "css selector",
		"value": places[role],
	}, &all); err != nil {
		return "", err
	}
	var names []string
	for _, e := range slices.Backward(all) { // a dialog comes last
		at := d.session + "/element/" + e[elementKey]
		var label, is string
		var shown bool
		if errors.Join(webdriver("GET", at+"/computedlabel", nil, &label),
			webdriver("GET", at+"/computedrole", nil, &is), webdriver("GET", at+"/displayed", nil, &shown)) != nil {
			continue // it was removed meanwhile
		}
		if names = append(names, is+" "+label); shown && fits.MatchString(strings.TrimSpace(label)) {
			return at, nil
		}
	}
	return "", fmt.Errorf("there are: %q", names)
}

func (d *driven) click(role, name string) {
	d.t.Helper()
	if err := product.Eventually(
		name+" can be clicked",
		func() error { return webdriver("POST", d.find(role, name)+"/click", nil, nil) },
	); err != nil {
		d.fail(err)
	}
}

func (d *driven) fill(name, text string) {
	d.t.Helper()
	at := d.find("textbox", name)
	if err := errors.Join(webdriver("POST", at+"/clear", nil, nil), webdriver("POST", at+"/value", map[string]string{
		"text": text,
	}, nil)); err != nil {
		d.fail(err)
	}
}

// keys types one key after the other, wherever the focus is.
func (d *driven) keys(keys ...string) {
	d.t.Helper()
	var actions []map[string]string
	for _, k := range keys {
		actions = append(actions, map[string]string{
			"type":  "keyDown",
			"value": k,
		}, map[string]string{"type": "keyUp", "value": k})
	}
	if err := webdriver("POST", d.session+"/actions", map[string]any{
		"actions": []any{map[string]any{"type": "key", "id": "keyboard", "actions": actions}},
	}, nil); err != nil {
		d.fail(err)
	}
}

// script runs a function's body in the page and returns the text it returns.
func (d *driven) script(body string) (out string, err error) {
	return out, webdriver("POST", d.session+"/execute/sync", map[string]any{"script": body, "args": []any{}}, &out)
}

// reads waits until the page shows a matching text.
func (d *driven) reads(like string) {
	d.t.Helper()
	d.until("the page shows "+like, "return document.body.innerText", like)
}

// at waits until the page's URL matches.
func (d *driven) at(like string) {
	d.t.Helper()
	d.until("the page is at "+like, "return location.pathname + location.search", like)
}

func (d *driven) until(what, body, like string) {
	d.t.Helper()
	fits := regexp.MustCompile(like)
	if err := product.Eventually(what, func() error {
		text, err := d.script(body)
		if err == nil && !fits.MatchString(text) {
			err = fmt.Errorf("it is %.600q", text)
		}
		return err
	}); err != nil {
		d.fail(err)
	}
}

// inFrame waits until the frame with a title shows a heading, with its own styles.
func (d *driven) inFrame(title, heading string) {
	d.t.Helper()
	if err := product.Eventually("the frame "+title+" shows "+heading, func() error {
		var frame, h1 map[string]string
		var text, size string
		defer webdriver("POST", d.session+"/frame", map[string]any{"id": nil}, nil)
		return firstOf(func() error {
			return webdriver("POST", d.session+"/element", map[string]string{
				"using": "css selector",
				"value": `iframe[title="` + title + `"]`,
			}, &frame)
		}, func() error {
			return webdriver("POST", d.session+"/frame", map[string]any{
				"id": frame,
			}, nil)
		}, func() error {
			return webdriver("POST", d.session+"/element", map[string]string{
				"using": "css selector",
				"value": "h1",
			}, &h1)
		}, func() error {
			return webdriver("GET", d.session+"/element/"+h1[elementKey]+"/text", nil, &text)
		}, func() error {
			return webdriver("GET", d.session+"/element/"+h1[elementKey]+"/css/font-size", nil, &size)
		}, func() error {
			if text != heading || size != "22px" {
				return fmt.Errorf("it is %q, %s high", text, size)
			}
			return nil
		})
	}); err != nil {
		d.fail(err)
	}
}

// firstOf runs functions in order until one fails.
func firstOf(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// fail ends the test with a screenshot of the window.
func (d *driven) fail(err error) {
	d.t.Helper()
	d.picture("window-failed")
	d.t.Fatal(err)
}

// picture saves a screenshot of the window, with go test -artifacts.
func (d *driven) picture(name string) {
	d.t.Helper()
	var text string
	// The screenshot is taken at the next change, and an idle page has none.
	if _, err := d.script("clearInterval(window.stirs); const root = document.documentElement.style; window.stirs = " +
		"setInterval(() => { root.opacity = root.opacity ? '' : '.9999' }, 50); return ''"); err != nil {
		d.t.Logf("no picture: %v", err)
		return
	}
	defer d.script("clearInterval(window.stirs); document.documentElement.style.opacity = ''; return ''")
	if err := webdriver("GET", d.session+"/screenshot", nil, &text); err != nil {
		d.t.Logf("no picture: %v", err)
		return
	}
	png, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = os.WriteFile(filepath.Join(d.t.ArtifactDir(), name+".png"), png, 0o644)
	}
	if err != nil {
		d.t.Error(err)
	}
}
