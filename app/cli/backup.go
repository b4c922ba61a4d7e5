package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"doorward/backend/access"
	"doorward/backend/text"
)

// A saved is a backup that was written.
type saved struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

func (r *run) backupVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Back up all data to a file",
		Long: "Back up all data, as of one moment, to a file that only you can read, or to\nstandard output " +
			"if FILE is -. The server can keep running.\n\n" +
			"The backup contains the instance key: anyone who has it can act as this\nDoorward. Keep it as safe " +
			"as the " +
			"data directory.",
		Args: cobra.ExactArgs(1),
		RunE: r.on(func(a *api, args []string) error {
			if args[0] == "-" {
				_, err := a.download(r.out)
				return err
			}
			n, err := a.save(args[0])
			if err != nil {
				return err
			}
			return r.value(saved{args[0], n}, func(w io.Writer) {
				fmt.Fprintf(w, "Backed up to %s (%s). Keep it safe: whoever has it can act as this Doorward.\n",
					args[0], bytesOf(n))
			})
		}),
	}
	return settings(cmd, true)
}

func (a *api) download(w io.Writer) (int64, error) {
	resp, err := a.send(http.MethodGet, local+"/backup", nil)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(w, resp.Body)
	if err != nil {
		return n, fmt.Errorf("the backup was interrupted and cannot be used: %w", err)
	}
	return n, nil
}

// save writes the backup under a temporary name first, so that there is never
// half a backup under its own, and never overwrites a file.
func (a *api) save(name string) (n int64, err error) {
	if _, err := os.Lstat(name); err == nil {
		return 0, fmt.Errorf("%s already exists; choose another name, or move that file away", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".part-*")
	if err != nil {
		return 0, fmt.Errorf("the backup cannot be written: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	n, err = a.download(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return n, err
	}
	if err = os.Link(f.Name(), name); err == nil {
		return n, os.Remove(f.Name())
	}
	if errors.Is(err, os.ErrExist) {
		return n, fmt.Errorf("%s already exists; choose another name, or move that file away", name)
	}
	// On a file system without links the name is reserved first, so that a file
	// that was created meanwhile is not overwritten.
	taken, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return n, fmt.Errorf("the backup cannot be written: %w", err)
	}
	return n, errors.Join(taken.Close(), os.Rename(f.Name(), name))
}

func (r *run) verifyVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Verify all stored records and the audit log",
		Args:  cobra.NoArgs,
		RunE: r.on(func(a *api, _ []string) error {
			var out struct {
				Members      int `json:"members"`
				Messages     int `json:"messages"`
				AuditEntries int `json:"audit_entries"`
				Records      int `json:"records"`
			}
			raw, err := a.get(local+"/verify", &out)
			if err != nil {
				return err
			}
			return r.item(raw, func(w io.Writer) {
				fmt.Fprintf(w, "Everything is intact: %s, including %s, %s and %s.\n",
					text.Count(out.Records, "record"),
					text.Count(out.Members, "member"), text.Count(out.Messages, "email"),
					text.Count(out.AuditEntries, "audit entry"))
			})
		}),
	}
	return settings(cmd, true)
}

func (r *run) compactVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "Rewrite the store so that no deleted data is left on the disk",
		Long: "Rewrite the store so that no deleted data is left on the disk. A running server\ndoes this " +
			"once a day. In a cluster, every machine does it, whichever is asked.",
		Args: cobra.NoArgs,
		RunE: r.on(func(a *api, _ []string) error {
			var out struct{ Machines []access.MachineCompacted }
			raw, err := a.post(local+"/compact", nil, &out)
			if err != nil {
				return err
			}
			err = r.item(raw, func(w io.Writer) {
				for _, m := range out.Machines {
					fmt.Fprintf(w, "%s: %s\n", plain(m.Name), plain(cmp.Or(m.Problem, "compacted")))
				}
				if len(out.Machines) == 0 {
					fmt.Fprintln(w, "The store was rewritten. No deleted data is left in it.")
				}
			})
			return errors.Join(err, notOn(out.Machines))
		}),
	}
	return settings(cmd, true)
}

// notOn is the error that some machines have not been compacted, if so.
func notOn(all []access.MachineCompacted) error {
	var names []string
	for _, m := range all {
		if m.Problem != "" {
			names = append(names, plain(m.Name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("deleted data may be left on %s: correct that, and run this again; a machine that is down "+
		"compacts its copy by itself, a while after it was started", strings.Join(names, " and "))
}
