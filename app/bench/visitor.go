package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// A visitor is a browser, with as much as signing in needs.
type visitor struct {
	http *http.Client
	home string
}

// admin signs in the first Admin.
func (p *product) admin() (*visitor, error) {
	var made struct {
		LoginLink string `json:"login_link"`
	}
	if err := p.says(&made, "setup", "--email", "admin@example.com", "--name", "Grace"); err != nil {
		return nil, err
	}
	return p.enter(made.LoginLink)
}

// adminsCookie is the session of the Admin among many, after a new sign-in.
func (p *product) adminsCookie() (string, error) {
	var made struct {
		LoginLink string `json:"login_link"`
	}
	if err := p.says(&made, "login-link", adminAddress); err != nil {
		return "", err
	}
	v, err := p.enter(made.LoginLink)
	if err != nil {
		return "", err
	}
	return v.cookie()
}

// member signs in somebody who was invited, has accepted, and was approved.
func (p *product) member(email string) (*visitor, error) {
	var made struct {
		LoginLink string `json:"login_link"`
	}
	if err := p.says(&made, "invite", email, "--role", "Fleet", "--print-link"); err != nil {
		return nil, err
	}
	v, err := p.enter(made.LoginLink)
	if err != nil {
		return nil, err
	}
	var approved json.RawMessage
	return v, p.says(&approved, "approve", email)
}

var formToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// enter opens a login link and presses its button.
func (p *product) enter(link string) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := &visitor{&http.Client{Jar: jar, Timeout: patience}, p.url() + "/"}
	page, err := v.page(v.http.Get(link))
	if err != nil {
		return nil, err
	}
	token := formToken.FindStringSubmatch(page)
	if token == nil {
		return nil, errors.New("the page behind a login link has no form")
	}
	_, err = v.page(v.http.PostForm(link, url.Values{"csrf": {token[1]}}))
	return v, err
}

func (v *visitor) page(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", resp.Request.URL.Path, resp.Status)
	}
	return string(body), err
}

// cookie is the session's cookie, after the rotation that follows a rise of
// permissions.
func (v *visitor) cookie() (string, error) {
	if _, err := v.page(v.http.Get(v.home)); err != nil {
		return "", err
	}
	home, err := url.Parse(v.home)
	if err != nil {
		return "", err
	}
	for _, c := range v.http.Jar.Cookies(home) {
		if strings.HasPrefix(c.Name, "dw") && !strings.HasPrefix(c.Name, "dw-browser") {
			return c.Name + "=" + c.Value, nil
		}
	}
	return "", errors.New("signing in gave no session")
}
