package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"doorward/app/e2e/product"
	"doorward/build/need"
)

// Another program fills the disk to the last byte within a second, again and again,
// while sixteen clients invite and the store writes tables. SIGBUS once ended the
// server. Now it keeps running: it answers changes with 503 and disk_full, people can
// read, removing rights works, and once there is space it accepts changes by itself.
// Nothing that was answered is lost.
func TestNeighbourFillsTheDisk(t *testing.T) {
	t.Run("tmpfs", func(t *testing.T) {
		neighbourFills(t, newSmallDisk(t, 400<<20).dir)
	})
	t.Run("ext4", func(t *testing.T) {
		neighbourFills(t, newLoopDisk(t, 500<<20))
	})
}

// newLoopDisk is a small ext4 file system in a file.
func newLoopDisk(t *testing.T, bytes int64) string {
	t.Helper()
	image, dir := filepath.Join(t.TempDir(), "image"), t.TempDir()
	f, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(bytes), f.Close()); err != nil {
		t.Fatal(err)
	}
	for _, step := range [][]string{{"mkfs.ext4", "-q", "-m", "0", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			need.Impossible(t,
				"A small ext4 takes root and loop devices (%s: %v, %s). The same on tmpfs is beside this.",
				step[0], err, out)
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("the small disk stays behind: %v, %s", err, out)
		}
	})
	return dir
}

func neighbourFills(t *testing.T, disk string) {
	const rounds, clients = 5, 16
	p := newProduct(t, "--min-free", "64MiB")
	p.Dir = filepath.Join(disk, "data")
	p.Env = append(p.Env, "DOORWARD_DATA="+p.Dir, "DOORWARD_SMTP_URL=") // emails are held
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	c := &fixture{t, p, map[string]string{}}
	c.do("setup", "--email", "grace@example.org", "--name", "Grace Hopper")
	token := func(name string) (made struct{ ID, Token string }) {
		t.Helper()
		if err := json.Unmarshal([]byte(c.do("token", "add", name, "--role", "Admin", "--json")), &made); err != nil {
			t.Fatal(err)
		}
		return made
	}
	work := token("work")
	var spent []string
	for i := range rounds {
		spent = append(spent, token(fmt.Sprint("spent", i)).ID)
	}
	pid := p.Server.Process.Pid

	var (
		all              sync.WaitGroup
		mu               sync.Mutex
		invited          []string
		answered, turned atomic.Int64
		stop             = make(chan struct{})
	)
	note := strings.Repeat("Welcome to the workspace. ", 7)
	for i := range clients {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: product.Patience}
			defer client.CloseIdleConnections()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				email := fmt.Sprintf("n%d.%d@example.com", i, n)
				status, text := ask(t, client, work.Token, http.MethodPost, p.URL+"/api/v1/invitations",
					fmt.Sprintf(`{"email":%q,"roles":["Fleet"],"note":%q}`, email, note))
				switch {
				case status == http.StatusCreated:
					answered.Add(1)
					mu.Lock()
					invited = append(invited, email)
					mu.Unlock()
				case status == http.StatusServiceUnavailable && strings.Contains(text, `"disk_full"`):
					turned.Add(1)
					time.Sleep(5 * time.Millisecond) // people are not faster
				case status == http.StatusServiceUnavailable && strings.Contains(text, `"store_busy"`):
				case status == http.StatusTooManyRequests:
					time.Sleep(5 * time.Millisecond)
				default:
					t.Errorf("an invitation = %d %.300s", status, text)
					return
				}
			}
		})
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		if err := product.Eventually(what, func() error {
			if ok() {
				return nil
			}
			return fmt.Errorf("%d answered, %d refused", answered.Load(), turned.Load())
		}); err != nil {
			t.Fatal(err)
		}
	}
	client := &http.Client{Timeout: product.Patience}
	for round := range rounds {
		goal := answered.Load() + int64(150+round*60)
		until("invitations are taken", func() bool { return answered.Load() >= goal })
		full := filepath.Join(disk, "neighbour")
		began := time.Now()
		out, err := exec.Command("dd", "if=/dev/zero", "of="+full, "bs=1M").CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("No space left")) {
			t.Fatalf("the neighbour ended with %v, %s", err, out)
		}
		took := time.Since(began)
		was := turned.Load()
		until("invitations are refused", func() bool { return turned.Load() >= was+2*clients })
		for _, path := range []string{"/api/v1/members?limit=5", "/api/v1/audit?limit=5", "/api/v1/overview"} {
			if status, text := ask(t, client, work.Token, http.MethodGet, p.URL+path, ""); status != http.StatusOK {
				t.Errorf("round %d: GET %s on a full disk = %d %.200s", round, path, status, text)
			}
		}
		if status, text := ask(
			t,
			client,
			work.Token,
			http.MethodDelete,
			p.URL+"/api/v1/tokens/"+spent[round],
			"",
		); status/100 != 2 {
			t.Errorf("round %d: revoking a token on a full disk = %d %.200s", round, status, text)
		}
		t.Logf("round %d: the neighbour took %v; %d invitations answered, %d refused; %d bytes free",
			round, took.Round(time.Millisecond), answered.Load(), turned.Load(), freeOn(t, disk))
		if err := os.Remove(full); err != nil {
			t.Fatal(err)
		}
	}
	goal := answered.Load() + 100
	until("invitations are taken again", func() bool { return answered.Load() >= goal })
	close(stop)
	all.Wait()
	if p.Server.Process.Pid != pid || p.Server.ProcessState != nil {
		t.Error("the server is not the one it was")
	}
	there := map[string]bool{}
	for _, m := range c.rows("members", "--limit", "0") {
		there[fmt.Sprint(m["email"])] = true
	}
	for _, email := range invited {
		if !there[email] {
			t.Errorf("%s was answered and is not there", email)
		}
	}
	c.do("verify")
	c.do("audit", "verify")
	if err := p.Stop(); err != nil {
		t.Errorf("the server did not stop in order: %v", err)
	}
}

func freeOn(t *testing.T, dir string) int64 {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	return int64(st.Bavail) * st.Bsize
}

// ask sends a request with a token and returns the status, or zero without an answer.
func ask(t *testing.T, client *http.Client, token, method, url, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(all)
}
