package fsck

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/y"
	"github.com/klauspost/compress/snappy"
	"google.golang.org/protobuf/proto"
)

// A table file is a series of blocks, each compressed and with a checksum at its end,
// followed by the index, its length, its checksum, and the length of that. Badger's own
// check holds every block of a table in memory until it has checked the last, and checks
// several tables at a time; this one holds the index and one block.

// Table checks every block of a table and its index.
func Table(path string) (err error) {
	defer recoverDamage(path, &err)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	index, blocks, err := readIndex(f)
	if err != nil {
		return err
	}
	c := blockCheck{r: bufio.NewReaderSize(io.NewSectionReader(f, 0, blocks), 256<<10)}
	for i := range index.OffsetsLength() {
		var at fb.BlockOffset
		if !index.Offsets(&at, i) {
			return fmt.Errorf("block %d is not in the index", i)
		}
		if err := c.next(int64(at.Offset()), int64(at.Len())); err != nil {
			return fmt.Errorf("block %d at %d: %w", i, at.Offset(), err)
		}
	}
	if c.at != blocks {
		return fmt.Errorf("the blocks end at %d and not where the index begins, at %d", c.at, blocks)
	}
	return nil
}

// readIndex reads the index of a table and returns where the blocks end.
func readIndex(f *os.File) (*fb.TableIndex, int64, error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, err
	}
	sum, end, err := readBack(f, end)
	if err != nil {
		return nil, 0, err
	}
	index, end, err := readBack(f, end)
	if err != nil {
		return nil, 0, err
	}
	if err := checksum(index, sum); err != nil {
		return nil, 0, fmt.Errorf("index: %w", err)
	}
	return fb.GetRootAsTableIndex(index, 0), end, nil
}

// readBack reads the piece that ends at end, where its length is stored.
func readBack(f *os.File, end int64) (piece []byte, begin int64, err error) {
	var length [4]byte
	if _, err := f.ReadAt(length[:], end-4); err != nil {
		return nil, 0, err
	}
	n := int64(binary.BigEndian.Uint32(length[:]))
	if begin = end - 4 - n; begin < 0 {
		return nil, 0, errors.New("the end of the table is damaged")
	}
	piece = make([]byte, n)
	_, err = f.ReadAt(piece, begin)
	return piece, begin, err
}

// A blockCheck checks the blocks of a table in order.
type blockCheck struct {
	r              *bufio.Reader
	at             int64 // where the next block starts
	packed, opened []byte
}

func (c *blockCheck) next(at, length int64) error {
	if at != c.at || length > 64<<20 {
		return fmt.Errorf("%d bytes where %d was to follow", length, c.at)
	}
	c.at += length
	c.packed = grown(c.packed, int(length))
	if _, err := io.ReadFull(c.r, c.packed); err != nil {
		return err
	}
	size, err := snappy.DecodedLen(c.packed)
	if err != nil || size > 64<<20 {
		return errors.Join(err, errors.New("it cannot be unpacked"))
	}
	c.opened = grown(c.opened, size)
	block, err := snappy.Decode(c.opened, c.packed)
	if err != nil {
		return err
	}
	end := len(block) - 4
	if end < 0 {
		return errors.New("it is too short")
	}
	n := int(binary.BigEndian.Uint32(block[end:]))
	if n > end {
		return errors.New("its checksum is too long")
	}
	return checksum(block[:end-n], block[end-n:end])
}

func grown(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

func checksum(data, sum []byte) error {
	var want pb.Checksum
	if err := proto.Unmarshal(sum, &want); err != nil {
		return err
	}
	return y.VerifyChecksum(data, &want)
}
