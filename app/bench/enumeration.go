package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	askedOf  = 200 // addresses of a class: a stranger may request ten emails for each
	askedFor = 10
	onBeat   = 400 // samples of a class that are taken at the worst moment, when requests are answered
	beat     = 500 * time.Millisecond
)

var accounts = []string{"unknown", "pending", "suspended", "active"}

// enumeration measures what an attacker learns about an address by requesting a
// sign-in email to it and then timing another request: a wrong code from another
// browser on another connection, the sign-in page, and a wrong code at the moment
// when requests are answered. No two classes of addresses may be distinguishable.
func enumeration(b *bench) error {
	p, err := b.product("enumeration")
	if err != nil {
		return err
	}
	to, err := startSink(nil)
	if err != nil {
		return err
	}
	defer to.Close()
	p.env = append(p.env, append(to.env(), "DOORWARD_TRUSTED_PROXIES=127.0.0.1")...)
	if err := b.accountsOn(p); err != nil {
		return err
	}
	if _, err := p.start(); err != nil {
		return err
	}
	return errors.Join(b.enumerationOn(p), p.stop())
}

func addressOf(class string, n int) string { return fmt.Sprintf("%.3s%03d@example.com", class, n) }

// accountsOn makes the accounts of the addresses.
func (b *bench) accountsOn(p *product) error {
	if err := p.does("setup", "--email", adminAddress); err != nil {
		return err
	}
	rows := "email,role\n"
	var approve, suspend []string
	for n := range askedOf {
		for _, class := range accounts[1:] {
			rows += addressOf(class, n) + ",Fleet\n"
		}
		approve = append(approve, addressOf("active", n), addressOf("suspended", n))
		suspend = append(suspend, addressOf("suspended", n))
	}
	file := filepath.Join(b.dir, "accounts.csv")
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		return err
	}
	if err := p.does("import", file); err != nil {
		return err
	}
	if err := p.does(append([]string{"approve"}, approve...)...); err != nil {
		return err
	}
	for _, email := range suspend {
		if err := p.does("suspend", email); err != nil {
			return err
		}
	}
	return nil
}

// does runs a command line and ignores its answer.
func (p *product) does(args ...string) error {
	cmd := exec.Command(p.program, args...)
	cmd.Env = p.env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("doorward %s: %w\n%.500s", args[0], err, out)
	}
	return nil
}

// A prober requests emails, and times the requests that follow.
type prober struct {
	asks, probes *http.Client // each on connections of its own
	home, csrf   string       // of the browser that probes
	cookie       string
	networks     int
}

// request sends one request from a network of its own. It returns the answer and
// how long it took.
func (r *prober) request(
	c *http.Client,
	method, path, cookie string,
	form url.Values,
) (body string, set string, took float64, err error) {
	for {
		var content io.Reader
		if form != nil {
			content = strings.NewReader(form.Encode())
		}
		req, err := http.NewRequest(method, r.home+path, content)
		if err != nil {
			return "", "", 0, err
		}
		r.networks++
		req.Header.Set("X-Forwarded-For",
			fmt.Sprintf("10.%d.%d.%d", r.networks>>16&255, r.networks>>8&255, r.networks&255))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if cookie != "" {
			req.Header.Set("Cookie", cookie)
		}
		began := time.Now()
		resp, err := c.Do(req)
		if err != nil {
			return "", "", 0, err
		}
		text, err := io.ReadAll(resp.Body)
		took = time.Since(began).Seconds() * 1000
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusTooManyRequests {
			return string(text), strings.Split(resp.Header.Get("Set-Cookie"), ";")[0], took, err
		}
		time.Sleep(500 * time.Millisecond) // strangers may request ten a second in all
	}
}

// browser is a new browser: its cookie, and its form token.
func (r *prober) browser() (cookie, csrf string, err error) {
	page, cookie, _, err := r.request(r.asks, "GET", "/login", "", nil)
	if found := formToken.FindStringSubmatch(page); found != nil {
		return cookie, found[1], err
	}
	return "", "", errors.Join(err, errors.New("the sign-in page has no form"))
}

func (r *prober) wrongCode() (float64, error) {
	page, _, took, err := r.request(r.probes, "POST", "/login/code", r.cookie, url.Values{
		"csrf": {r.csrf},
		"code": {"ZZZZ-ZZZZ"},
		"try":  {strconv.FormatInt(time.Now().UnixNano(), 10)}, // the same form again gets the first answer
	})
	if err == nil && !strings.Contains(page, "is wrong or has expired") {
		err = fmt.Errorf("a wrong code was answered %.200s", page)
	}
	return took, err
}

