package replica

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"doorward/backend/store/kv"
)

// An entry is one entry of the log, as the store understands it. A machine stops at an entry of
// a version or a kind that it does not know. So a program must not write one that is new in it
// before every machine knows that, as the schema of the store tells; of what an entry writes into
// the store, a machine that does not lead understands nothing.
type entry struct {
	kind byte

	// Of a batch: the term of the lead during which its Updates ran, and its number in that
	// term.
	term, number uint64

	ops  []kv.OpID
	body []byte // of a batch its writes, of a beginning the Identity
}

const (
	entryVersion = 1

	kindBegin = 1 // somebody begins to lead
	kindBatch = 2
)

var errEntry = fmt.Errorf("%w: an entry of the log cannot be read", kv.ErrCorrupt)

func (e *entry) encode() []byte {
	n := 2 + 16 + binary.MaxVarintLen32 + len(e.body)
	for _, op := range e.ops {
		n += binary.MaxVarintLen32 + len(op)
	}
	out := append(make([]byte, 0, n), entryVersion, e.kind)
	out = binary.BigEndian.AppendUint64(out, e.term)
	out = binary.BigEndian.AppendUint64(out, e.number)
	out = binary.AppendUvarint(out, uint64(len(e.ops)))
	for _, op := range e.ops {
		out = append(binary.AppendUvarint(out, uint64(len(op))), op...)
	}
	return append(out, e.body...)
}

func decodeEntry(data []byte) (*entry, error) {
	if len(data) < 2+16 {
		return nil, errEntry
	}
	if data[0] != entryVersion {
		return nil, fmt.Errorf("%w: an entry of the log has version %d", kv.ErrNewer, data[0])
	}
	e := &entry{kind: data[1], term: binary.BigEndian.Uint64(data[2:]), number: binary.BigEndian.Uint64(data[10:])}
	n, data, ok := cutNumber(data[18:])
	if !ok || n > uint64(len(data)) {
		return nil, errEntry
	}
	for range n {
		var size uint64
		if size, data, ok = cutNumber(data); !ok || size > uint64(len(data)) {
			return nil, errEntry
		}
		e.ops = append(e.ops, kv.OpID(data[:size]))
		data = data[size:]
	}
	e.body = data
	return e, nil
}

func cutNumber(data []byte) (n uint64, rest []byte, ok bool) {
	n, used := binary.Uvarint(data)
	if used <= 0 {
		return 0, nil, false
	}
	return n, data[used:], true
}

func beginEntry(id kv.Identity) (*entry, error) {
	text, err := json.Marshal(id)
	return &entry{kind: kindBegin, body: text}, err
}

func (e *entry) identity() (id kv.Identity, err error) {
	if err := json.Unmarshal(e.body, &id); err != nil {
		return id, errors.Join(errEntry, err)
	}
	return id, nil
}
