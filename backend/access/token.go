package access

import "time"

// How long an API token lasts by default and at most, unless an Admin sets something else, and
// at least.
const (
	DefaultTokenTTL = 90 * 24 * time.Hour
	MinTokenTTL     = time.Hour
	MaxTokenTTL     = 366 * 24 * time.Hour
)

// A Token lets a program act for a member, within some of the member's roles.
type Token struct {
	ID        TokenID    `json:"id"`
	Name      string     `json:"name"`
	Hash      SecretHash `json:"hash"`
	Owner     MemberID   `json:"owner,omitempty"` // empty: made by the operator
	Roles     []RoleName `json:"roles"`
	CreatedAt time.Time  `json:"made_at"`
	ExpiresAt time.Time  `json:"expires_at,omitzero"` // zero: never; an older Doorward made such tokens
	Epoch     int        `json:"epoch,omitempty"`     // the owner's TokenEpoch at the time
	UsedAt    time.Time  `json:"-"`                   // to the minute; stored separately, because it decides nothing
}

// TokenPrefix starts every API token, so that scanners recognise a leaked one.
const TokenPrefix = "dw_"

// CheckTokenTTL refuses a time that a new token cannot last. Tokens that exist are not
// affected by what the settings say later.
func (s Lifetimes) CheckTokenTTL(lasts time.Duration) error {
	if longest := s.Of(LifetimeLongestToken); lasts < MinTokenTTL || lasts > longest {
		return Errorf(Invalid, "A token can last from %s to %s.", Span(MinTokenTTL), Span(longest)).
			On("expires_in").WithCode("expiry_out_of_range")
	}
	return nil
}

// IsValid reports whether the token has not expired and was not made in the future.
func (t *Token) IsValid(now time.Time) bool {
	return !t.CreatedAt.After(now.Add(ClockSlack)) && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}
