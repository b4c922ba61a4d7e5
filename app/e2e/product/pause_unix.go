//go:build unix

package product

import "syscall"

// Pause stops the server as it stands, as a virtual machine is paused, until Wake. Its connections
// stay open.
func (m *Machine) Pause() { m.signal(syscall.SIGSTOP) }

// Wake lets a server go on that was paused.
func (m *Machine) Wake() { m.signal(syscall.SIGCONT) }

func (m *Machine) signal(s syscall.Signal) {
	m.t.Helper()
	if err := m.cmd.Process.Signal(s); err != nil {
		m.t.Errorf("%s: %v", m.Name, err)
	}
}
