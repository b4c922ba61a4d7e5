package cli

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"doorward/backend/access"
)

// columns are those that a list of invitations can have.
var columns = []string{"email", "role", "name", "note"}

// A csvRow is one row of a list of invitations. Line is its line in the file,
// as editors and spreadsheets count it: the header is line 1.
type csvRow struct {
	Line  int
	Email string
	Roles []string
	Name  string
	Note  string
	Err   error // the row cannot be read; the rest is empty
}

// A csvFile reads a list of invitations row by row, so that its length does not
// matter. Commas, semicolons and tabs separate; which, the header tells.
type csvFile struct {
	r  *csv.Reader
	at map[string]int // column to place
	n  int            // columns in the header
}

// sniffed is how much of a file is looked at before it is read.
const sniffed = 64 << 10

// openCSV reads the header, and refuses what is no list of invitations.
func openCSV(r io.Reader) (*csvFile, error) {
	in := bufio.NewReaderSize(r, sniffed)
	head, err := in.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if err := known(head); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte("\ufeff")) {
		in.Discard(len("\ufeff"))
	}
	f := &csvFile{r: csv.NewReader(in)}
	f.r.Comma = separator(head)
	f.r.FieldsPerRecord, f.r.ReuseRecord = -1, true
	f.r.TrimLeadingSpace = f.r.Comma != '\t' // a tab is space too
	header, err := f.r.Read()
	if err != nil {
		return nil, errors.New("the first line of the file cannot be read. It names the columns: email,role,name,note")
	}
	return f, f.name(header)
}

// known refuses what only looks like text, by its first bytes.
func known(head []byte) error {
	switch {
	case len(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff")))) == 0:
		return errors.New("the file is empty. Its first line names the columns: email,role,name,note")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return errors.New("the file is a workbook. Save it as CSV (UTF-8) first")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return errors.New("the file is in UTF-16. Save it as CSV (UTF-8) first")
	}
	return nil
}

// separator is what the header's columns stand apart by.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), "\r\n"), []byte("\n"))
	best, most := ',', 0
	for _, c := range ",;\t" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

func (f *csvFile) name(header []string) error {
	f.at, f.n = map[string]int{}, len(header)
	for i, cell := range header {
		column := strings.ToLower(strings.TrimSpace(cell))
		switch column {
		case "":
			continue
		case "roles":
			column = "role"
		case "e-mail":
			column = "email"
		}
		if !slices.Contains(columns, column) {
			return fmt.Errorf("there is no column %q. The first line of the file names the columns: email, role, name, note", access.Shorten(cell, 40))
		}
		if _, twice := f.at[column]; twice {
			return fmt.Errorf("the column %s stands twice in the first line of the file", column)
		}
		f.at[column] = i
	}
	for _, column := range []string{"email", "role"} {
		if _, there := f.at[column]; !there {
			return fmt.Errorf("the column %s is missing. The first line of the file names the columns: email, role, name, note", column)
		}
	}
	return nil
}

// next is the next row that holds anything, or io.EOF.
func (f *csvFile) next() (csvRow, error) {
	for {
		cells, err := f.r.Read()
		var garbled *csv.ParseError
		switch {
		case errors.As(err, &garbled):
			return csvRow{Line: garbled.StartLine, Err: quotes(garbled)}, nil
		case errors.Is(err, io.EOF):
			return csvRow{}, io.EOF
		case err != nil:
			return csvRow{}, fmt.Errorf("the file cannot be read further: %w", err)
		}
		line, _ := f.r.FieldPos(0)
		if row, filled := f.row(line, cells); filled {
			return row, nil
		}
	}
}

// quotes says what is wrong with a row's quotes.
func quotes(e *csv.ParseError) error {
	if e.Line > e.StartLine {
		return access.Errorf(access.Invalid, "A quote that begins here ends in row %d or never, so rows %d to %d were read as one. Close it, or write a quote inside quotes twice.", e.Line, e.StartLine, e.Line).WithCode("row_unreadable")
	}
	return access.Errorf(access.Invalid, "The quotes do not pair up. Put the whole cell in quotes, and write a quote inside it twice.").WithCode("row_unreadable")
}

func (f *csvFile) row(line int, cells []string) (row csvRow, filled bool) {
	row.Line = line
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		filled = filled || cell != ""
		if i >= f.n && cell != "" {
			row.Err = access.Errorf(access.Invalid, "The row has %d cells, but there are %d columns. Put text with a separator in it in quotes.", len(cells), f.n).WithCode("row_unreadable")
		}
		if !utf8.ValidString(cell) {
			row.Err = access.Errorf(access.Invalid, "The row is not in UTF-8. Save the file as CSV (UTF-8).").WithCode("text_invalid")
		}
	}
	cell := func(column string) string {
		if i, there := f.at[column]; there && i < len(cells) {
			return strings.Clone(strings.TrimSpace(cells[i]))
		}
		return ""
	}
	if row.Err == nil {
		row.Email, row.Name, row.Note = cell("email"), cell("name"), cell("note")
		row.Roles = roles(cell("role"))
	}
	return row, filled
}

// roles reads a cell such as "AILoop + Fleet".
func roles(cell string) []string {
	names := []string{}
	for _, name := range strings.FieldsFunc(cell, func(r rune) bool { return r == '+' || r == '|' }) {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}
