package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// The power fails right after an answer: what was answered must be on the disk by
// then. The trace of system calls shows it: between reading each request and writing
// its answer, a sync began and succeeded.
func TestAnswersComeAfterTheSync(t *testing.T) {
	need.Program(t, "strace", "strace")
	const invitations = 40
	p := newProduct(t)
	p.Env = append(p.Env, "DOORWARD_SMTP_URL=")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	c := &fixture{t, p, map[string]string{}}
	c.do("setup", "--email", "grace@example.org", "--name", "Grace Hopper")
	var token struct{ Token string }
	if err := json.Unmarshal([]byte(c.do("token", "add", "work", "--role", "Admin", "--json")), &token); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	stop := traced(t, p.Server.Process.Pid, trace)
	client := &http.Client{Timeout: product.Patience}
	for n := range invitations {
		status, text := ask(
			t,
			client,
			token.Token,
			http.MethodPost,
			p.URL+"/api/v1/invitations",
			fmt.Sprintf(`{"email":"s%d@example.com","roles":["Fleet"]}`, n),
		)
		if status != http.StatusCreated {
			t.Fatalf("invitation %d = %d %.200s", n, status, text)
		}
	}
	stop()
	syncs, answers, bare := syncsBeforeAnswers(t, trace)
	t.Logf("%d answers, %d syncs that ended well", answers, syncs)
	if answers != invitations || bare > 0 {
		t.Errorf("%d answers are in the trace, of %d; %d have no sync between their request and them",
			answers, invitations, bare)
	}
}

// traced runs strace on a process and its threads, until stop.
func traced(t *testing.T, pid int, file string) (stop func()) {
	t.Helper()
	cmd := exec.Command(
		"strace", "-f", "-s", "40", "-e", "trace=read,write,msync,fsync,fdatasync", "-o", file, "-p", fmt.Sprint(pid),
	)
	var says product.Transcript
	cmd.Stderr = &says
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait(); close(exited) }()
	if _, err := says.Await(0, regexp.MustCompile(`attached`), exited); err != nil {
		if strings.Contains(says.String(), "ermitted") {
			need.Impossible(t, "This process may not be traced: %s", &says)
		}
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Error(err)
		}
		<-exited
	}
}

var (
	requestRead   = regexp.MustCompile(`read(\(\d+, | resumed>)"POST /api/v1/invitations `)
	answerWritten = regexp.MustCompile(`write\(\d+, "HTTP/1.1 201 `)
	syncBegins    = regexp.MustCompile(`^(\d+) +(msync|fsync|fdatasync)\(`)
	syncResumes   = regexp.MustCompile(`^(\d+) +<\.\.\. (msync|fsync|fdatasync) resumed>.*= 0$`)
)

// syncsBeforeAnswers reads a trace of one client's requests, which are sequential.
func syncsBeforeAnswers(t *testing.T, trace string) (syncs, answers, bare int) {
	t.Helper()
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	begun, kept := map[string]bool{}, false // syncs that began since the request was read, by thread
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		switch {
		case requestRead.MatchString(line):
			begun, kept = map[string]bool{}, false
		case answerWritten.MatchString(line):
			if answers++; !kept {
				bare++
			}
		case syncResumes.MatchString(line):
			if thread := syncResumes.FindStringSubmatch(line)[1]; begun[thread] {
				kept = true
			}
			syncs++
		case syncBegins.MatchString(line) && strings.HasSuffix(line, "<unfinished ...>"):
			begun[syncBegins.FindStringSubmatch(line)[1]] = true
		case syncBegins.MatchString(line) && strings.HasSuffix(line, "= 0"):
			kept, syncs = true, syncs+1
		}
	}
	return syncs, answers, bare
}
