package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"doorward/app/e2e/product"
)

// The window is at the address in front of three machines, and the one behind it, which leads, is
// killed. The window goes on at another by itself: it stays signed in, and tells of who comes.
func TestWindowAtACluster(t *testing.T) {
	program := desktop(t)
	released, err := product.Build()
	if err != nil {
		t.Fatal(err)
	}
	first := product.NewMachine(t, "one")
	all := []*product.Machine{first, product.NewMachine(t, "two"), product.NewMachine(t, "three")}
	url := "http://" + inFront(t, all)
	product.Begin(first, all[1:], "--url", url)
	far := &running{&product.Product{Program: released, Env: first.Env, URL: url}}
	near, s := newProduct(t), newScreen(t)
	near.Env = append(near.Env, "DOORWARD_LISTEN=127.0.0.1:0")
	n := newNotices(t, s)
	s.keyring(t)
	b := newRemoteBrowser(t, s, far, "ada@example.com")

	d := drive(t, s, program, near.Env)
	d.find("heading", "Welcome to Doorward")
	d.click("button", "Connect to it")
	d.fill("Address", url)
	d.click("button", "Sign in")
	b.letsIn(s)
	d.click("button", "Yes, sign in")
	d.find("heading", "Dashboard")
	tells := func(email string) {
		t.Helper()
		for told := n.await(t); !strings.Contains(told.body, email); told = n.await(t) {
			t.Logf("before %s, it tells %q", email, told.body)
		}
	}
	accepts(t, all[1], far, "grace@example.com")
	tells("grace@example.com")
	s.window(`^\(1\) AI Loop · Doorward$`)

	if leads := product.Leading(t, all...); leads != first {
		t.Fatalf("%s leads, and the window is not at it", leads.Name)
	}
	first.Kill()
	product.Leading(t, all[1:]...)
	accepts(t, all[2], far, "katherine@example.com")
	tells("katherine@example.com")
	s.window(`^\(2\) AI Loop · Doorward$`)
	d.find("heading", "Dashboard")
	d.click("button", "Review")
	d.find("heading", "Review Pending Requests")
	d.click("button", "Approve katherine@example.com")
	d.reads("katherine@example.com approved")
	d.picture("elsewhere-cluster")
}

// accepts is somebody who is invited at a machine, and accepts at the address in front.
func accepts(t *testing.T, at *product.Machine, far *running, email string) {
	t.Helper()
	var made struct {
		Link string `json:"login_link"`
	}
	out := at.Do("invite", email, "--role", "Fleet", "--print-link", "--json")
	if err := json.Unmarshal([]byte(out), &made); err != nil {
		t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil)
	(&fixture{t, far, nil}).press(&http.Client{Jar: jar}, made.Link, made.Link, nil, "Account Pending Approval")
}

// inFront passes each connection on to the first machine that takes it, as a proxy in front of
// them would, and returns its address.
func inFront(t *testing.T, all []*product.Machine) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			visitor, err := l.Accept()
			if err != nil {
				return
			}
			go pass(visitor, all)
		}
	}()
	return fmt.Sprint(l.Addr())
}

func pass(visitor net.Conn, all []*product.Machine) {
	defer visitor.Close()
	for _, m := range all {
		machine, err := net.Dial("tcp", m.Listen)
		if err != nil {
			continue
		}
		go func() { io.Copy(machine, visitor); machine.Close() }()
		io.Copy(visitor, machine)
		return
	}
}
