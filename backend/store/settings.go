package store

import (
	"bytes"

	"doorward/backend/access"
)

// Settings returns the settings, the defaults if none were stored.
func (tx *Tx) Settings() (access.Settings, error) {
	s := access.DefaultSettings()
	_, err := tx.get(settingsPrefix.key(), &s)
	return s, err
}

// PutSettings stores the settings.
func (tx *Tx) PutSettings(s access.Settings) error { return tx.set(settingsPrefix.key(), s) }

// MailPassword returns the mail server's password; empty if none is stored.
func (tx *Tx) MailPassword() (access.Password, error) {
	sealed, found, err := tx.read(mailPasswordPrefix.key())
	if err != nil || !found {
		return "", err
	}
	text, err := unseal(tx.keys.password, sealed, string(mailPasswordPrefix))
	return access.Password(text), err
}

// PutMailPassword stores the mail server's password, sealed; an empty one is deleted.
func (tx *Tx) PutMailPassword(p access.Password) error {
	if p == "" {
		return tx.unmark(mailPasswordPrefix.key())
	}
	return tx.put(mailPasswordPrefix.key(), seal(tx.keys.password, []byte(p.Reveal()), string(mailPasswordPrefix)))
}

// forgetMailPassword corrects the settings of a restored store: backups do not contain the
// mail server's password.
func (tx *Tx) forgetMailPassword() error {
	s, err := tx.Settings()
	if err != nil || !s.Mail.HasPassword {
		return err
	}
	s.Mail.HasPassword = false
	s.Mail.Revision++
	return tx.PutSettings(s)
}

// Logo returns the logo's image; nil if none is stored.
func (tx *Tx) Logo() ([]byte, error) {
	image, found, err := tx.read(logoPrefix.key())
	if err != nil || !found {
		return nil, err
	}
	return bytes.Clone(image), nil
}

// PutLogo stores the logo's image, which the settings describe; an empty one is deleted.
func (tx *Tx) PutLogo(image []byte) error {
	if len(image) == 0 {
		return tx.unmark(logoPrefix.key())
	}
	return tx.put(logoPrefix.key(), image)
}
