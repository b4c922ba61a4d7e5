package app

import (
	"strconv"
	"strings"

	"doorward/app/config"
	"doorward/backend/web/api"
)

// facts are the settings that this Doorward was started with, for the console:
// their values and where they are set, without secrets.
func facts(c config.Config) []api.Fact {
	shown := map[string]string{
		"data": c.Data, "listen": c.Listen, "url": c.URL, "mail-from": c.MailFrom,
		"mail-per-minute": strconv.Itoa(c.MailPerMinute),
		"smtp-url":        withoutSecrets(c.SMTPURL), "tls-cert": c.TLSCert, "tls-key": c.TLSKey,
		"trusted-proxies": prefixes(c),
		"log-level":       c.LogLevel, "log-format": c.LogFormat,
	}
	all := []api.Fact{{Name: "version", Value: c.Version, Meaning: "version of this program"}}
	for _, s := range config.Settings {
		value := shown[s.Name]
		if s.Name == "min-free" && c.MinFree > 0 {
			value = strconv.FormatUint(c.MinFree>>20, 10) + "MB"
		}
		all = append(all, api.Fact{
			Name:    s.Key(),
			Value:   value,
			Default: s.Default,
			Meaning: s.Usage,
			SetWith: s.Spelled(),
		})
	}
	return all
}

func prefixes(c config.Config) string {
	all := make([]string, len(c.TrustedProxies))
	for i, p := range c.TrustedProxies {
		all[i] = p.String()
	}
	return strings.Join(all, ", ")
}

// withoutSecrets is a mail server's URL without user and password, however
// malformed it is: everything before the last @ is removed.
func withoutSecrets(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return ""
	}
	return scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
}
