package desktop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"doorward/backend/access"
)

// Grace is how long a page may take to come back before it counts as gone.
const Grace = 8 * time.Second

// NeedsDisplay returns an error, as a sentence, where no window can be opened.
func NeedsDisplay(env func(string) string) error {
	if runtime.GOOS != "linux" || env("DISPLAY") != "" || env("WAYLAND_DISPLAY") != "" {
		return nil
	}
	return access.Errorf(access.Unavailable,
		"There is no display to open a window on. Start this in a desktop session, or run `doorward serve` and open "+
			"the console in a browser.").WithCode("no_display")
}

// DisableJIT makes WebKit run pages without its compiler: our pages do little,
// and without it there is less memory in use and less to attack. The user can
// override it.
func DisableJIT(lookup func(string) (string, bool), set func(name, value string) error) error {
	const name = "JSC_useJIT"
	if _, said := lookup(name); said || runtime.GOOS != "linux" {
		return nil
	}
	return set(name, "0")
}

// InstanceID distinguishes the windows of different data directories: a second
// start for the same directory brings the first window to the front.
func InstanceID(data string) string {
	sum := sha256.Sum256([]byte(data))
	return "doorward-" + hex.EncodeToString(sum[:8])
}

// maxDropped is more than a thousand rows need.
const maxDropped = 1 << 20

// ReadDropped returns the text of the one CSV file that was dropped.
func ReadDropped(paths []string) (string, error) {
	if len(paths) != 1 || !strings.EqualFold(filepath.Ext(paths[0]), ".csv") {
		return "", access.Errorf(access.Invalid, "Drop one CSV file, with a row for each person to invite.").
			WithCode("not_a_csv")
	}
	f, err := os.Open(paths[0])
	if err != nil {
		return "", access.Errorf(access.Invalid, "The file cannot be read. Check that you have permission to read it.").
			WithCode("unreadable").Because(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxDropped+1))
	switch {
	case err != nil:
		return "", access.Errorf(access.Invalid, "The file cannot be read. Check that it is a file and not a folder.").
			WithCode("unreadable").Because(err)
	case len(b) > maxDropped:
		return "", access.Errorf(access.Invalid, "The file is larger than %d MB. Split it into smaller ones.",
			maxDropped>>20).WithCode("too_large")
	case !utf8.Valid(b):
		return "", access.Errorf(access.Invalid, "The file is not in UTF-8. Save it as CSV (UTF-8), "+
			"or choose it under “File” in “Bulk invite” and check the names.").
			WithCode("not_utf8")
	}
	return string(b), nil
}

// BackupName is the default name of a backup made now.
func BackupName() string { return "doorward-" + time.Now().Format("2006-01-02") + ".backup" }

// backUpCommand makes the requested backup where only the machine with the data can.
const backUpCommand = "doorward backup FILE"

// BackUp writes a backup of o to file: all of it, or nothing.
func BackUp(ctx context.Context, o Opened, file string) error {
	body, err := o.get(ctx, "/local/v1/backup")
	if err != nil {
		return err
	}
	defer body.Close()
	return Keep(file, body)
}

// Keep writes all of from to file, or leaves file as it was. A symbolic link
// under that name is replaced, and its target is left alone.
func Keep(file string, from io.Reader) (err error) {
	part, err := os.CreateTemp(filepath.Dir(file), ".doorward-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part.Name()))
		}
	}()
	_, err = io.Copy(part, from)
	err = errors.Join(err, part.Sync(), part.Close())
	if err != nil {
		return err
	}
	return os.Rename(part.Name(), file)
}
