package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/mail"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/text"
)

// A Setting is one thing that an operator can set, under one name in three
// spellings: the flag --smtp-url, DOORWARD_SMTP_URL in the environment, and
// smtp_url in doorward.toml.
type Setting struct {
	Name    string // as the flag is spelled
	Default string
	Usage   string
	set     func(c *Config, v string) error
}

// Settings are all settings, in the order of the help.
var Settings = []Setting{
	{"data", "", "directory for all data; only the user who runs Doorward may read it", nil},
	{"listen", "127.0.0.1:8080", "host and port to listen on", setListen},
	{"url", "", "public URL that links lead to, such as https://door.example.com; optional only while listening " +
		"on this machine alone", setURL},
	{
		"smtp-url",
		"",
		"mail server, such as smtp://user:password@mail.example.com; other users of this machine can see flags, " +
			"so put it in a file named by DOORWARD_SMTP_URL_FILE, or in doorward.toml",
		setText(func(c *Config) *string { return &c.SMTPURL }),
	},
	{"mail-from", "", "sender of emails: an address, or a name followed by an address in angle brackets " +
		"(default: doorward at the public URL's host, with the workspace's name)", setMailFrom},
	{"mail-per-minute", "120", "maximum number of emails passed to the mail server per minute", setMailPerMinute},
	{"tls-cert", "", "certificate file (PEM), to serve HTTPS without a proxy", setText(func(c *Config) *string {
		return &c.TLSCert
	})},
	{"tls-key", "", "the certificate's key file (PEM)", setText(func(c *Config) *string { return &c.TLSKey })},
	{"trusted-proxies", "",
		"addresses or networks, separated by commas, of proxies trusted to report a visitor's address " +
			"(default: none)", setProxies},
	{"min-free", "", "free disk space below which no changes are accepted, such as 500MB " +
		"(default: what the store needs)",
		setMinFree},
	{"log-level", "info", "debug, info, warn or error", setOneOf(func(c *Config) *string {
		return &c.LogLevel
	}, "debug", "info", "warn", "error")},
	{"log-format", "text", "text or json", setOneOf(func(c *Config) *string { return &c.LogFormat }, "text", "json")},
}

// Env is the setting's name in the environment.
func (s Setting) Env() string { return "DOORWARD_" + strings.ToUpper(s.Key()) }

// Key is the setting's name in doorward.toml, and the Field of an error.
func (s Setting) Key() string { return strings.ReplaceAll(s.Name, "-", "_") }

// Spelled is the setting's name in all three spellings.
func (s Setting) Spelled() string {
	if s.Name == "data" {
		return "--data / DOORWARD_DATA"
	}
	return fmt.Sprintf("--%s / %s / %s in %s", s.Name, s.Env(), s.Key(), FileName)
}

// SettingOf is the setting that an error's Field names, if it names one.
func SettingOf(field string) (Setting, bool) {
	return settingNamed(strings.ReplaceAll(field, "_", "-"))
}

func settingNamed(name string) (Setting, bool) {
	i := slices.IndexFunc(Settings, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return Setting{}, false
	}
	return Settings[i], true
}

// refuse adds to an error how the setting is spelled.
func (s Setting) refuse(err error) error {
	msg := err.Error()
	var told *access.Error
	if errors.As(err, &told) {
		msg = told.Message
	}
	return access.Errorf(access.Invalid, "%s (%s)", msg, s.Spelled()).
		On(s.Key()).WithCode("setting_invalid").Because(err)
}

// wrong is an error in a value, for refuse.
func wrong(format string, args ...any) error { return access.Errorf(access.Invalid, format, args...) }

// shown is the beginning of a value for a sentence, without what may be a password: the
// mail server's URL may have been put into any setting.
func shown(v string, limit int) string {
	return access.Shorten(text.HidePassword(v), limit)
}

func setText(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error { *field(c) = v; return nil }
}

func setOneOf(field func(*Config) *string, all ...string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v = strings.ToLower(v); !slices.Contains(all, v) {
			return wrong("%q is not one of %s.", shown(v, 40), strings.Join(all, ", "))
		}
		*field(c) = v
		return nil
	}
}

