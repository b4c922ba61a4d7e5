package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// Each kind of thing has its own identifier type, so that one cannot be passed for another.
// All are 128 random bits in 26 letters and digits.
type (
	MemberID  string
	MessageID string
	TokenID   string
)

// IDLength is the number of characters in an identifier, and IDAlphabet has all of them.
const (
	IDLength   = 26
	IDAlphabet = "abcdefghijklmnopqrstuvwxyz234567"
)

var idEncoding = base32.NewEncoding(IDAlphabet).WithPadding(base32.NoPadding)

// NewID returns a new identifier: 128 random bits.
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	return idEncoding.EncodeToString(b[:])
}

// ParseMemberID returns s as a member's identifier, in its own memory. A malformed
// identifier is answered like an unknown one, so the answer reveals nothing.
func ParseMemberID(s string) (MemberID, error) {
	id, err := parseID(s, NoSuchMember)
	return MemberID(id), err
}

// ParseMessageID is ParseMemberID for emails.
func ParseMessageID(s string) (MessageID, error) {
	id, err := parseID(s, NoSuchEmail)
	return MessageID(id), err
}

// ParseTokenID is ParseMemberID for API tokens.
func ParseTokenID(s string) (TokenID, error) {
	id, err := parseID(s, NoSuchToken)
	return TokenID(id), err
}

// IsID reports whether s has the form of an identifier.
func IsID(s string) bool { return len(s) == IDLength && strings.Trim(s, IDAlphabet) == "" }

func parseID(s string, none func() *Error) (string, error) {
	if !IsID(s) {
		return "", none()
	}
	return strings.Clone(s), nil
}

// NoSuchMember is the answer for a member who does not exist or whom the caller may not see.
func NoSuchMember() *Error { return Errorf(NotFound, "There is no such member.") }

// NoSuchEmail is NoSuchMember for emails of the outbox.
func NoSuchEmail() *Error { return Errorf(NotFound, "There is no such email.") }

// NoSuchRole is NoSuchMember for roles.
func NoSuchRole() *Error { return Errorf(NotFound, "There is no such role.") }

// NoSuchSession is NoSuchMember for sessions.
func NoSuchSession() *Error { return Errorf(NotFound, "There is no such session.") }

// NoSuchToken is NoSuchMember for API tokens.
func NoSuchToken() *Error { return Errorf(NotFound, "There is no such token.") }

// A Secret grants access: a login link, a session, an API token. It is shown once, to its
// recipient, and only its Hash is stored.
type Secret string

// SecretLength is the length of a secret: 256 bits in base64url.
const SecretLength = 43

// NewSecret returns 256 new random bits.
func NewSecret() Secret {
	var b [32]byte
	rand.Read(b[:])
	return Secret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// String hides the secret from logs and messages.
func (Secret) String() string { return "[secret]" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "[secret]" }

// Reveal returns the secret itself, for the one place that hands it out.
func (s Secret) Reveal() string { return string(s) }

// Hash returns what is stored of a secret: its SHA-256. Looking up a hash takes the same
// time however much of the secret was guessed.
func (s Secret) Hash() SecretHash {
	return SecretHash(sha256.Sum256([]byte(s)))
}

// A SecretHash is the SHA-256 of a Secret.
type SecretHash [32]byte

// IsZero reports whether the hash is empty.
func (h SecretHash) IsZero() bool { return h == SecretHash{} }

// MarshalText writes the hash in hexadecimal.
func (h SecretHash) MarshalText() ([]byte, error) {
	return []byte(hex.EncodeToString(h[:])), nil
}

// UnmarshalText reads what MarshalText wrote.
func (h *SecretHash) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(h) {
		return hex.ErrLength
	}
	_, err := hex.Decode(h[:], text)
	return err
}