// samples are the measured times, in milliseconds.
type samples map[string]map[string]spread // by what was timed, by class

func (b *bench) enumerationOn(p *product) error {
	r := &prober{
		asks:   &http.Client{Transport: &http.Transport{}},
		probes: &http.Client{Transport: &http.Transport{}},
		home:   p.url(),
	}
	var err error
	if r.cookie, r.csrf, err = r.browser(); err != nil {
		return err
	}
	took := samples{}
	var order []string
	for _, class := range accounts {
		for range askedOf * askedFor {
			order = append(order, class)
		}
	}
	rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	done := map[string]int{}
	for _, class := range order {
		n := done[class]
		done[class]++
		if err := r.sample(took, class, n); err != nil {
			return err
		}
	}
	for _, what := range []string{"wrong code from another browser", "sign-in page",
		"wrong code when asks are answered"} {
		b.tellApart(what, took[what])
	}
	return nil
}

func (r *prober) sample(took samples, class string, n int) error {
	cookie, csrf, err := r.browser()
	if err != nil {
		return err
	}
	atBeat := n < onBeat
	if atBeat { // request shortly before, so that the answer is being written then
		time.Sleep(beat - time.Duration(time.Now().Add(40*time.Millisecond).UnixNano())%beat)
	}
	page, _, _, err := r.request(r.asks, "POST", "/login", cookie, url.Values{
		"csrf":  {csrf},
		"email": {addressOf(class, n%askedOf)},
	})
	if err != nil || !strings.Contains(page, "Check your email") {
		return fmt.Errorf("an ask was answered %.200s: %w", page, err)
	}
	add := func(what string, ms float64) {
		if took[what] == nil {
			took[what] = map[string]spread{}
		}
		took[what][class] = append(took[what][class], ms)
	}
	ms, err := r.wrongCode()
	if err != nil {
		return err
	}
	add("wrong code from another browser", ms)
	if _, _, ms, err = r.request(r.probes, "GET", "/login", r.cookie, nil); err != nil {
		return err
	}
	add("sign-in page", ms)
	if !atBeat {
		return nil
	}
	time.Sleep(beat - time.Duration(time.Now().UnixNano())%beat + 500*time.Microsecond)
	if ms, err = r.wrongCode(); err == nil {
		add("wrong code when asks are answered", ms)
	}
	return err
}

// tellApart compares every two classes and adds the pair that differs most.
func (b *bench) tellApart(what string, took map[string]spread) {
	worst, pair, least := 0.5, "", 1.0
	for i, one := range accounts {
		for _, other := range accounts[i+1:] {
			auc, p := mannWhitney(took[one], took[other])
			tell(
				"%s: %s (median %s, %d) and %s (%s, %d): AUC %.3f, p %.2g",
				what,
				one,
				milliseconds(took[one].median()),
				len(took[one]),
				other,
				milliseconds(took[other].median()),
				len(took[other]),
				auc,
				p,
			)
			if math.Abs(auc-0.5) > math.Abs(worst-0.5) || pair == "" {
				worst, pair = auc, one+" and "+other
			}
			least = min(least, p)
		}
	}
	b.add(figure{
		what: "after the sign-in form: " + what + ", " + thousands(float64(len(took[accounts[0]]))) +
			" samples a class",
		measured: fmt.Sprintf("AUC %.3f (%s), smallest p %.2g", worst, pair, least),
		target:   "0.5 ± 0.03, p > 0.01",
		met:      math.Abs(worst-0.5) <= 0.03 && least > 0.01,
	})
}

// mannWhitney returns the probability that a value of a is above one of b, ties
// counting half, and the probability of a difference this large between equal
// distributions.
func mannWhitney(a, b spread) (auc, p float64) {
	type value struct {
		v     float64
		first bool
	}
	var all []value
	for _, v := range a {
		all = append(all, value{v, true})
	}
	for _, v := range b {
		all = append(all, value{v, false})
	}
	slices.SortFunc(all, func(x, y value) int { return cmp.Compare(x.v, y.v) })
	ranks := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].v == all[i].v {
			j++
		}
		for k := i; k < j; k++ {
			if all[k].first {
				ranks += float64(i+j+1) / 2
			}
		}
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	u := ranks - n*(n+1)/2
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return u / (n * m), math.Erfc(math.Abs(z) / math.Sqrt2)
}
