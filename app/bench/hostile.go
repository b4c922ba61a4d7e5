package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// hostile measures the cost of strangers' attacks: 2,000 connections with
// requests that are compressed, nested, announced or slow, and more connections
// than a process of 256 files can hold.
func hostile(b *bench) error { return errors.Join(b.besieged(), b.fewFiles()) }

// besiegers is the number of their connections, each from an address of its own.
const besiegers = 2000

func (b *bench) besieged() error {
	var grown, p99 spread
	for round := range b.rounds {
		p, err := b.product(fmt.Sprintf("hostile-%d", round)) // a new one each time: grown memory is kept
		if err != nil {
			return err
		}
		if _, err := p.start(); err != nil {
			return err
		}
		more, took, err := b.siege(p)
		if err := errors.Join(err, p.stop()); err != nil {
			return err
		}
		grown, p99 = append(grown, more), append(p99, took)
	}
	b.add(figure{
		what:     fmt.Sprintf("memory that %d hostile connections take", besiegers),
		measured: megabytes(grown.median()),
		ranging:  grown.ranging(megabytes),
		target:   "≤ 60 MB",
		met:      grown.median() <= 60e6,
	})
	b.add(figure{
		what:     "p99 of others' requests meanwhile",
		measured: milliseconds(p99.median()),
		ranging:  p99.ranging(milliseconds),
		target:   "< 200 ms",
		met:      p99.median() < 200,
	})
	return nil
}

// siege returns by how many bytes the server grows at most while strangers attack
// and others use it, and how long those wait, in milliseconds.
func (b *bench) siege(p *product) (grown, p99 float64, err error) {
	if _, err := askReady(p, 200); err != nil { // like a server that has been in use
		return 0, 0, err
	}
	before, err := resident(p.pid())
	if err != nil {
		return 0, 0, err
	}
	texts, err := siegeTexts(p.listen)
	if err != nil {
		return 0, 0, err
	}
	stop, most := make(chan struct{}), make(chan float64)
	go watchMemory(p.pid(), stop, most)
	held := besiege(p.listen, besiegers, texts)
	waits, err := askReady(p, 300)
	close(stop)
	peak := <-most
	for _, c := range held {
		c.Close()
	}
	if err != nil {
		return 0, 0, err
	}
	slices.Sort(waits)
	return peak - before, waits[len(waits)*99/100], nil
}

func watchMemory(pid int, stop chan struct{}, most chan float64) {
	peak := 0.0
	for {
		if now, err := resident(pid); err == nil {
			peak = max(peak, now)
		}
		select {
		case <-stop:
			most <- peak
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func resident(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var size, pages float64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0, err
	}
	return pages * float64(os.Getpagesize()), nil
}

// siegeTexts are the beginnings of requests that strangers send.
func siegeTexts(host string) ([]string, error) {
	bomb := bytes.Repeat([]byte{0}, 64<<20)
	for range 2 {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(bomb); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		bomb = packed.Bytes()
	}
	post := "POST /login HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	api := "POST /api/v1/invitations HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\n"
	return []string{
		post + fmt.Sprintf("Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n%s", len(bomb), bomb),
		api + "Content-Length: 60000\r\n\r\n" + strings.Repeat("[", 59000),
		post + "Content-Length: 1048576\r\n\r\na",
		api + "Content-Length: 65536\r\n\r\na",
		post + "Content-Length: 16000\r\n\r\na",
		"GET /login HTTP/1.1\r\nHost: " + host + "\r\nX-Slow: ",
	}, nil
}

// besiege opens connections from many addresses, and sends the texts on them in
// turn. Some are closed at once: that is what is measured.
func besiege(at string, n int, texts []string) (held []net.Conn) {
	for i := range n {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 7, byte(i>>8), byte(i))}, Timeout: patience}
		c, err := d.Dial("tcp", at)
		if err != nil {
			continue
		}
		c.SetWriteDeadline(time.Now().Add(time.Second))
		c.Write([]byte(texts[i%len(texts)]))
		held = append(held, c)
	}
	return held
}

// askReady asks n times whether the server is ready, each time on a new
// connection, and returns how long each took in milliseconds. Any other answer is
// an error.
func askReady(p *product, n int) (waits spread, err error) {
	for range n {
		began := time.Now()
		if err := askOnce(p.listen); err != nil {
			return nil, fmt.Errorf("somebody else was not answered: %w", err)
		}
		waits = append(waits, float64(time.Since(began).Microseconds())/1000)
		time.Sleep(5 * time.Millisecond)
	}
	return waits, nil
}

func askOnce(at string) error {
	conn, err := net.DialTimeout("tcp", at, patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", at)
	answer, err := io.ReadAll(conn)
	if err == nil && !strings.HasPrefix(string(answer), "HTTP/1.1 200") {
		err = fmt.Errorf("answered %.80q", answer)
	}
	return err
}

// fewFiles measures how soon a process of 256 files answers after 1,000
// connections have gone.
func (b *bench) fewFiles() error {
	p, err := b.product("files")
	if err != nil {
		return err
	}
	script := filepath.Join(b.dir, "few-files")
	text := fmt.Sprintf("#!/bin/sh\nulimit -n 256 && exec '%s' \"$@\"\n", p.program)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		return err
	}
	p.program = script
	if _, err := p.start(); err != nil {
		return err
	}
	var took spread
	for range b.rounds {
		for _, c := range besiege(p.listen, 1000, []string{"GET /login HT"}) {
			c.Close()
		}
		gone := time.Now()
		for !ready(p.listen) && time.Since(gone) < patience {
			time.Sleep(time.Millisecond)
		}
		took = append(took, float64(time.Since(gone).Microseconds())/1000)
	}
	b.add(figure{
		what:     "256 files, 1,000 connections: answers again after they are gone",
		measured: milliseconds(took.median()),
		ranging:  took.ranging(milliseconds),
		target:   "≤ 2 s",
		met:      took.median() <= 2000,
	})
	return p.stop()
}
