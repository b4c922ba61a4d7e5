package cluster

import (
	"crypto/sha256"
	"crypto/x509"
	"time"

	"doorward/backend/access"
)

// An ID names a cluster, and a NodeID a machine of one: each 128 random bits, as access.NewID
// makes them. Neither is a secret: whoever reaches the port is shown both in a certificate.
type (
	ID     string
	NodeID string
)

// domain is what the names in certificates end with: .internal is reserved for names that
// the public DNS will never have.
const domain = ".doorward.internal"

// serverName is the name that every machine's certificate has besides its own. A machine that
// joins does not know yet which one it reached.
func (id ID) serverName() string { return string(id) + domain }

// serverName is the name of one machine of a cluster in its certificate.
func (n NodeID) serverName(of ID) string { return string(n) + "." + of.serverName() }

// A Fingerprint is the SHA-256 of the authority's certificate.
type Fingerprint [sha256.Size]byte

// FingerprintOf returns the fingerprint of a certificate.
func FingerprintOf(c *x509.Certificate) Fingerprint { return sha256.Sum256(c.Raw) }

// A KeyHash is the SHA-256 of a machine's public key.
type KeyHash [sha256.Size]byte

// keyOf returns the hash of a public key, however it was encoded; zero where it has no
// encoding.
func keyOf(public any) KeyHash {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return KeyHash{}
	}
	return sha256.Sum256(der)
}

// IsZero reports whether the hash is empty.
func (h KeyHash) IsZero() bool { return h == KeyHash{} }

// MarshalText writes the hash in hexadecimal.
func (h KeyHash) MarshalText() ([]byte, error) { return access.SecretHash(h).MarshalText() }

// UnmarshalText reads what MarshalText wrote.
func (h *KeyHash) UnmarshalText(text []byte) error {
	return (*access.SecretHash)(h).UnmarshalText(text)
}

// A Member is a machine of the cluster.
type Member struct {
	ID       NodeID    `json:"id"`
	Name     string    `json:"name"`    // for people
	Address  string    `json:"address"` // HOST:PORT, at which the others reach it
	Key      KeyHash   `json:"key"`     // of its public key; a certificate for another one is refused
	Version  string    `json:"version"` // of the program when it joined
	JoinedAt time.Time `json:"joined_at"`
	Role     Role      `json:"role"`
}

// A Role is what a member does for the others.
type Role string

const (
	Learner Role = "learner" // it gets a copy of everything, and has no vote: it has not caught up yet
	Voter   Role = "voter"   // what is acknowledged is on the disks of a majority of these, and they elect
	Leaving Role = "leaving" // it was removed, and is a member until the others do not count on its vote
)
