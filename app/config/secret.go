package config

import (
	"io"
	"os"
	"path/filepath"
	"strings"
)

// secretSetting is the setting that holds a secret: its value may be in a file of
// its own, which other users of the machine do not see in the list of processes.
const secretSetting = "smtp-url"

// maxSecretFile is more than any mail server's URL needs.
const maxSecretFile = 8 << 10

// withSecretFiles is an environment in which the secret setting also gets the
// content of the file that DOORWARD_SMTP_URL_FILE names, or of systemd's
// credential smtp_url. A value set in the environment itself overrides the
// credential; beside a file it is a mistake. from is where the secret came from; empty if
// neither has one.
func withSecretFiles(env func(string) string) (with func(string) string, from string, err error) {
	s, _ := settingNamed(secretSetting)
	name := env(s.Env() + "_FILE")
	if name != "" && env(s.Env()) != "" {
		return nil, "", mistake(s.Name, "%s and %s_FILE are both set. Take one of them out.", s.Env(), s.Env())
	}
	from = s.Env() + "_FILE"
	if dir := env("CREDENTIALS_DIRECTORY"); name == "" && dir != "" && env(s.Env()) == "" {
		if at := filepath.Join(dir, s.Key()); isFile(at) {
			name, from = at, "the systemd credential "+s.Key()
		}
	}
	if name == "" {
		return env, "", nil
	}
	value, err := readSecret(name)
	if err != nil {
		return nil, "", mistake(s.Name, "%s, which %s_FILE or a credential names, cannot be read: %v.", name, s.Env(),
			cause(err))
	}
	return func(asked string) string {
		if asked == s.Env() {
			return value
		}
		return env(asked)
	}, from, nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func readSecret(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile))
	return strings.TrimSpace(string(text)), err
}
