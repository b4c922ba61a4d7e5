//go:build desktop || bindings || dev

package desktop

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"

	"doorward/app"
	"doorward/app/config"
)

// reachHere opens the Doorward of this computer for the window: the server that
// runs on the data directory, through its socket; else a new one, which runs as
// long as this program does.
func reachHere(ctx context.Context, c config.Config) (Opened, error) {
	if client, running := app.Dial(c.Data); running {
		return Opened{
			Name:  c.Data,
			Via:   client.Transport,
			Close: func() error { client.CloseIdleConnections(); return nil },
		}, nil
	}
	a, err := app.Open(ctx, c)
	if err != nil {
		return Opened{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, func(app.ServeInfo) { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		stop()
		return Opened{}, errors.Join(err, a.Close())
	}
	client := a.Client()
	return Opened{Name: c.Data, Via: client.Transport, Serves: true, Close: func() error {
		client.CloseIdleConnections()
		stop()
		return errors.Join(<-ended, a.Close())
	}}, nil
}

// againEnv marks a program that startAgain has started: the one that is about to end still
// counts as running.
const againEnv = "DOORWARD_STARTS_AGAIN"

// startAgain starts this program again, with the same arguments. The new one waits for the
// end of this one, whose name on the bus it would take for a program that runs already:
// its standard input ends with this program.
func startAgain() error {
	input, end, err := os.Pipe()
	if err != nil {
		return err
	}
	outlived = end
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), againEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = input, os.Stdout, os.Stderr
	return cmd.Start()
}

var outlived *os.File // open until this program ends

// awaitPredecessor waits until the program has ended that started this one.
func awaitPredecessor(input io.Reader) { _, _ = io.Copy(io.Discard, input) }
