package cli

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode"

	"doorward/backend/access"
)

// A cellReader splits CSV into rows of cells without white space around them.
// It is more lenient than encoding/csv where only one reading is possible: a
// quote in the middle of a cell is a character, and text may follow a closing
// quote, as in "Lovelace, Ada" <ada@example.com>. Lines end with \n, \r\n or \r.
type cellReader struct {
	in        *bufio.Reader
	separator byte
	line      int // the number of the next line, from 1
}

// A cellRow is one row. Its line is the one on which it begins.
type cellRow struct {
	line  int
	cells []string
	err   error // the quotes are not paired; cells is empty then
}

// next returns the next row, or io.EOF after the last.
func (c *cellReader) next() (cellRow, error) {
	row := cellRow{line: c.line}
	var cell []byte
	quoted := false // inside quotes
	spans := false  // the quotes in this cell contain a line break
	for read := 0; ; read++ {
		b, err := c.byte()
		switch {
		case errors.Is(err, io.EOF) && quoted:
			return cellRow{line: row.line, err: unpaired(row.line, c.lastLine(cell))}, nil
		case errors.Is(err, io.EOF) && read == 0:
			return cellRow{}, io.EOF
		case errors.Is(err, io.EOF):
			row.cells = append(row.cells, trim(cell))
			return row, nil
		case err != nil:
			return cellRow{}, err
		case quoted && b == '"' && c.doubled():
			cell = append(cell, '"')
		case quoted && b == '"':
			quoted = false
		case quoted:
			spans = spans || b == '\n'
			cell = append(cell, b)
		case b == '"' && trim(cell) == "":
			quoted = true
			cell = cell[:0]
		case b == c.separator:
			row.cells = append(row.cells, trim(cell))
			cell, spans = cell[:0], false
		case b == '\n':
			row.cells = append(row.cells, trim(cell))
			return row, nil
		case spans && b != ' ' && b != '\t':
			// Most likely a quote in an earlier line was never closed, and this
			// one was meant to open a cell.
			fault := unpaired(row.line, c.line)
			return cellRow{line: row.line, err: fault}, c.skipLine()
		default:
			cell = append(cell, b)
		}
	}
}

// byte reads one byte; any line end is read as
//
// .
func (c *cellReader) byte() (byte, error) {
	b, err := c.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if b == '\r' {
		if after, _ := c.in.Peek(1); string(after) == "\n" {
			c.in.Discard(1)
		}
		b = '\n'
	}
	if b == '\n' {
		c.line++
	}
	return b, nil
}

// doubled consumes the second of two quotes, if there is one.
func (c *cellReader) doubled() bool {
	after, _ := c.in.Peek(1)
	if string(after) != `"` {
		return false
	}
	c.in.Discard(1)
	return true
}

func (c *cellReader) skipLine() error {
	for {
		b, err := c.byte()
		if errors.Is(err, io.EOF) || b == '\n' {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// lastLine is the last line of a file that ends inside the quotes of cell. A line
// break at the very end does not start another line.
func (c *cellReader) lastLine(cell []byte) int {
	if bytes.HasSuffix(cell, []byte("\n")) {
		return c.line - 1
	}
	return c.line
}

// unpaired is the error for unpaired quotes in the lines from first to last.
func unpaired(first, last int) error {
	if last > first {
		return access.Errorf(access.Invalid,
			"A quotation mark that opens here closes in row %d or never, so rows %d to %d were read as one. Close "+
				"it, or double each quotation mark inside quotes.", last, first, last).WithCode("row_unreadable")
	}
	return access.Errorf(access.Invalid,
		"The quotation marks do not match. Put the whole cell in quotes, and double each quotation mark inside it.").
		WithCode("row_unreadable")
}

// trim removes white space from both ends, and byte order marks, which end up
// between rows where files were joined. The result shares no memory with cell.
func trim(cell []byte) string {
	return string(bytes.TrimFunc(cell, isSpace))
}

func isSpace(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

// separatorOf returns the separator of a file that begins with head: the one that
// occurs most often outside quotes in the first line that is not empty.
func separatorOf(head []byte) byte {
	head = bytes.ReplaceAll(head, []byte("\r"), []byte("\n"))
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		if strings.Trim(trim(line), " \t,;\"") == "" {
			continue
		}
		return mostFrequent(line)
	}
	return ','
}

func mostFrequent(line []byte) byte {
	counts := map[byte]int{}
	quoted := false
	for _, b := range line {
		if b == '"' {
			quoted = !quoted
		} else if !quoted {
			counts[b]++
		}
	}
	best := byte(',')
	for _, separator := range []byte(";\t") {
		if counts[separator] > counts[best] {
			best = separator
		}
	}
	return best
}
