package replica

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"doorward/backend/store/kv"
	"doorward/backend/store/kv/badger"
)

// The form of a copy on its way to another machine: a line with its version; a head; each
// key and its stored value; an empty key; and the checksum of everything before. Lengths
// are uvarints.
const streamMark = "doorward copy 1\n"

// maxHead is more than any head has.
const maxHead = 1 << 20

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errStream  = fmt.Errorf("%w: a copy from another machine", kv.ErrCorrupt)
)

// A head says what the copy is of.
type head struct {
	Applied   kv.Position
	Members   []byte
	MembersAt uint64
	Identity  kv.Identity
}

func (h *head) progress() badger.Progress {
	return badger.Progress{Applied: h.Applied, Members: h.Members, MembersAt: h.MembersAt}
}

// writeCopy writes c to w.
func writeCopy(ctx context.Context, w io.Writer, c *badger.Copy) error {
	text, err := json.Marshal(head{c.Applied, c.Members, c.MembersAt, c.Identity})
	if err != nil {
		return err
	}
	sum := crc32.New(castagnoli)
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 64<<10)
	out.WriteString(streamMark)
	writeBytes(out, text)
	err = c.Each(ctx, func(key, stored []byte) error {
		writeBytes(out, key)
		return writeBytes(out, stored)
	})
	if err != nil {
		return err
	}
	writeBytes(out, nil)
	if err := out.Flush(); err != nil { // also the error of each write before
		return err
	}
	_, err = w.Write(binary.BigEndian.AppendUint32(nil, sum.Sum32()))
	return err
}

func writeBytes(w *bufio.Writer, b []byte) error {
	w.Write(binary.AppendUvarint(w.AvailableBuffer(), uint64(len(b))))
	_, err := w.Write(b)
	return err
}

// A summed reader computes the checksum of what was read.
type summed struct {
	r   *bufio.Reader
	sum uint32
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.sum = crc32.Update(s.sum, castagnoli, p[:n])
	return n, err
}

func (s *summed) ReadByte() (byte, error) {
	b, err := s.r.ReadByte()
	if err == nil {
		s.sum = crc32.Update(s.sum, castagnoli, []byte{b})
	}
	return b, err
}

// readCopy reads a copy. add is called for each key; both slices are valid until it
// returns.
func readCopy(r io.Reader, add func(key, stored []byte) error) (h head, err error) {
	in := &summed{r: bufio.NewReaderSize(r, 64<<10)}
	mark := make([]byte, len(streamMark))
	if _, err := io.ReadFull(in, mark); err != nil {
		return h, cutShort(err)
	}
	if string(mark) != streamMark {
		return h, fmt.Errorf("%w: a copy of another version", kv.ErrNewer)
	}
	text, err := readBytes(in, nil, maxHead)
	if err == nil {
		err = json.Unmarshal(text, &h)
	}
	if err != nil {
		return h, errors.Join(errStream, err)
	}
	var key, stored []byte
	for {
		if key, err = readBytes(in, key, kv.MaxKey); err != nil {
			return h, err
		}
		if len(key) == 0 {
			return h, in.check()
		}
		if stored, err = readBytes(in, stored, kv.MaxValue+kv.SealBytes); err != nil {
			return h, err
		}
		if err := add(key, stored); err != nil {
			return h, err
		}
	}
}

// check compares the checksum, which must be the end.
func (s *summed) check() error {
	sum := s.sum
	var want [4]byte
	if _, err := io.ReadFull(s, want[:]); err != nil {
		return cutShort(err)
	}
	if binary.BigEndian.Uint32(want[:]) != sum {
		return fmt.Errorf("%w has a wrong checksum", errStream)
	}
	if _, err := s.ReadByte(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w goes on behind its end", errStream)
	}
	return nil
}

func readBytes(in *summed, buffer []byte, limit uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, cutShort(err)
	}
	if n > limit {
		return nil, fmt.Errorf("%w has a part of %d bytes", errStream, n)
	}
	if uint64(cap(buffer)) < n {
		buffer = make([]byte, n)
	}
	buffer = buffer[:n]
	_, err = io.ReadFull(in, buffer)
	return buffer, cutShort(err)
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w ends too early", errStream)
	}
	return err
}
