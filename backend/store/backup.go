package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"time"

	"doorward/backend/access"
	"doorward/backend/store/kv"
)

// A backup is one stream: a line with the format, a line of JSON about it, a frame for each
// record with its own checksum, and a trailer with the number of records and the SHA-256 of
// everything before it. It can be made while the store is in use.
//
// It grants access to nothing: sessions, login links, codes, the known browsers of members
// and the facts of emails are left out. It does contain the instance key and everybody's
// address, so it is as private as the data directory.
const backupMagic = "doorward backup 1\n"

// maxRecord is the maximum size of a key or value in a backup.
const maxRecord = 1 << 20

// A BackupHeader describes a backup.
type BackupHeader struct {
	Instance string    `json:"instance"`
	MadeAt   time.Time `json:"made_at"`
	Key      string    `json:"key"` // the instance key
}

// inBackup reports whether a backup contains a record. It excludes records that grant
// access, and their expiry times. A record without a row in the table is included, because
// a newer Doorward may know it.
func inBackup(key []byte) bool {
	r := recordOf(key)
	switch {
	case r == nil:
		return true
	case r.prefix == duePrefix, r.prefix == putOffPrefix:
		of := kindOf(duesOf[dueKind(key)].prefix)
		return of == nil || !of.leftOut
	}
	return !r.leftOut
}

// Backup writes a backup of the state of the store at one moment, while others go on reading
// and writing. What was written when it fails is no backup: its end, with the number of
// records and their checksum, is missing, and Restore refuses it.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	sum := sha256.New()
	buffered := bufio.NewWriterSize(w, 1<<16)
	out := &frameWriter{w: io.MultiWriter(buffered, sum)}
	header, err := json.Marshal(BackupHeader{
		Instance: s.Instance(),
		MadeAt:   s.Now(),
		Key:      hex.EncodeToString(s.keys.root),
	})
	if err != nil {
		return err
	}
	out.write([]byte(backupMagic))
	out.write(append(header, '\n'))
	err = s.Each(ctx, func(key, value []byte) error {
		if !inBackup(key) {
			return nil
		}
		out.frame(key, value)
		return out.err
	})
	if err != nil {
		return err
	}
	out.number(0)
	out.number(out.count)
	trailer := sum.Sum(nil)
	if out.err != nil {
		return out.err
	}
	if _, err := buffered.Write(trailer); err != nil {
		return err
	}
	return buffered.Flush()
}

type frameWriter struct {
	w     io.Writer
	count uint64
	err   error
}

func (f *frameWriter) write(b []byte) {
	if f.err == nil {
		_, f.err = f.w.Write(b)
	}
}

func (f *frameWriter) number(n uint64) { f.write(binary.AppendUvarint(nil, n)) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (f *frameWriter) frame(key, value []byte) {
	f.number(uint64(len(key)))
	f.number(uint64(len(value)))
	f.write(key)
	f.write(value)
	f.write(binary.BigEndian.AppendUint32(nil, crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)))
	f.count++
}

func notABackup(why string, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // io.EOF means the end of a complete backup
	}
	return access.Errorf(access.Invalid,
		"This is not a whole Doorward backup: %s. Use another copy.", why).
		WithCode("backup_damaged").Because(err)
}

// frameReader reads a backup and computes the checksum of what it has read.
type frameReader struct {
	r     *bufio.Reader
	sum   hash.Hash
	count uint64
}

func (f *frameReader) read(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(f.r, b); err != nil {
		return nil, notABackup("it ends too early", err)
	}
	f.sum.Write(b)
	return b, nil
}

// ReadByte makes binary.ReadUvarint read through the checksum.
func (f *frameReader) ReadByte() (byte, error) {
	b, err := f.r.ReadByte()
	if err == nil {
		f.sum.Write([]byte{b})
	}
	return b, err
}

func (f *frameReader) number() (int, error) {
	n, err := binary.ReadUvarint(f)
	if err != nil || n > maxRecord<<20 {
		return 0, notABackup("a length in it is garbled", err)
	}
	return int(n), nil
}

func (f *frameReader) header() (h BackupHeader, err error) {
	magic, err := f.read(len(backupMagic))
	if err != nil || string(magic) != backupMagic {
		return h, notABackup("it does not begin like one", err)
	}
	var line []byte
	for {
		b, err := f.ReadByte()
		if err != nil || len(line) > 4096 {
			return h, notABackup("its header is garbled", err)
		}
		if b == '\n' {
			break
		}
		line = append(line, b)
	}
	if err := json.Unmarshal(line, &h); err != nil || h.Instance == "" {
		return h, notABackup("its header is garbled", err)
	}
	return h, nil
}

// next returns the next record, or io.EOF after a correct trailer.
func (f *frameReader) next() (kv.KV, error) {
	n, err := f.number()
	if err != nil {
		return kv.KV{}, err
	}
	if n == 0 {
		return kv.KV{}, f.trailer()
	}
	m, err := f.number()
	if err != nil || n > maxRecord || m > maxRecord {
		return kv.KV{}, notABackup("a length in it is garbled", err)
	}
	both, err := f.read(n + m + 4)
	if err != nil {
		return kv.KV{}, err
	}
	if crc32.Checksum(both[:n+m], castagnoli) != binary.BigEndian.Uint32(both[n+m:]) {
		return kv.KV{}, notABackup("a record in it is garbled", nil)
	}
	f.count++
	return kv.KV{Key: both[:n:n], Value: both[n : n+m : n+m]}, nil
}

func (f *frameReader) trailer() error {
	count, err := f.number()
	if err != nil || uint64(count) != f.count {
		return notABackup("records are missing", err)
	}
	want, got := f.sum.Sum(nil), make([]byte, sha256.Size)
	if _, err := io.ReadFull(f.r, got); err != nil || !bytes.Equal(want, got) {
		return notABackup("its checksum does not fit", err)
	}
	if _, err := f.r.ReadByte(); err != io.EOF {
		return notABackup("something follows its end", err)
	}
	return io.EOF
}
