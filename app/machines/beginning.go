package machines

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"doorward/app"
	"doorward/backend/cluster"
	"doorward/backend/private"
)

// The files beside the store; see the package's comment.
const (
	newFile    = app.ClusterDir + ".new"
	aloneFile  = app.ClusterDir + ".alone"
	socketName = app.ClusterDir + ".sock"
	storeDir   = "store"
)

func within(data, name string) string { return filepath.Join(data, name) }

// A beginning says how this machine's copy begins.
type beginning struct {
	First   bool             `json:"first,omitempty"`   // with what its store has, as the first of the cluster
	Members []cluster.Member `json:"members,omitempty"` // with what one of these sends
}

func (b beginning) write(data string) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return private.Replace(within(data, newFile), text)
}

// readBeginning returns nil if the copy has begun.
func readBeginning(data string) (*beginning, error) {
	text, err := os.ReadFile(within(data, newFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var b beginning
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, fmt.Errorf("read %s: %w", newFile, err)
	}
	return &b, nil
}

// endBeginning says that the copy has begun.
func endBeginning(data string) error {
	err := os.Remove(within(data, newFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return private.SyncDir(data)
}
