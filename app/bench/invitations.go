package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/valyala/fasthttp"

	"doorward/backend/text"
)

// invitations measures complete invitations over HTTP: member, indexes, email,
// audit entry, on the disk before the answer. They are compared with bare Badger
// commits of one key each, with the options that the store uses.
func invitations(b *bench) error {
	p, err := b.product("invitations")
	if err != nil {
		return err
	}
	if _, err := p.start(); err != nil {
		return err
	}
	return errors.Join(b.inviteOn(p), p.stop())
}

func (b *bench) inviteOn(p *product) error {
	v, err := p.admin()
	if err != nil {
		return err
	}
	cookie, err := v.cookie()
	if err != nil {
		return err
	}
	return b.inviteAs(p, cookie, "")
}

// inviteAs invites as an Admin; of says on which store.
func (b *bench) inviteAs(p *product, cookie, of string) error {
	db, err := badger.Open(bareOptions(filepath.Join(b.dir, "bare"+p.listen)))
	if err != nil {
		return err
	}
	invite := workload{p.pid(), inviter{p: p, cookie: cookie}.client}
	bare := workload{os.Getpid(), func() func(uint64) error { return committer(db) }}
	for _, clients := range []int{1, 16} {
		c, err := b.inTurn(clients, invite, bare)
		if err != nil {
			return errors.Join(err, db.Close())
		}
		b.add(c.figure(fmt.Sprintf("durable invitations over HTTP, %d %s", clients, text.Plural(clients, "client"))+of,
			"bare Badger commits of one key", 0.50))
	}
	return db.Close()
}

// A workload is clients that each repeat one request, and the process that serves them.
type workload struct {
	pid    int
	client func() func(uint64) error
}

// inTurn compares what is measured with its bound, for so many clients, round by round.
func (b *bench) inTurn(clients int, measured, bound workload) (c comparison, err error) {
	for range b.rounds {
		of, err := bound.under(clients)
		if err != nil {
			return c, err
		}
		ours, err := measured.under(clients)
		if err != nil {
			return c, err
		}
		c.add(ours, of)
	}
	return c, nil
}

// numbered counts everything that is made in a run, so that every name is unique.
var numbered atomic.Uint64

// under runs some clients that repeat the same request for a while. CPU time is
// that of the process that serves them.
func (w workload) under(clients int) (load, error) {
	before, err := cpuOf(w.pid)
	if err != nil {
		return load{}, err
	}
	var all sync.WaitGroup
	took, failed := make([]spread, clients), make([]error, clients)
	began := time.Now()
	for i := range clients {
		do := w.client()
		all.Go(func() { took[i], failed[i] = repeat(do, began.Add(loadFor)) })
	}
	all.Wait()
	lasted := time.Since(began)
	after, err := cpuOf(w.pid)
	if err := errors.Join(append(failed, err)...); err != nil {
		return load{}, err
	}
	var each spread
	for _, t := range took {
		each = append(each, t...)
	}
	n := float64(len(each))
	return load{
		rate:     n / lasted.Seconds(),
		p50:      each.percentile(50),
		p99:      each.percentile(99),
		cpu:      (after.own - before.own) / n * 1e6,
		requests: len(each),
	}, nil
}

func repeat(do func(uint64) error, until time.Time) (took spread, err error) {
	for now := time.Now(); now.Before(until); {
		if err := do(numbered.Add(1)); err != nil {
			return took, err
		}
		then := now
		now = time.Now()
		took = append(took, now.Sub(then).Seconds()*1000)
	}
	return took, nil
}

// committer writes one key at a time: the lower bound.
func committer(db *badger.DB) func(uint64) error {
	value := make([]byte, 256)
	return func(n uint64) error {
		return db.Update(func(txn *badger.Txn) error {
			return txn.Set(binary.BigEndian.AppendUint64(nil, n), value)
		})
	}
}

type inviter struct {
	p      *product
	cookie string
}

// client invites one new address at a time, on a connection of its own, as the
// console does.
func (i inviter) client() func(uint64) error {
	c := &fasthttp.HostClient{Addr: i.p.listen, MaxConns: 1, ReadTimeout: patience, WriteTimeout: patience}
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	req.Header.SetMethod("POST")
	req.SetRequestURI(i.p.url() + "/api/v1/invitations")
	req.Header.SetContentType("application/json")
	req.Header.Set("Cookie", i.cookie)
	req.Header.Set("Origin", i.p.url())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Sec-Fetch-Mode", "cors")
	return func(n uint64) error {
		req.SetBodyString(fmt.Sprintf(`{"email":"invited%d@example.com","name":"Ada Lovelace","roles":["Fleet"]}`, n))
		if err := c.Do(req, resp); err != nil {
			return err
		}
		if resp.StatusCode() != fasthttp.StatusCreated {
			return fmt.Errorf("an invitation was answered %d: %s", resp.StatusCode(), resp.Body())
		}
		return nil
	}
}

// bareOptions are the store's options for Badger, as far as they affect a commit.
func bareOptions(dir string) badger.Options {
	return badger.DefaultOptions(dir).
		WithSyncWrites(true).
		WithDetectConflicts(false).
		WithNumVersionsToKeep(1).
		WithValueThreshold(128 << 10).
		WithValueLogFileSize(1 << 20).
		WithMemTableSize(8 << 20).
		WithNumMemtables(3).
		WithBaseTableSize(4 << 20).
		WithBlockCacheSize(8 << 20).
		WithIndexCacheSize(8 << 20).
		WithNumCompactors(2).
		WithNumLevelZeroTables(6).
		WithNumLevelZeroTablesStall(20).
		WithBaseLevelSize(32 << 20).
		WithMetricsEnabled(false).
		WithLogger(nil)
}
