package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"doorward/app/config"
	"doorward/backend/access"
	"doorward/backend/store/kv/kvtest"
)

const harmedSettings = `# The settings of this Doorward.
listen = "127.0.0.1:8081"
url = "https://door.example.com"
smtp_url = "smtp://door:secret@mail.example.com:587"
mail_from = "door@example.com"
mail_per_minute = 30
trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
log_level = "warn"
log_format = "json"
`

// The settings file is damaged. It is refused with a sentence that names it; or
// it is still a settings file, and then exactly what it says now applies, as if
// it had been given by flags: never a part of it, and never its old content. A
// file that people write has no checksum, so a changed value cannot be detected.
func TestHarmOfSettingsIsRefusedOrTaken(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, config.FileName)
	none := func(string) string { return "" }
	load := func(flags map[string]string) (string, error) {
		flags["data"] = dir
		c, err := config.Load(flags, none)
		c.Notes, c.SetWith = nil, nil
		return fmt.Sprintf("%+v", c), err
	}
	if err := os.WriteFile(name, []byte(harmedSettings), 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := load(map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	another := strings.NewReplacer("door.example.com", "gate.example.org", "8081", "9090").Replace(harmedSettings)
	older := strings.Replace(harmedSettings, "mail_per_minute = 30\n", "", 1)
	kvtest.HarmFile(t, name, []byte(harmedSettings), []byte(another), []byte(older),
		func(t *testing.T, h string, data []byte) string {
			got, err := load(map[string]string{})
			if err != nil {
				return refusedByFileOrValue(t, h, name, err)
			}
			if got == want {
				return "harmless"
			}
			if says := spoken(t, dir, name, data, none); got != says {
				t.Errorf("%s: %s\nholds, and the file says %s\n%q", h, got, says, data)
			}
			return "another settings' file"
		})
}

// refusedByFileOrValue checks that the refusal names the file, or a setting whose
// value is wrong.
func refusedByFileOrValue(t *testing.T, h, name string, err error) string {
	t.Helper()
	e := access.Explain(err)
	if e.Kind == access.Internal || e.Message == "" || e.Field == "" {
		t.Errorf("%s: refused without a sentence and what it is about: %v", h, err)
	}
	if e.Code != "settings_file" {
		return "a value is refused"
	}
	if !strings.Contains(e.Message, name) {
		t.Errorf("%s: refused without a sentence that names %s: %v", h, name, err)
	}
	return "refused"
}

// spoken loads what a settings file says from flags, in a directory without a
// file.
func spoken(t *testing.T, dir, name string, data []byte, env func(string) string) string {
	t.Helper()
	var all map[string]any
	if err := toml.Unmarshal(data, &all); err != nil {
		t.Fatalf("%q was taken: %v", data, err)
	}
	flags := map[string]string{"data": dir}
	for key, value := range all {
		text := fmt.Sprint(value)
		if list, ok := value.([]any); ok {
			text = strings.Join(strings.Fields(strings.Trim(fmt.Sprint(list), "[]")), ",")
		}
		flags[strings.ReplaceAll(key, "_", "-")] = text
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	c, err := config.Load(flags, env)
	if err != nil {
		t.Fatalf("%q was taken, and by flags it is not: %v", data, err)
	}
	c.Notes, c.SetWith = nil, nil // they depend on how it was set
	return fmt.Sprintf("%+v", c)
}
