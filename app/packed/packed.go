// Package packed reads the files that the program embeds as if they were not compressed.
//
// It owns the form that they have in a released program: build/pack compresses a file with
// Brotli and embeds x.js as x.js.br, which makes the program three megabytes smaller. A
// program from go build alone embeds x.js itself and works the same. Brotli is used because a
// browser takes it as it is: the server sends x.js.br without compressing anything.
package packed

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"

	brotli "github.com/molecule-man/go-brrr"
)

// Suffix is what the name of a compressed file ends in.
const Suffix = ".br"

// Compress returns the content of a file as it is embedded.
func Compress(content []byte) ([]byte, error) {
	return brotli.Compress(content, brotli.BestCompression)
}

// FS returns the files with each compressed one under its own name. The compressed content can
// be read by the name with the Suffix; no directory lists it.
func FS(files fs.FS) fs.FS { return unpacked{files} }

type unpacked struct{ files fs.FS }

// Open opens a file or a directory.
func (u unpacked) Open(name string) (fs.File, error) {
	f, err := u.files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return u.openCompressed(name, err)
	}
	if err != nil {
		return nil, err
	}
	stat, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if dir, ok := f.(fs.ReadDirFile); ok && stat.IsDir() {
		return directory{dir, u, name}, nil
	}
	return f, nil
}

// openCompressed opens a file that is embedded compressed. If it is not, it fails with the
// error that opening it failed with.
func (u unpacked) openCompressed(name string, missing error) (fs.File, error) {
	compressed, err := u.files.Open(name + Suffix)
	if err != nil {
		return nil, missing
	}
	defer compressed.Close()
	stat, err := compressed.Stat()
	if err != nil {
		return nil, err
	}
	content, err := u.decompress(name)
	if err != nil {
		return nil, err
	}
	return file{bytes.NewReader(content), info{stat, int64(len(content))}}, nil
}

// ReadFile reads a file whole. It is what fs.ReadFile calls, without a copy.
func (u unpacked) ReadFile(name string) ([]byte, error) {
	content, err := fs.ReadFile(u.files, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	unpacked, packedErr := u.decompress(name)
	if errors.Is(packedErr, fs.ErrNotExist) {
		return nil, err
	}
	return unpacked, packedErr
}

func (u unpacked) decompress(name string) ([]byte, error) {
	compressed, err := fs.ReadFile(u.files, name+Suffix)
	if err != nil {
		return nil, err
	}
	content, err := brotli.Decompress(compressed)
	if err != nil {
		return nil, &fs.PathError{Op: "decompress", Path: name + Suffix, Err: err}
	}
	return content, nil
}

// ReadDir lists a directory.
func (u unpacked) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(u.files, name)
	return u.named(name, entries), err
}

// named gives each compressed file its own name. The order stays: no other file of ours sorts
// between a name and the name with the Suffix.
func (u unpacked) named(dir string, entries []fs.DirEntry) []fs.DirEntry {
	for i, e := range entries {
		if own, ok := strings.CutSuffix(e.Name(), Suffix); ok && !e.IsDir() {
			entries[i] = entry{e, u, path.Join(dir, own)}
		}
	}
	return entries
}

// A directory is one that lists compressed files under their own names.
type directory struct {
	fs.ReadDirFile
	files unpacked
	name  string
}

func (d directory) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := d.ReadDirFile.ReadDir(n)
	return d.files.named(d.name, entries), err
}

// An entry is a compressed file in a directory.
type entry struct {
	fs.DirEntry
	files unpacked
	path  string
}

func (e entry) Name() string { return path.Base(e.path) }

func (e entry) String() string { return fs.FormatDirEntry(e) }

// Info decompresses the file to know its size.
func (e entry) Info() (fs.FileInfo, error) { return fs.Stat(e.files, e.path) }

// A file is a compressed file that is open.
type file struct {
	*bytes.Reader
	info info
}

func (f file) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f file) Close() error { return nil }

type info struct {
	fs.FileInfo
	size int64
}

func (i info) Name() string { return strings.TrimSuffix(i.FileInfo.Name(), Suffix) }

func (i info) Size() int64 { return i.size }
