package config

import (
	"io"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"doorward/backend/access"
	"doorward/backend/address"
)

// Config is how Doorward is set up on this machine: what an operator decides
// before it starts. Load returns one in which everything is checked except the
// mail server's URL, which app.Open checks.
type Config struct {
	Data           string         // the data directory, an absolute path
	Listen         string         // host and port
	URL            string         // base of links: scheme and host, nothing after them
	SMTPURL        string         // the mail server; empty: emails are held
	MailFrom       string         // sender of emails: an address in canonical form, or a name and one
	MailPerMinute  int            // how many emails are sent within a minute at most
	TLSCert        string         // certificate and key in PEM files; empty: plain HTTP
	TLSKey         string         //
	TrustedProxies []netip.Prefix // whose X-Forwarded-For counts; empty: nobody's
	LogLevel       string         // debug, info, warn or error
	LogFormat      string         // text or json
	ClusterListen  string         // HOST:PORT for the other machines of a cluster; empty: as it was given to join
	MinFree        uint64         // bytes of free disk below which writes are refused; zero: the store's own minimum

	Frontend fs.FS             // portal/, emails/, tokens.css and dist/
	Version  string            // of this program
	Log      io.Writer         // where the log goes; nil: standard error
	Now      func() time.Time  // nil: the system's clock
	SetWith  map[string]string // by what a setting was given, by its name; absent: it has its default
	Notes    []string          // what was corrected, or should be, when the settings were read
}

// Load collects the settings, checks each once and returns them. Flags override
// the environment, which overrides doorward.toml in the data directory, which
// overrides the defaults. A mistake is an access.Error on its setting that names
// it as it is spelled in all three.
func Load(flags map[string]string, env func(string) string) (Config, error) {
	var c Config
	dir, err := DataDir(flags, env)
	if err != nil {
		return c, err
	}
	file, err := c.readFile(dir)
	if err != nil {
		return c, err
	}
	env, secretFrom, err := withSecretFiles(env)
	if err != nil {
		return c, err
	}
	if holdsPassword(flags["smtp-url"]) {
		c.Notes = append(
			c.Notes,
			"the mail server's password stands on the command line, where every user of this machine can read it; set "+
				"DOORWARD_SMTP_URL_FILE, or smtp_url in "+FileName,
		)
	}
	c.Data, c.SetWith = dir, map[string]string{}
	for _, s := range Settings {
		if s.Name == "data" {
			continue
		}
		v, with := strongest(s, flags, env, file)
		if v = strings.TrimSpace(v); v != "" && with != "" {
			c.SetWith[s.Name] = with
		}
		if err := s.set(&c, v); err != nil {
			return c, s.refuse(err)
		}
	}
	if secret, _ := settingNamed(secretSetting); secretFrom != "" && c.SetWith[secretSetting] == secret.Env() {
		c.SetWith[secretSetting] = secretFrom
	}
	return c, c.settle()
}

// strongest returns a setting's value and with what it was given; nothing for the default.
func strongest(s Setting, flags map[string]string, env func(string) string, file map[string]string) (v, with string) {
	if v, given := flags[s.Name]; given {
		return v, "--" + s.Name
	}
	if v := env(s.Env()); v != "" {
		return v, s.Env()
	}
	if v, given := file[s.Key()]; given {
		return v, s.Key() + " in " + FileName
	}
	return s.Default, ""
}

// settle checks what depends on more than one setting, and derives the settings
// that follow from others.
func (c *Config) settle() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return mistake("tls-cert", "A certificate and its key belong together: set both, or neither.")
	}
	if c.URL == "" {
		if !loopbackListen(c.Listen) {
			return mistake("url",
				"Links in emails need the public URL of this server, because it listens on %s and not only on "+
					"this machine. Set it, for example to https://door.example.com.", c.Listen)
		}
		c.URL = c.localURL()
	}
	if c.MailFrom == "" {
		c.MailFrom = DefaultFrom(c.URL)
	}
	return nil
}

// localURL is where a browser on this machine finds the server.
func (c *Config) localURL() string {
	scheme, usual := "http", "80"
	if c.TLSCert != "" {
		scheme, usual = "https", "443"
	}
	host, port, _ := net.SplitHostPort(c.Listen)
	if port == usual {
		return scheme + "://" + bracketed(host)
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// DefaultFrom is doorward at the host of the public URL. A host that cannot send
// mail, such as 127.0.0.1, is replaced by a name for this machine.
func DefaultFrom(publicURL string) string {
	if u, err := url.Parse(publicURL); err == nil {
		if a, err := address.Parse("doorward@" + u.Hostname()); err == nil {
			return a.Canonical
		}
	}
	return "doorward@localhost.localdomain"
}

// DataDir is the data directory that flags and environment name, as an absolute
// path, or else the platform's place for a program's data. It reads nothing else,
// so that a running server is found whatever the other settings say.
func DataDir(flags map[string]string, env func(string) string) (string, error) {
	dir, given := flags["data"]
	if !given {
		dir = env("DOORWARD_DATA")
	}
	switch {
	case given && dir == "":
		return "", mistake("data", "The data directory is empty. Enter the name of a directory.")
	case strings.ContainsRune(dir, 0):
		return "", mistake("data", "The data directory's name has a zero byte in it.")
	case dir == "":
		return defaultDir(env)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", mistake("data", "The data directory %s cannot be found from here: name it from the root.", dir)
	}
	return abs, nil
}

func defaultDir(env func(string) string) (string, error) {
	var dir string
	var err error
	switch runtime.GOOS {
	case "windows":
		dir, err = os.UserCacheDir() // %LocalAppData%: the data do not roam
	case "darwin", "ios", "plan9":
		dir, err = os.UserConfigDir()
	default:
		dir, err = xdgDir(env)
	}
	if err != nil {
		return "", mistake("data", "There is no home directory to keep data in. Name a data directory.")
	}
	return filepath.Join(dir, "doorward"), nil
}

func xdgDir(env func(string) string) (string, error) {
	if dir := env("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home := env("HOME")
	if !filepath.IsAbs(home) {
		return "", fs.ErrNotExist
	}
	return filepath.Join(home, ".local", "share"), nil
}

// mistake is the error for a setting, by its name.
func mistake(setting, format string, args ...any) error {
	s, _ := settingNamed(setting)
	return s.refuse(access.Errorf(access.Invalid, format, args...))
}
