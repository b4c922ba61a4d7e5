package gate

import (
	"sync"

	"doorward/backend/access"
	"doorward/backend/store"
)

// maxPrincipals bounds the memory of the cache: the number of principals it
// keeps.
const maxPrincipals = 50_000

// A cache remembers which principal a session or token belongs to. A commit drops
// every principal it affects before the commit is answered, so a cached answer is
// never older than the last change.
type cache struct {
	mu       sync.RWMutex
	known    map[access.SecretHash]*Principal
	byMember map[access.MemberID]map[access.SecretHash]bool
	drops    uint64 // rises with each drop; a principal that was read before a drop is not cached
}

func (c *cache) init() {
	c.known = map[access.SecretHash]*Principal{}
	c.byMember = map[access.MemberID]map[access.SecretHash]bool{}
}

// forget drops every principal, also those that are being read now.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.init()
	c.drops++
}

func (c *cache) get(h access.SecretHash) (*Principal, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known[h], c.drops
}

func (c *cache) put(h access.SecretHash, p *Principal, read uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops != read {
		return
	}
	if len(c.known) >= maxPrincipals {
		c.init()
	}
	c.known[h] = p
	if c.byMember[p.Actor.Member] == nil {
		c.byMember[p.Actor.Member] = map[access.SecretHash]bool{}
	}
	c.byMember[p.Actor.Member][h] = true
}

func (c *cache) drop(all []store.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range all {
		switch one.Topic {
		case store.RolesChanged, store.TokenChanged, store.SettingsChanged, store.ChangesMissed:
			c.init()
		case store.MemberChanged:
			for h := range c.byMember[access.MemberID(one.ID)] {
				delete(c.known, h)
			}
			delete(c.byMember, access.MemberID(one.ID))
		case store.SessionChanged:
			h := access.SecretHash([]byte(one.ID))
			if p := c.known[h]; p != nil {
				delete(c.known, h)
				delete(c.byMember[p.Actor.Member], h)
			}
		default:
			continue
		}
		c.drops++
	}
}
