package desktop

import (
	"sync"

	"github.com/zalando/go-keyring"
)

// keyringService is the name of the window's entries in the keyring.
const keyringService = "Doorward"

// A Vault holds the secrets of the window's sessions at remote Doorwards: in the
// keyring of the computer's user, so that they outlast the window, or, where
// there is no keyring, in memory only. They are never written to a file.
type Vault struct {
	mu     sync.Mutex
	memory map[string]string
}

// Keep stores the secret for a place. It reports whether it outlasts the window.
func (v *Vault) Keep(at, secret string) (lasting bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.memory == nil {
		v.memory = map[string]string{}
	}
	v.memory[at] = secret
	return keyring.Set(keyringService, at, secret) == nil
}

// Find returns the secret for a place; empty where there is none.
func (v *Vault) Find(at string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if secret := v.memory[at]; secret != "" {
		return secret
	}
	secret, err := keyring.Get(keyringService, at)
	if err != nil {
		return "" // signing in again makes another
	}
	return secret
}

// Forget deletes the secret for a place.
func (v *Vault) Forget(at string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.memory, at)
	_ = keyring.Delete(keyringService, at) // if it stays there it opens nothing: its session is ended at the server
}
