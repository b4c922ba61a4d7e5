package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	pageSize = 50
	asks     = 300 // requests of one kind in a round
	deepest  = 200 // the largest page, to get to the middle with
)

// A question is one kind of page; next is the query of its next request.
type question struct {
	what string
	path string
	next func() string
}

// pagesOn requests pages of the large store as an Admin's console does, one after
// the other, the kinds in turn.
func (b *bench) pagesOn(p *product) error {
	cookie, err := p.adminsCookie()
	if err != nil {
		return err
	}
	l := newLister(p, cookie)
	middle, err := l.middle(b.members)
	if err != nil {
		return err
	}
	if err := b.partsOn(p, l); err != nil {
		return err
	}
	questions := b.questions(middle)
	took, rounds := make([]spread, len(questions)), make([]spread, len(questions))
	for range b.rounds {
		for i, q := range questions {
			t, err := l.ask(q)
			if err != nil {
				return err
			}
			took[i], rounds[i] = append(took[i], t...), append(rounds[i], t.percentile(99))
		}
	}
	for i, q := range questions {
		p50, p99 := took[i].percentile(50), took[i].percentile(99)
		b.add(figure{
			what:     q.what + ", " + thousands(float64(b.members)) + " members",
			measured: fmt.Sprintf("p50 %s, p99 %s", milliseconds(p50), milliseconds(p99)),
			ranging:  "p99 " + rounds[i].ranging(milliseconds),
			target:   "p99 < 10 ms",
			met:      p99 < 10,
		})
	}
	return nil
}

func (b *bench) questions(middle []string) []question {
	w, r := newWorkplace(b.members), rand.New(rand.NewPCG(4, 5))
	one := func(of []string) string { return of[r.IntN(len(of))] }
	always := func(query string) func() string { return func() string { return query } }
	search := func(query func() string) func() string {
		return func() string { return "&q=" + url.QueryEscape(query()) }
	}
	part := func(n int) func() string { return func() string { return within(r, one(w.lasts), n) } }
	return []question{
		{"first page of members", "members", always("")},
		{"a page in the middle", "members", func() string { return "&cursor=" + one(middle) }},
		{"newest of one state", "members", always("&state=active")},
		{"newest of one role", "members", always("&role=Fleet")},
		{"newest of one state and role", "members", always("&state=pending&role=Fleet")},
		{"login requests, longest waiting first", "login-requests", always("")},
		{"search for a name", "members", search(func() string { return one(w.lasts) })},
		{"search for the beginning of a name", "members", search(func() string { return one(w.lasts)[:3] })},
		{"search for a domain", "members", search(func() string { return one(w.mailDomains) })},
		{"search for two words", "members", search(func() string { return one(w.firsts) + " " + one(w.lasts)[:2] })},
		{"search for any three letters of a name", "members", search(part(3))},
		{"search for any five letters of a name", "members", search(part(5))},
		{"search for parts of two names", "members", search(func() string {
			return within(r, one(w.firsts), 3) + " " + within(r, one(w.lasts), 3)
		})},
		{"search for two common words", "members", search(func() string { return one(w.firsts)[:2] + " example.com" })},
	}
}

// within returns n letters of a word, not the first ones if it has more.
func within(r *rand.Rand, word string, n int) string {
	if len(word) <= n {
		return word
	}
	at := 1 + r.IntN(len(word)-n)
	return word[at : at+n]
}

// partsOn measures what the first search by any part sets off: how long until such a search
// is answered in full, and what memory that takes.
func (b *bench) partsOn(p *product, l *lister) error {
	before, err := memoryOf(p.pid())
	if err != nil {
		return err
	}
	began := time.Now()
	for {
		if err := l.get("members", "&q=ppe", pageSize); err != nil {
			return err
		}
		if !strings.Contains(string(l.resp.Body()), `"only_beginnings":true`) {
			break
		}
		if time.Since(began) > 2*patience {
			return errors.New("the search by any part never became ready")
		}
	}
	took := time.Since(began).Seconds() * 1000
	after, err := memoryOf(p.pid())
	if err != nil {
		return err
	}
	of := ", " + thousands(float64(b.members)) + " members"
	b.add(figure{what: "from the first search by any part until it is answered in full" + of,
		measured: milliseconds(took)})
	b.add(figure{what: "resident memory that it takes, dropped after ten idle minutes" + of,
		measured: megabytes(after.resident - before.resident)})
	return nil
}

// A lister requests lists from the API.
type lister struct {
	client *fasthttp.HostClient
	base   string
	req    *fasthttp.Request
	resp   *fasthttp.Response
}

func newLister(p *product, cookie string) *lister {
	l := &lister{
		client: &fasthttp.HostClient{Addr: p.listen, MaxConns: 1, ReadTimeout: patience},
		base:   p.url() + "/api/v1/",
		req:    fasthttp.AcquireRequest(),
		resp:   fasthttp.AcquireResponse(),
	}
	l.req.Header.Set("Cookie", cookie)
	l.req.Header.Set("Sec-Fetch-Mode", "cors")
	return l
}

func (l *lister) get(path, query string, limit int) error {
	l.req.SetRequestURI(fmt.Sprintf("%s%s?limit=%d%s", l.base, path, limit, query))
	if err := l.client.Do(l.req, l.resp); err != nil {
		return err
	}
	if l.resp.StatusCode() != fasthttp.StatusOK {
		return fmt.Errorf("%s?%s was answered %d: %s", path, query, l.resp.StatusCode(), l.resp.Body())
	}
	return nil
}

// ask asks one question repeatedly. Half of the answers may be empty, since some
// generated names belong to nobody; more would mean that the list does not work.
func (l *lister) ask(q question) (took spread, err error) {
	empty := 0
	for range asks {
		query := q.next()
		began := time.Now()
		if err := l.get(q.path, query, pageSize); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began).Seconds()*1000)
		if strings.Contains(string(l.resp.Body()), `"items":[]`) {
			empty++
		}
	}
	if empty > asks/2 {
		return nil, fmt.Errorf("%s: %d of %d answers were empty", q.what, empty, asks)
	}
	return took, nil
}

// middle goes to the middle of the list and returns cursors of pages there.
func (l *lister) middle(members int) (cursors []string, err error) {
	cursor := ""
	for seen := 0; seen < members/2+50*deepest && seen < members-deepest; seen += deepest {
		query := ""
		if cursor != "" {
			query = "&cursor=" + cursor
		}
		if err := l.get("members", query, deepest); err != nil {
			return nil, err
		}
		var page struct{ Next string }
		if err := json.Unmarshal(l.resp.Body(), &page); err != nil {
			return nil, err
		}
		if cursor = page.Next; cursor == "" {
			break
		}
		if seen >= members/2 {
			cursors = append(cursors, cursor)
		}
	}
	if len(cursors) == 0 {
		return nil, fmt.Errorf("the list of %d members has no middle", members)
	}
	return cursors, nil
}
