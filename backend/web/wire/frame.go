package wire

import "bytes"

// Room decides from a request's head how large its body may be. With release, the
// body is one of the few large ones, and release is called once the request has
// been answered; err refuses the request.
type Room func(r Request) (limit int, release func(), err error)

// A Request is a request's head, for the decision how much may follow.
type Request struct {
	Method, Target []byte
	Head           []byte // the request line and the header, as sent
	Conn           *Conn
}

// A frame finds the end of the first request in a buffer while it arrives. It
// gets the whole buffer each time, a little longer than before.
type frame struct {
	head
	at    int // everything before it has been parsed
	ended bool
	begin int // of the body
	limit int // maximum length of the body
	chunk int // rest of the current chunk, without its CR LF
	sum   int // of the chunks
	last  bool
}

// readHead parses what has arrived of the head.
func (f *frame) readHead(b []byte) error {
	for {
		i := bytes.IndexByte(b[f.at:], '\n')
		if i < 0 {
			if len(b) > MaxHead {
				return errHeadTooLarge
			}
			return nil
		}
		end := f.at + i - 1
		if i == 0 || b[end] != '\r' {
			return errLineEnd
		}
		from := f.at
		if f.at += i + 1; f.at > MaxHead {
			return errHeadTooLarge
		}
		if end == from {
			f.ended, f.begin = true, f.at
			return f.head.end()
		}
		if err := f.line(b, from, end); err != nil {
			return err
		}
	}
}

// whole returns the length of the request once all of it has arrived; 0 before.
func (f *frame) whole(b []byte) (int, error) {
	if f.chunked {
		return f.chunks(b)
	}
	if n := f.begin + f.length; len(b) >= n {
		return n, nil
	}
	return 0, nil
}

// wanted returns how many bytes the request has, as far as is known.
func (f *frame) wanted() int {
	switch {
	case !f.ended:
		return 0
	case f.chunked:
		return f.at + f.chunk
	}
	return f.begin + f.length
}

func (f *frame) chunks(b []byte) (int, error) {
	for {
		if f.chunk > 0 {
			end := f.at + f.chunk + 2
			if len(b) < end {
				return 0, nil
			}
			if b[end-2] != '\r' || b[end-1] != '\n' {
				return 0, errChunk
			}
			f.at, f.chunk = end, 0
		}
		i := bytes.IndexByte(b[f.at:], '\n')
		if i < 0 {
			if len(b)-f.at > len("12345678\r\n") {
				return 0, errChunk
			}
			return 0, nil
		}
		line := b[f.at : f.at+i]
		if i == 0 || line[i-1] != '\r' {
			return 0, errChunk
		}
		f.at += i + 1
		if done, err := f.chunkLine(line[:i-1]); done || err != nil {
			return f.at, err
		}
	}
}

// chunkLine parses the line before a chunk, or the empty line after the last.
func (f *frame) chunkLine(line []byte) (done bool, err error) {
	if f.last {
		if len(line) > 0 {
			return false, errChunk // a trailer
		}
		return true, nil
	}
	if f.chunk, err = hex(line); err != nil {
		return false, err
	}
	f.last = f.chunk == 0
	if f.sum += f.chunk; f.sum > f.limit {
		return false, tooLarge(f.limit)
	}
	if f.at-f.begin > 2*f.limit+256 {
		return false, errPieces
	}
	return false, nil
}

func hex(b []byte) (n int, err error) {
	if len(b) == 0 || len(b) > 7 {
		return 0, errChunk
	}
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | int(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			n = n<<4 | int(c|0x20-'a'+10)
		default:
			return 0, errChunk
		}
	}
	return n, nil
}
