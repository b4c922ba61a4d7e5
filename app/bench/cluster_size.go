package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// clusterSize measures what the commands about a cluster add to the program.
func (b *bench) clusterSize() error {
	without, err := b.withoutCluster()
	if err != nil {
		return err
	}
	with, err := os.Stat(b.program)
	if err != nil {
		return err
	}
	n, more := float64(with.Size()), float64(with.Size()-without)
	b.add(figure{
		what:     "static program",
		measured: megabytes(n),
		bound:    "without the cluster " + megabytes(float64(without)) + ": " + megabytes(more) + " more",
		target:   "< 30 MB, ≤ 3 MB more",
		met:      n < 30e6 && more <= 3e6,
	})
	return nil
}

// withoutCluster builds the program as it is without the cluster, and returns its size.
func (b *bench) withoutCluster() (bytes int64, err error) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		return 0, err
	}
	var kept []string
	all := strings.Split(string(text), "\n")
	for _, line := range all {
		if !strings.Contains(line, "machines.Cluster") && !strings.Contains(line, `"doorward/app/machines"`) {
			kept = append(kept, line)
		}
	}
	if len(kept) != len(all)-2 {
		return 0, errors.New("main.go does not link the cluster in two lines: the size without it cannot be measured")
	}
	changed := filepath.Join(b.dir, "main.go")
	if err := os.WriteFile(changed, []byte(strings.Join(kept, "\n")), 0o600); err != nil {
		return 0, err
	}
	main, err := filepath.Abs("main.go")
	if err != nil {
		return 0, err
	}
	program := filepath.Join(b.dir, "without")
	if err := b.compile(program, "doorward", "CGO_ENABLED=0", "", replaced{main, changed}); err != nil {
		return 0, err
	}
	info, err := os.Stat(program)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