func setListen(c *Config, v string) error {
	const how = "Write host and port, such as 127.0.0.1:8080, or :8080 for every network of this machine."
	host, port, err := net.SplitHostPort(v)
	if err != nil || strings.ContainsFunc(host, notOfHost) {
		return wrong("%q is no address to listen on. %s", shown(v, 60), how)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return wrong("%q does not end with a port, which is a number from 0 to 65535. %s", shown(v, 60), how)
	}
	c.Listen = v
	return nil
}

// notOfHost reports whether r can occur in no host name or address. Host names
// appear in sentences and in the log, so no other character may get that far.
func notOfHost(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_:%", r)
}

// loopbackListen reports whether only this machine can reach the address.
func loopbackListen(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && text.IsLoopback(host)
}

func setURL(c *Config, v string) (err error) {
	if v != "" {
		c.URL, err = address.ParseURL(v)
	}
	return err
}

func setMailFrom(c *Config, v string) error {
	if v == "" {
		return nil
	}
	name, typed := "", v
	if strings.ContainsAny(v, "<>") {
		var err error
		if name, typed, err = splitSender(v); err != nil {
			return err
		}
	}
	a, err := address.Parse(typed)
	if err != nil {
		return err
	}
	c.MailFrom = a.Canonical
	if name != "" {
		c.MailFrom = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" <` + a.Canonical + ">"
	}
	return nil
}

// splitSender reads a name and an address in angle brackets, as mail programs write them.
// Docker passes the quotes around a value in its file of variables on; they do not count.
func splitSender(v string) (name, typed string, err error) {
	if inner, ok := strings.CutPrefix(v, `"`); ok && strings.HasSuffix(inner, `>"`) {
		v = strings.TrimSuffix(inner, `"`)
	}
	a, err := mail.ParseAddress(v)
	if err != nil {
		return "", "", wrong("%q is not a sender. Write an address, such as door@example.com, or a name and an "+
			"address, such as AI Loop <door@example.com>.", shown(v, 60))
	}
	name, err = access.CleanText("name", a.Name, access.MaxWorkspace)
	return name, a.Address, err
}

func setMailPerMinute(c *Config, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 100_000 {
		return wrong("%q is not a number of emails from 1 to 100000.", shown(v, 20))
	}
	c.MailPerMinute = n
	return nil
}

func setProxies(c *Config, v string) error {
	for _, part := range strings.FieldsFunc(v, func(r rune) bool {
		return r == ',' || r == ' ' || r == '\t' || r == '\n'
	}) {
		p, err := netip.ParsePrefix(part)
		if err != nil {
			ip, bad := netip.ParseAddr(part)
			if bad != nil || ip.Zone() != "" {
				return wrong("%q is neither an address nor a network. Write 10.0.0.5 or 10.0.0.0/8.",
					shown(part, 40))
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		if p.Bits() == 0 {
			return wrong("%s would trust everybody's word on where they come from. Name the proxies alone.", part)
		}
		c.TrustedProxies = append(c.TrustedProxies, p.Masked())
	}
	return nil
}

var units = []struct {
	name string
	size uint64
}{{"TIB", 1 << 40}, {"GIB", 1 << 30}, {"MIB", 1 << 20}, {"KIB", 1 << 10}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6},
	{"KB", 1e3}, {"B", 1}, {"", 1}}

// minMinFree is how much the store may write before it checks the disk again.
const minMinFree = 64_000_000

func setMinFree(c *Config, v string) error {
	if v == "" {
		return nil
	}
	for _, u := range units {
		number, ok := strings.CutSuffix(strings.ToUpper(v), u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 64)
		if err != nil || n > math.MaxUint64/u.size {
			break
		}
		if c.MinFree = n * u.size; c.MinFree < minMinFree && c.MinFree > 0 {
			return wrong("%s is too little: a store that meets a full disk dies in the middle of a write. Keep at "+
				"least %dMB free.", shown(v, 20), minMinFree/1_000_000)
		}
		return nil
	}
	return wrong("%q is not a size. Enter one such as 500MB or 2GiB.", shown(v, 20))
}
