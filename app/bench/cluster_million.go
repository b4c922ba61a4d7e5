package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// joinMost is how long a machine may take to get a copy of a large store before the run gives up.
const joinMost = 20 * time.Minute

// clusterMillion measures how long a blank machine takes until it has a copy of a large store and a
// vote, and the memory of three machines that have one.
func clusterMillion(b *bench) error {
	first, err := b.product("whole1")
	if err != nil {
		return err
	}
	if err := fill(first.data, b.members); err != nil {
		return err
	}
	copied, size, err := b.copyOf(first.data)
	if err != nil {
		return err
	}
	if err := first.begin(first); err != nil {
		return err
	}
	all := []*product{first}
	of := fmt.Sprintf(", %s members", thousands(float64(b.members)))
	took, highest, err := b.joinLarge(&all)
	if err != nil {
		return errors.Join(err, stopAll(all))
	}
	b.add(figure{
		what:     "a blank machine, from serve --join until it has everything and a vote" + of,
		measured: seconds(took.percentile(100)),
		ranging:  took.ranging(seconds),
		bound:    fmt.Sprintf("a copy of the %s of its files, synced %s", megabytes(size), seconds(copied)),
		target:   "< 60 s",
		met:      took.percentile(100) < 60,
	})
	rest, err := restMemory(all)
	b.add(figure{
		what:     "anonymous memory of each of the three" + of,
		measured: megabytes(rest.percentile(100)),
		ranging:  rest.ranging(megabytes),
		bound:    "the highest while they joined " + megabytes(highest.percentile(100)),
		target:   "< 400 MB",
		met:      max(rest.percentile(100), highest.percentile(100)) < 400e6,
	})
	return errors.Join(err, b.backups(all), stopAll(all))
}

// joinLarge lets two machines join the first of all, one after the other, and adds them. It returns
// how many seconds each took, and the highest memory that each of the three had meanwhile.
func (b *bench) joinLarge(all *[]*product) (took, highest spread, err error) {
	first := (*all)[0]
	memory := watchMemories(first)
	for _, name := range []string{"whole2", "whole3"} {
		p, err := b.product(name)
		if err != nil {
			return took, memory.end(), err
		}
		*all = append(*all, p)
		began := time.Now()
		if err := p.begin(first); err != nil {
			return took, memory.end(), err
		}
		memory.add(p)
		if err := until(joinMost, func() bool { return whole(*all) }); err != nil {
			return took, memory.end(), err
		}
		took = append(took, time.Since(began).Seconds())
	}
	return took, memory.end(), nil
}

// restMemory is the memory of each machine when nothing is asked.
func restMemory(all []*product) (each spread, err error) {
	time.Sleep(idle)
	for _, p := range all {
		m, err := memoryOf(p.pid())
		if err != nil {
			return each, err
		}
		each = append(each, m.anonymous)
	}
	return each, nil
}

// copyOf copies a directory file by file, as quickly as this machine can, and returns in how many
// seconds, and of how many bytes. The copy is removed.
func (b *bench) copyOf(dir string) (took, size float64, err error) {
	to := filepath.Join(b.dir, "copy")
	defer func() { err = errors.Join(err, os.RemoveAll(to)) }()
	began := time.Now()
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		under, err := filepath.Rel(dir, name)
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, under), 0o700))
		}
		if !d.Type().IsRegular() {
			return nil
		}
		n, err := copyFile(name, filepath.Join(to, under))
		size += float64(n)
		return err
	})
	return time.Since(began).Seconds(), size, err
}

func copyFile(from, to string) (n int64, err error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(out, in)
	return n, errors.Join(err, out.Sync(), out.Close())
}
