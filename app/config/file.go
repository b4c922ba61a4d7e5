package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"doorward/backend/access"
	"doorward/backend/private"
	"doorward/backend/text"

	"github.com/BurntSushi/toml"
)

// FileName is the name of the settings file in the data directory.
const FileName = "doorward.toml"

// maxFile is more than all settings together need.
const maxFile = 256 << 10

// readFile reads the settings file of the data directory; it returns none where
// there is no file. An unknown key is refused. A file that holds the mail
// server's password and that others can read is made private, or refused where it
// is not ours.
func (c *Config) readFile(dir string) (map[string]string, error) {
	name := filepath.Join(dir, FileName)
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if info, bad := os.Stat(dir); err != nil && bad == nil && !info.IsDir() {
		return nil, mistake("data", "The data directory %s is a file. Name a directory.", dir)
	}
	if err != nil {
		return nil, fileFault("%s cannot be read: %v.", name, cause(err))
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fileFault("%s cannot be read: %v.", name, cause(err))
	}
	if len(content) > maxFile {
		return nil, fileFault("%s is larger than %d KiB: it is not a file of settings.", name, maxFile>>10)
	}
	found, err := parseFile(name, string(content))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fileFault("%s cannot be read: %v.", name, cause(err))
	}
	if private.Exposed(info) && holdsPassword(found["smtp_url"]) {
		if _, err := private.Tighten(f); err != nil {
			return nil, fileFault(
				"Others on this machine can read %s (mode %04o), and the mail server's password is in it. Run: "+
					"chmod 600 %s",
				name,
				info.Mode().Perm(),
				name,
			)
		}
		c.Notes = append(
			c.Notes,
			fmt.Sprintf("others on this machine could read %s (mode %04o), with the mail server's password in it; "+
				"its mode was corrected. If others use this machine, change the password", name, info.Mode().Perm()),
		)
	}
	return found, nil
}

// parseFile parses the content of a settings file.
func parseFile(name, content string) (map[string]string, error) {
	var all map[string]any
	if _, err := toml.Decode(strings.TrimPrefix(content, "\ufeff"), &all); err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return nil, fileFault(
				"%s cannot be understood: line %d, %s. Text stands in quotes, like url = \"https://door.example.com\".",
				name,
				parse.Position.Line,
				shown(text.OneLine(strings.TrimSuffix(parse.Message, ".")), 200),
			)
		}
		return nil, fileFault("%s cannot be understood. Text stands in quotes, like url = "+
			"\"https://door.example.com\".", name)
	}
	found := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		s, known := SettingOf(key)
		if !known || s.Key() != key {
			return nil, fileFault("%s has the key %q, which is no setting. %s", name, shown(key, 40),
				nearestName(key))
		}
		if s.Name == "data" {
			return nil, fileFault("%s sets data, but lies in the data directory itself. Take the line out; use "+
				"--data or DOORWARD_DATA.", name)
		}
		v, ok := plain(all[key])
		if !ok {
			return nil, s.refuse(fileFault("%s gives %s a value that is neither text nor a number nor a list of texts.",
				name, key))
		}
		found[key] = v
	}
	return found, nil
}

// plain writes a value from the file as a flag would have it.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case []any:
		var parts []string
		for _, one := range v {
			s, ok := one.(string)
			if !ok {
				return "", false
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, ","), true
	}
	return "", false
}

func fileFault(format string, args ...any) error {
	return access.Errorf(access.Invalid, format, args...).On(FileName).WithCode("settings_file")
}

// holdsPassword reports whether a URL has a password, also where it is malformed.
func holdsPassword(smtpURL string) bool {
	_, rest, _ := strings.Cut(smtpURL, "://")
	at := strings.LastIndexByte(rest, '@')
	return at >= 0 && strings.Contains(rest[:at], ":")
}

func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// nearestName suggests the known key that is most similar to an unknown one, as a
// sentence.
func nearestName(key string) string {
	best, nearest := "", max(3, len(key)/2)
	for _, s := range Settings {
		if d := text.EditDistance(strings.ToLower(strings.ReplaceAll(key, "-", "_")), s.Key()); s.Name != "data" &&
			d < nearest {
			best, nearest = s.Key(), d
		}
	}
	if best == "" {
		return "`doorward serve --help` lists them."
	}
	return fmt.Sprintf("Did you mean %s?", best)
}
