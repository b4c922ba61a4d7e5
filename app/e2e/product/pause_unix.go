//go:build unix

package product

import "syscall"

// Pause stops the server as it stands, as a virtual machine is paused, until Resume. Its connections
// stay open.
func (m *Machine) Pause() { m.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume lets a server go on that was paused.
func (m *Machine) Resume() { m.cmd.Process.Signal(syscall.SIGCONT) }
