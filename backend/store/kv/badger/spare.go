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
)

// A spare is the log that Badger begins next, made ahead: an empty file of that
// name with all its blocks behind its end. Badger takes an empty log for a new
// one. So what is committed always has room, in the log that is in use or in the
// spare, and a full disk is noticed before a commit, not in the middle of one.
// Where the process dies the spare stays behind, and the next start takes it away.
//
// nil where there is none to be had: in memory, and on a file system that gives
// no blocks ahead.
type spare struct {
	dir  string
	next int // its number
	file *os.File
	full bool // has all its blocks
}

const logSize = 2 * memTableSize // as Badger makes its logs

// newSpare looks which log Badger is writing in dir.
func newSpare(dir string) (*spare, error) {
	if dir == "" {
		return nil, nil
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
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

// ready sees to it that there is a spare with all its blocks. It is asked before
// each commit.
func (s *spare) ready() error {
	if s == nil {
		return nil
	}
	if s.file != nil {
		info, err := s.file.Stat()
		if err != nil || info.Size() == 0 {
			return errors.Join(err, s.fill())
		}
		s.file.Close() // Badger has taken it
		s.file, s.full, s.next = nil, false, s.next+1
	}
	if err := s.create(); err != nil {
		return err
	}
	return s.fill()
}

// fill gives it its blocks, once.
func (s *spare) fill() (err error) {
	if !s.full {
		err = allocate(int(s.file.Fd()), keepSize, logSize)
		s.full = err == nil
	}
	return err
}

// remove takes away a spare that was not used.
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
