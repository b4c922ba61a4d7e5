package store

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"doorward/backend/access"
	"doorward/backend/private"
	"doorward/backend/store/kv"
)

// keyFile is the name of the instance key's file in the data directory.
const keyFile = "instance.key"

const instanceKeySize = 32

// keys are derived from the instance key, one for each purpose.
type keys struct {
	root, chain, cursor, address, code []byte
	facts, password, authority         cipher.AEAD
}

func deriveKeys(root []byte) keys {
	derive := func(use string) []byte {
		k, err := hkdf.Key(sha256.New, root, nil, "doorward "+use, 32)
		if err != nil {
			panic(err) // cannot happen: SHA-256 can derive 32 bytes
		}
		return k
	}
	return keys{
		root:      root,
		facts:     sealer(derive("letter words")),
		password:  sealer(derive("mail password")),
		authority: sealer(derive("cluster authority")),
		chain:     derive("audit head"),
		cursor:    derive("cursors"),
		address:   derive("rejected addresses"),
		code:      derive("login codes"),
	}
}

// DeriveKey returns a key for one purpose outside the store, such as the portal's form
// tokens. It stays the same as long as the instance key does.
func (s *Store) DeriveKey(use string) []byte {
	k, err := hkdf.Key(sha256.New, s.keys.root, nil, "doorward use "+use, 32)
	if err != nil {
		panic(err)
	}
	return k
}

// InstanceKey returns the instance key, for the one place that hands it to another machine of
// the cluster.
func (s *Store) InstanceKey() []byte { return s.keys.root }

// WriteInstanceKey writes the key of another machine's store into a data directory that has no
// store yet.
func WriteInstanceKey(dir string, key []byte) error {
	if len(key) != instanceKeySize {
		return fmt.Errorf("write instance key: it has %d bytes", len(key))
	}
	return writeKey(filepath.Join(dir, keyFile), key)
}

// instanceKey reads the instance key, or creates one for a store that is still empty.
func instanceKey(dir string, engine kv.Store, new []byte, log *slog.Logger) ([]byte, error) {
	name := filepath.Join(dir, keyFile)
	text, err := readKey(name, log)
	if errors.Is(err, os.ErrNotExist) {
		empty, err := isEmpty(engine)
		if err != nil {
			return nil, err
		}
		if empty {
			return new, writeKey(name, new)
		}
		return nil, access.Errorf(access.Unavailable,
			"%s is missing. Without it emails and the audit log cannot be read: put it back from a "+
				"copy, or restore a backup.", name).
			WithCode("instance_key_missing")
	}
	if err != nil {
		return nil, fmt.Errorf("read instance key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != instanceKeySize {
		return nil, access.Errorf(access.Unavailable,
			"%s is damaged. Put it back from a copy, or restore a backup.", name).
			WithCode("instance_key_damaged")
	}
	return key, nil
}

// readKey reads the key's file, and tightens its mode if others can access it.
func readKey(name string, log *slog.Logger) ([]byte, error) {
	f, err := private.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if was, err := private.Tighten(f); err != nil {
		return nil, err
	} else if was != 0 {
		log.Warn(
			"others could read the instance key, where they could reach it; its mode was corrected",
			"file",
			name,
			"was",
			was.String(),
		)
	}
	return io.ReadAll(io.LimitReader(f, 1<<10))
}

func isEmpty(engine kv.Store) (empty bool, err error) {
	view := engine.View
	if l, ok := engine.(kv.Local); ok {
		view = l.ViewHere
	}
	err = view(context.Background(), func(t kv.Tx) error {
		found, err := t.Scan(nil, nil, 1)
		empty = len(found) == 0
		return err
	})
	return empty, err
}

// writeKey writes the whole key or nothing.
func writeKey(name string, key []byte) error {
	if err := private.Replace(name, []byte(hex.EncodeToString(key)+"\n")); err != nil {
		return fmt.Errorf("write instance key: %w", err)
	}
	return nil
}

// checkKey refuses a key that did not seal this audit chain, and a store whose chain has
// lost its end.
func (s *Store) checkKey(ctx context.Context) error {
	return s.view(ctx, func(tx *Tx) error {
		h, err := tx.auditHead()
		if err != nil || h.Seq > 0 {
			return err
		}
		return tx.refuseIfRecords(memberPrefix)
	})
}
