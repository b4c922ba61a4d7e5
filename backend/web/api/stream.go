package api

import (
	"bufio"
	"context"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"
)

// pieceWithin is how long a client may take to read one piece of a long answer.
const pieceWithin = time.Minute

// stream answers with what write writes, as it is written. A failure before the
// first byte is an error like any other; a later one aborts the connection, so
// that nobody mistakes a part for the whole. A machine that hands the lead over waits
// for the end a while; then what is left to read fails, as it does not lead any more.
func (s *API) stream(c *fiber.Ctx, kind string, write func(context.Context, io.Writer) error) error {
	ctx, cancel := context.WithCancel(s.web.Context())
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(ctx, w)) }()
	first := bufio.NewReader(r)
	if _, err := first.Peek(1); err != nil && err != io.EOF {
		cancel()
		return err
	}
	c.Set(fiber.HeaderContentType, kind)
	c.Context().SetConnectionClose()
	conn := c.Context().Conn()
	c.Context().SetBodyStream(&pieces{Reader: first, pipe: r, cancel: cancel, release: s.web.Hold(c),
		extend: func() error { return conn.SetWriteDeadline(time.Now().Add(pieceWithin)) }}, -1)
	return nil
}

// pieces gives each piece of a long answer a write deadline of its own.
type pieces struct {
	*bufio.Reader
	pipe    *io.PipeReader
	cancel  context.CancelFunc
	release func()
	extend  func() error
}

func (b *pieces) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if n > 0 {
		if err := b.extend(); err != nil {
			return 0, err
		}
	}
	return n, err
}

// Close ends the answer, complete or not.
func (b *pieces) Close() error {
	defer b.release()
	b.cancel()
	return b.pipe.Close()
}
