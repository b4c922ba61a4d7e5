package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A token goes through a chat and a terminal to the other machine: what arrives is the same
// token, or it is refused with what is wrong with it.
func TestTokensAreReadAsTheyWereMade(t *testing.T) {
	token := NewToken(the(NewAuthority(noon))(t))
	text := token.Reveal()
	if len(text) != tokenLength || strings.ContainsAny(text, " \n.-+/=") {
		t.Errorf("it is %q: a double click does not select all of it, or it has %d characters", text, len(text))
	}
	newer := tokenOf(append([]byte{tokenVersion + 1}, make([]byte, 99)...))
	const incomplete = "This join token is incomplete, or was changed when it was copied. Copy all of it: 143 " +
		"characters on one line."
	const another = "This is not a join token, which begins with dwjoin_. Make one on a machine of the cluster with: " +
		"doorward cluster token"
	for _, tt := range []struct{ name, text, want string }{
		{"as it is", text, ""},
		{"with spaces and line ends around it", "\r\n\t " + text + " \n", ""},
		{"one letter short", text[:len(text)-1], incomplete},
		{"one letter more", text + "a", incomplete},
		{"twice", text + text, incomplete},
		{"one letter changed", flipped(text, len(text)-9), incomplete},
		{"the first letter changed", flipped(text, len(TokenPrefix)), incomplete},
		{"broken over two lines", text[:80] + "\n" + text[80:], incomplete},
		{"in capitals", TokenPrefix + strings.ToUpper(text[len(TokenPrefix):]), incomplete},
		{"the prefix alone", TokenPrefix, incomplete},
		{"a checksum of nothing", TokenPrefix + base32Lower.EncodeToString(checksum(nil)), incomplete},
		{"its own version, and another length", tokenOf([]byte{tokenVersion, 1, 2, 3}), incomplete},
		{"of a later version", newer, "This join token was made by a newer version of Doorward. Upgrade this " +
			"machine, then join."},
		{"nothing", "", another},
		{"an API token", "dw_" + token.Secret.Reveal(), another},
		{"the prefix in capitals", "DWJOIN_" + text[len(TokenPrefix):], another},
		{"a long text", strings.Repeat("x", 1<<20), another},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseToken(tt.text)
			if tt.want == "" && (err != nil || got != token) {
				t.Errorf("ParseToken = %+v, %v", got, err)
			}
			if tt.want != "" && (err == nil || err.Error() != tt.want || got != Token{}) {
				t.Errorf("ParseToken = %v, %v, want %q", got.Reveal(), err, tt.want)
			}
		})
	}
}

func tokenOf(b []byte) string {
	return TokenPrefix + base32Lower.EncodeToString(append(b, checksum(b)...))
}

func flipped(s string, at int) string {
	other := "a"
	if s[at] == 'a' {
		other = "b"
	}
	return s[:at] + other + s[at+1:]
}

// A token is logged, or printed with an error: its secret is not seen.
func TestTokensAreNotSaid(t *testing.T) {
	token := NewToken(the(NewAuthority(noon))(t))
	kept := token.Keep(noon)
	for _, said := range []string{fmt.Sprintf("%v %+v %#v %s", token, token, token, token), fmt.Sprintf("%+v", kept),
		fmt.Sprintf("%v %+v", JoinRequest{Secret: token.Secret}, JoinRequest{Secret: token.Secret})} {
		if strings.Contains(said, token.Secret.Reveal()) || strings.Contains(said, token.Reveal()) {
			t.Errorf("the secret is said: %s", said)
		}
	}
	if kept.Hash != token.Secret.Hash() || !kept.Expires.Equal(noon.Add(time.Hour)) {
		t.Errorf("what is kept is %+v", kept)
	}
}

// One token, one machine, one hour.
func TestATokenIsUsedOnce(t *testing.T) {
	mine, theirs := KeyHash{1}, KeyHash{2}
	for _, tt := range []struct {
		name string
		used KeyHash
		by   KeyHash
		at   time.Time
		want string
	}{
		{"a new one", KeyHash{}, mine, noon, ""},
		{"in its last moment", KeyHash{}, mine, noon.Add(TokenTTL - 1), ""},
		{"at its end", KeyHash{}, mine, noon.Add(TokenTTL), "join_token_expired"},
		{"after it", KeyHash{}, mine, noon.Add(TokenTTL + 1), "join_token_expired"},
		{"again, by the same machine", mine, mine, noon.Add(TokenTTL - 1), ""},
		{"again, by the same machine, too late", mine, mine, noon.Add(TokenTTL), "join_token_expired"},
		{"by another machine", mine, theirs, noon, "join_token_used"},
		{"by another machine, too late", mine, theirs, noon.Add(TokenTTL), "join_token_expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := KeptToken{Expires: noon.Add(TokenTTL), UsedBy: tt.used}
			k := before
			err := k.use(tt.by, tt.at)
			wants(t, err, tt.want)
			switch {
			case err != nil && k != before:
				t.Errorf("a refusal has changed it: %+v", k)
			case err == nil && k.UsedBy != tt.by:
				t.Errorf("it is used by %v", k.UsedBy)
			}
		})
	}
}
