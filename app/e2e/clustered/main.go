// Command clustered is doorward with the commands about a cluster, which the program that is
// released does not have yet: for tests, and for whoever wants to try them.
//
//	go build -o bin/doorward-cluster ./app/e2e/clustered
//	FRONTEND=$PWD/frontend bin/doorward-cluster cluster
package main

import (
	"cmp"
	"os"

	"doorward/app/cli"
	"doorward/app/machines"
)

var version = "dev" // the build sets it

func main() {
	os.Exit(cli.Program{
		Name:     os.Args[0],
		Frontend: os.DirFS(cmp.Or(os.Getenv("FRONTEND"), "frontend")),
		Version:  version,
		Stdin:    os.Stdin,
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Env:      os.Getenv,
	}.WithCluster(machines.Cluster{}).Main(os.Args[1:]))
}
