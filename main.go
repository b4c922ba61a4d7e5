// Doorward decides who gets in.
package main

import (
	"embed"
	"io/fs"
	"os"

	"doorward/app/cli"
	"doorward/app/machines"
	"doorward/app/packed"
)

//go:embed all:frontend/portal all:frontend/emails frontend/messages frontend/tokens.css all:frontend/dist
var embedded embed.FS

var version = "dev" // the build sets it

func main() {
	frontend, err := fs.Sub(embedded, "frontend")
	if err != nil {
		panic(err) // the name is valid: it is embedded above
	}
	os.Exit(cli.Program{
		Name:     os.Args[0],
		Frontend: packed.FS(frontend),
		Version:  version,
		Stdin:    os.Stdin,
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Env:      os.Getenv,
		Cluster:  machines.Cluster{},
	}.Main(os.Args[1:]))
}
