package store

import (
	"slices"
	"time"

	"doorward/backend/access"
)

// knownBrowser is a browser that has signed a member in. It grants no access: it has its
// own allowance of emails and codes, which strangers cannot use up.
type knownBrowser struct {
	Member access.MemberID `json:"member"`
	Epoch  int             `json:"epoch,omitempty"` // the member's; closing all sessions forgets the browsers, too
	Seen   time.Time       `json:"seen"`
}

// knownOf is one of the browsers of a member.
type knownOf struct {
	Key   access.SecretHash `json:"key"`
	Epoch int               `json:"epoch,omitempty"`
	Seen  time.Time         `json:"seen"`
}

// knownKey identifies a browser for one address. A reader of the store learns neither whose
// cookie it is nor which members share a browser.
func (tx *Tx) knownKey(canonical string, browser access.SecretHash) access.SecretHash {
	return tx.CodeHash(browser, "known to "+canonical)
}

// Knows reports whether a browser has recently signed in the member with that address,
// since all sessions were last closed.
func (tx Browsers) Knows(canonical string, browser access.SecretHash) (bool, error) {
	if browser.IsZero() {
		return false, nil
	}
	var k knownBrowser
	ok, err := tx.get(browserPrefix.ofHash(tx.knownKey(canonical, browser)), &k)
	if err != nil || !ok || !tx.Now.Before(k.Seen.Add(access.KnownBrowserTTL)) {
		return false, err
	}
	m, err := tx.Members.Get(k.Member)
	if access.NotFound.Is(err) {
		return false, nil
	}
	return err == nil && m.Email.Canonical == canonical && m.Epoch == k.Epoch, err
}

// Remember records that a browser signed a member in. It forgets browsers from before all
// sessions were closed and, if there are too many, the least recently used one.
func (tx Browsers) Remember(m *access.Member, browser access.SecretHash) error {
	if browser.IsZero() {
		return nil
	}
	var all []knownOf
	if _, err := tx.get(memberBrowserKey(m.ID), &all); err != nil {
		return err
	}
	now := knownOf{tx.knownKey(m.Email.Canonical, browser), m.Epoch, tx.Now}
	all = slices.DeleteFunc(all, func(k knownOf) bool { return k.Key == now.Key })
	slices.SortStableFunc(all, func(a, b knownOf) int { return b.Seen.Compare(a.Seen) })
	keep := []knownOf{now}
	for _, k := range all {
		if k.Epoch == m.Epoch && len(keep) < access.MaxKnownBrowsers {
			keep = append(keep, k)
		} else if err := tx.unmark(browserPrefix.ofHash(k.Key)); err != nil {
			return err
		}
	}
	if err := tx.set(memberBrowserKey(m.ID), keep); err != nil {
		return err
	}
	return tx.set(browserPrefix.ofHash(now.Key), knownBrowser{m.ID, m.Epoch, tx.Now})
}

// forgetBrowsers forgets some of the browsers of a deleted member, and reports whether
// there are more.
func (tx *Tx) forgetBrowsers(id access.MemberID) (more bool, err error) {
	var all []knownOf
	ok, err := tx.get(memberBrowserKey(id), &all)
	if err != nil || !ok {
		return false, err
	}
	n := min(len(all), leftoverBatch)
	for _, k := range all[:n] {
		if err := tx.unmark(browserPrefix.ofHash(k.Key)); err != nil {
			return false, err
		}
	}
	if all = all[n:]; len(all) == 0 {
		return false, tx.unmark(memberBrowserKey(id))
	}
	return true, tx.set(memberBrowserKey(id), all)
}
