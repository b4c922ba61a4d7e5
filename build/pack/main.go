// Command pack compresses the files that the program embeds, and prints the name of an overlay
// (go help build) with which go build embeds them compressed:
//
//	go build -overlay "$(go run ./build/pack)" .
//
// Package app/packed reads them. Catalogues lose the sentences of the console, which it has
// itself. The compressed files stay in bin/packed, so that only those
// whose content is new are compressed again.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"doorward/app/packed"
	"doorward/backend/messages"
)

// minPacked is the size, in bytes, of the smallest file that is compressed: a smaller one is
// sooner read as it is.
const minPacked = 4096

func main() {
	overlay, err := pack(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
	fmt.Println(overlay)
}

// pack makes the overlay of the program whose module dir belongs to, and returns its name.
func pack(dir string) (overlay string, err error) {
	root, files, err := embedded(dir)
	if err != nil {
		return "", err
	}
	p := packer{root: root, cache: filepath.Join(root, "bin", "packed"), Replace: map[string]string{}}
	if err := os.MkdirAll(p.cache, 0o755); err != nil {
		return "", err
	}
	for _, file := range files {
		if err := p.add(file); err != nil {
			return "", fmt.Errorf("compress %s: %w", file, err)
		}
	}
	return p.write()
}

// embedded returns the directory of the program, and what it embeds.
func embedded(dir string) (root string, files []string, err error) {
	list := exec.Command("go", "list", "-json=Dir,EmbedFiles", "doorward")
	list.Dir = dir
	out, err := list.Output()
	if err != nil {
		return "", nil, fmt.Errorf("list what the program embeds: %w", err)
	}
	var program struct {
		Dir        string
		EmbedFiles []string
	}
	err = json.Unmarshal(out, &program)
	return program.Dir, program.EmbedFiles, err
}

// A packer makes an overlay.
type packer struct {
	root, cache string
	Replace     map[string]string // as go build reads it; to nothing: the file is not there
}

// add compresses a file, unless it is small.
func (p *packer) add(file string) error {
	content, err := p.read(file)
	if err != nil || len(content) < minPacked {
		return err
	}
	compressed, err := p.compress(content)
	file = filepath.Join(p.root, file)
	p.Replace[file], p.Replace[file+packed.Suffix] = "", compressed
	return err
}

// read returns what the program needs of a file.
func (p *packer) read(file string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(p.root, file))
	if err != nil || path.Dir(file) != "frontend/messages" {
		return content, err
	}
	return messages.WithoutConsole(content)
}

// compress returns the name of a file with the content compressed.
func (p *packer) compress(content []byte) (string, error) {
	sum := sha256.Sum256(content)
	name := filepath.Join(p.cache, hex.EncodeToString(sum[:])+packed.Suffix)
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return name, err
	}
	compressed, err := packed.Compress(content)
	if err != nil {
		return "", err
	}
	return name, replace(name, compressed)
}

func (p *packer) write() (overlay string, err error) {
	text, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(p.cache, "overlay.json")
	return overlay, replace(overlay, text)
}

// replace writes a file in one step: two tests may build the program at the same time.
func replace(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "*.part")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), name)
}
