package kv

// Rest gives the system back what has been read of the tables: Badger maps them
// into memory, where they count as this process's own until somebody else needs
// the room. Nothing is lost; what is read again comes from the disk once. It is
// for a desktop, where a program that waits should be small. Where the system
// cannot do it, nothing happens.
func (b *Badger) Rest() {
	if b.o.Dir == "" {
		return
	}
	e, err := b.engine() // so that no table is let go of meanwhile by a Compact or by Close
	if err != nil {
		return
	}
	defer e.release()
	giveBack(b.o.Dir)
}
