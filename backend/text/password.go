package text

import "regexp"

var login = regexp.MustCompile(`(?s):.*@`)

// HidePassword is v without what stands between its first colon and its last @, where a URL
// has its password. A refusal shows what it refuses, and the mail server's URL may have been
// put into any setting.
func HidePassword(v string) string { return login.ReplaceAllString(v, ":…@") }
