package cluster

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"doorward/backend/access"
	"doorward/backend/private"
)

// The files of a machine, in the order in which they are written: the certificate is the
// last, and with it the machine is a member.
const (
	keyFile         = "node.key"
	nodeFile        = "node.json"
	authorityFile   = "ca.pem"
	certificateFile = "node.pem"
)

var allFiles = []string{keyFile, nodeFile, authorityFile, certificateFile}

const maxFile = 16 << 10

// A node is the content of node.json.
type node struct {
	Cluster ID     `json:"cluster"`
	Node    NodeID `json:"node"`
	Name    string `json:"name"`
	Address string `json:"address"`
}

func (n node) check() error {
	if !access.IsID(string(n.Cluster)) || !access.IsID(string(n.Node)) {
		return errors.New("it has no ids of a cluster and of a machine")
	}
	if err := checkName(n.Name); err != nil {
		return err
	}
	return checkAddress(n.Address)
}

// present returns which of the files a directory has. Another file in it is refused: it would
// not be there if the directory were a machine's.
func present(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name, unfinished := strings.CutSuffix(e.Name(), ".new")
		if !slices.Contains(allFiles, name) {
			return nil, access.Errorf(access.NoData,
				"%s is not empty: it has %s. Give a directory that has nothing in it.", dir,
				access.Shorten(e.Name(), 60)).WithCode("cluster_dir_not_empty")
		}
		if !unfinished {
			names = append(names, name)
		}
	}
	return names, nil
}

func write(dir, name string, content []byte) error {
	if err := private.Replace(filepath.Join(dir, name), content); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// read returns a file's content. A file of ours that others could read is put right; one that
// is longer than any of them is damaged.
func read(dir, name string) ([]byte, error) {
	f, err := private.Open(filepath.Join(dir, name), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := private.Tighten(f); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errors.New("it is too long")
	}
	return text, err
}

func damaged(dir, name string, err error) error {
	return access.Errorf(access.NoData,
		"%s in %s cannot be used: %v. Put it back from a copy, or give an empty directory and join again.",
		name, dir, err).WithCode("cluster_files_damaged").Because(err)
}

func (n node) write(dir string) error {
	text, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	return write(dir, nodeFile, append(text, '\n'))
}

func readNode(dir string) (n node, err error) {
	text, err := read(dir, nodeFile)
	if err == nil {
		err = decodeStrictly(text, &n)
	}
	if err == nil {
		err = n.check()
	}
	if err != nil {
		return node{}, damaged(dir, nodeFile, err)
	}
	return n, nil
}

func readKey(dir string) (*ecdsa.PrivateKey, error) {
	text, err := read(dir, keyFile)
	if err != nil {
		return nil, damaged(dir, keyFile, err)
	}
	key, rest, err := decodeKey(text)
	if err == nil && len(rest) > 0 {
		err = errors.New("something follows the key")
	}
	if err != nil {
		return nil, damaged(dir, keyFile, err)
	}
	return key, nil
}

func readCertificate(dir, name string) (*x509.Certificate, error) {
	text, err := read(dir, name)
	if err != nil {
		return nil, damaged(dir, name, err)
	}
	c, rest, err := decodeCertificate(text)
	if err == nil && len(rest) > 0 {
		err = errors.New("something follows the certificate")
	}
	if err != nil {
		return nil, damaged(dir, name, err)
	}
	return c, nil
}
