package cluster

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"time"

	"doorward/backend/access"
)

// A Token lets one machine join a cluster. It has what that machine needs to know the cluster
// by, so that it shows the secret to nobody else.
type Token struct {
	Cluster   ID
	Authority Fingerprint // of the certificate that the cluster's machines must be certified by
	Secret    access.Secret
}

// NewToken returns a token for the cluster of that authority.
func NewToken(a *Authority) Token {
	return Token{Cluster: a.Cluster(), Authority: a.Fingerprint(), Secret: access.NewSecret()}
}

// TokenPrefix is what a join token begins with.
const TokenPrefix = "dwjoin_"

// A token is the prefix and then, in base32, a version, the cluster, the fingerprint, the
// secret and a checksum: 85 bytes, which fill 136 letters and digits without a rest. There is
// nothing in it at which a double click would stop.
const (
	tokenVersion = 1
	checksumSize = 4
	payloadSize  = 1 + 16 + sha256.Size + 32 + checksumSize
	tokenLength  = len(TokenPrefix) + payloadSize*8/5
)

var base32Lower = base32.NewEncoding(access.IDAlphabet).WithPadding(base32.NoPadding)

// Reveal returns the token as it is copied to the other machine, for the one place that
// hands it out.
func (t Token) Reveal() string {
	cluster, err := base32Lower.DecodeString(string(t.Cluster))
	if err != nil {
		return ""
	}
	secret, err := base64.RawURLEncoding.DecodeString(t.Secret.Reveal())
	if err != nil {
		return ""
	}
	b := append([]byte{tokenVersion}, cluster...)
	b = append(append(b, t.Authority[:]...), secret...)
	return TokenPrefix + base32Lower.EncodeToString(append(b, checksum(b)...))
}

// String hides the token from logs and messages.
func (Token) String() string { return "[join token]" }

// GoString hides the token from %#v.
func (Token) GoString() string { return "[join token]" }

func checksum(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:checksumSize]
}

// ParseToken reads what Reveal wrote; spaces and line ends around it do not matter. The
// refusal does not repeat what was typed, which may be another secret.
func ParseToken(s string) (Token, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(s), TokenPrefix)
	if !ok {
		return Token{}, access.Errorf(access.Invalid,
			"This is not a join token, which begins with %s. Make one on a machine of the cluster with: "+
				"doorward cluster token", TokenPrefix).On("token").WithCode("join_token_malformed")
	}
	b, err := base32Lower.DecodeString(text)
	if err != nil || base32Lower.EncodeToString(b) != text || len(b) <= checksumSize {
		return Token{}, tokenDamaged()
	}
	b, sum := b[:len(b)-checksumSize], b[len(b)-checksumSize:]
	switch {
	case !bytes.Equal(sum, checksum(b)):
		return Token{}, tokenDamaged()
	case b[0] != tokenVersion:
		return Token{}, access.Errorf(access.Invalid,
			"This join token was made by a newer version of Doorward. Upgrade this machine, then join.").
			On("token").WithCode("join_token_newer")
	case len(b)+checksumSize != payloadSize:
		return Token{}, tokenDamaged()
	}
	t := Token{Cluster: ID(base32Lower.EncodeToString(b[1:17]))}
	copy(t.Authority[:], b[17:])
	t.Secret = access.Secret(base64.RawURLEncoding.EncodeToString(b[17+sha256.Size:]))
	return t, nil
}

func tokenDamaged() error {
	return access.Errorf(access.Invalid,
		"This join token is incomplete, or was changed when it was copied. Copy all of it: %d characters on one line.",
		tokenLength).On("token").WithCode("join_token_malformed")
}

// A KeptToken is what is kept of a token: no secret, and who used it.
type KeptToken struct {
	Hash    access.SecretHash `json:"hash"`
	Expires time.Time         `json:"expires"`
	UsedBy  KeyHash           `json:"used_by"` // zero: nobody
	UsedAt  time.Time         `json:"used_at,omitzero"`
}

// Keep returns what is kept of a token that was made at that time.
func (t Token) Keep(now time.Time) KeptToken {
	return KeptToken{Hash: t.Secret.Hash(), Expires: now.Add(TokenTTL)}
}

// use marks the token as used by the machine with that key, if it can be used. The machine
// that has used it may do so again until the token expires: it has perhaps not received the
// answer.
//
// Whoever knows the secret was given the token, so the refusal may say what is wrong with it.
func (k *KeptToken) use(by KeyHash, now time.Time) error {
	switch {
	case !now.Before(k.Expires):
		return access.Errorf(access.Expired,
			"This join token has expired: it was valid until %s. Make another with: doorward cluster token",
			access.Moment(k.Expires)).On("token").WithCode("join_token_expired")
	case k.UsedBy == by:
		return nil
	case !k.UsedBy.IsZero():
		return tokenUsed()
	}
	k.UsedBy, k.UsedAt = by, now
	return nil
}

func tokenUsed() error {
	return access.Errorf(access.Conflict,
		"This join token has already been used, and works only once. Make another with: doorward cluster token").
		On("token").WithCode("join_token_used")
}

// tokenUnknown is the answer to whoever does not know the secret of a token of this cluster,
// whatever they sent.
func tokenUnknown() error {
	return access.Errorf(access.Forbidden,
		"The cluster does not know this join token. Make one on a machine of the cluster with: "+
			"doorward cluster token").On("token").WithCode("join_token_unknown")
}
