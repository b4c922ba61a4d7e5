package badger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger/fsck"
)

// A spare is the log that Badger starts next, made ahead: an empty file of that name with
// all its blocks allocated beyond its end. Badger takes an empty log for a new one. So
// there is always room for a commit, in the current log or in the spare, and a full disk is
// noticed before a commit, not in the middle of one. If the process dies, the spare stays
// behind, and the next start deletes it.
//
// It is nil if there cannot be one: in memory, and on a file system that cannot allocate
// blocks ahead.
type spare struct {
	dir  string
	next int // its number
	file *os.File
	full bool // has all its blocks
}

const logSize = 2 * memTableSize // the size of Badger's logs

// newSpare finds out which log Badger is writing in dir.
func newSpare(dir string) (*spare, error) {
	if dir == "" {
		return nil, nil
	}
	logs, err := fsck.Files(dir, ".mem")
	if err != nil {
		return nil, err
	}
	s := &spare{dir: dir}
	for _, name := range logs {
		n, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(name), ".mem"))
		if err != nil {
			return nil, fmt.Errorf("%w: %s is no log's name", kv.ErrCorrupt, name)
		}
		s.next = max(s.next, n+1)
	}
	if err := s.create(); err != nil {
		return nil, err
	}
	if !allocates(s.file) {
		return nil, s.remove()
	}
	return s, nil
}

func (s *spare) name() string { return filepath.Join(s.dir, fmt.Sprintf("%05d.mem", s.next)) }

func (s *spare) create() (err error) {
	s.file, err = os.OpenFile(s.name(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return err
}

// ready makes sure that there is a spare with all its blocks. It is called before each
// commit.
func (s *spare) ready() error {
	if s == nil {
		return nil
	}
	if s.file != nil {
		info, err := s.file.Stat()
		if err != nil || info.Size() == 0 {
			return errors.Join(err, s.fill())
		}
		s.file.Close() // Badger has started to use it
		s.file, s.full, s.next = nil, false, s.next+1
	}
	if err := s.create(); err != nil {
		return err
	}
	return s.fill()
}

// fill allocates its blocks, once.
func (s *spare) fill() (err error) {
	if !s.full {
		err = allocate(int(s.file.Fd()), keepSize, logSize)
		s.full = err == nil
	}
	return err
}

// remove deletes an unused spare.
func (s *spare) remove() error {
	if s == nil || s.file == nil {
		return nil
	}
	info, err := s.file.Stat()
	s.file.Close()
	s.file = nil
	if err == nil && info.Size() == 0 {
		err = os.Remove(s.name())
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}
