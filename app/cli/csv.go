package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"doorward/backend/access"
	"doorward/backend/text"
)

// columns are those that a list of invitations can have, in their order in a list
// without a heading.
var columns = []string{"email", "role", "name", "note"}

// languageColumn is a column that only a heading can name.
const languageColumn = "language"

// A csvRow is one row of a list of invitations. Line is its line in the file,
// as editors and spreadsheets count it: the first line is 1.
type csvRow struct {
	Line  int
	Email string
	Roles []string
	Name  string
	Note  string

	Language string // only where a heading names the column

	Err error // the row cannot be read; the rest is empty
}

// A csvFile reads a list of invitations row by row, so that its length does not
// matter. The console reads the same lists in frontend/console/src/lib/batch.ts;
// testdata/csv_cases.json keeps both to one dialect.
type csvFile struct {
	r     *cellReader
	usual []string       // the roles of a row that names none
	at    map[string]int // column to place
	n     int            // how many columns there are
	first *cellRow       // the first row, where it is no heading

	windows bool // rows that are not in UTF-8 are in Windows-1252
}

// sniffed is how much of a file is examined before it is read.
const sniffed = 64 << 10

// openCSV reads the heading, if there is one, and refuses what cannot be a list
// of invitations. A row that names no role gets the usual ones.
func openCSV(r io.Reader, usual []string) (*csvFile, error) {
	in := bufio.NewReaderSize(r, sniffed)
	head, err := in.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if err := checkFormat(head); err != nil {
		return nil, err
	}
	f := &csvFile{
		r:     &cellReader{in: in, separator: separatorOf(head), line: 1},
		usual: usual,
	}
	return f, f.readHeading()
}

// checkFormat refuses a file that is no text in UTF-8, by its first bytes.
func checkFormat(head []byte) error {
	switch {
	case len(bytes.TrimFunc(head, isSpace)) == 0:
		return access.Errorf(access.Invalid,
			"The file is empty. Its first line must name the columns: email,role,name,note.").WithCode("file_empty")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return access.Errorf(access.Invalid, "The file is a workbook. Save it as CSV (UTF-8) first.").
			WithCode("file_workbook")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return access.Errorf(access.Invalid, "The file is in UTF-16. Save it as CSV (UTF-8) first.").
			WithCode("file_utf16")
	}
	return nil
}

// readHeading reads the first row that is not empty. It is a heading if it names
// the column email; if it names only other columns, the list is refused. Any
// other first row is an invitation.
func (f *csvFile) readHeading() error {
	row, err := f.nextFilled()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	names := make([]string, len(row.cells))
	for i, cell := range row.cells {
		names[i] = columnName(cell)
	}
	switch {
	case slices.Contains(names, "email"):
		return f.placeColumns(names)
	case namesColumn(names):
		return access.Errorf(access.Invalid,
			"The column email is missing. The first line of the file must name the columns: email, role, name, note.").
			WithCode("column_missing")
	}
	if err == nil {
		f.first = &row
	}
	f.at = map[string]int{}
	for i, column := range columns {
		f.at[column] = i
	}
	f.n = len(columns)
	return nil
}

// columnName is the column that a heading's cell names, in lower case.
func columnName(cell string) string {
	switch name := strings.ToLower(cell); name {
	case "roles":
		return "role"
	case "e-mail":
		return "email"
	default:
		return name
	}
}

// namesColumn reports whether a row is a heading without an address in it.
func namesColumn(names []string) bool {
	known := func(name string) bool { return slices.Contains(columns, name) }
	address := func(name string) bool { return strings.Contains(name, "@") }
	return slices.ContainsFunc(names, known) && !slices.ContainsFunc(names, address)
}

// placeColumns finds the columns in a heading. Columns with other names are
// ignored.
func (f *csvFile) placeColumns(names []string) error {
	f.at = map[string]int{}
	f.n = len(names)
	for i, column := range names {
		if !slices.Contains(columns, column) && column != languageColumn {
			continue
		}
		if _, twice := f.at[column]; twice {
			return access.Errorf(access.Invalid, "The column %s appears twice in the first line of the file.", column).
				WithCode("column_twice")
		}
		f.at[column] = i
	}
	if _, named := f.at["role"]; !named && len(f.usual) == 0 {
		return access.Errorf(access.Invalid,
			"The column role is missing, and there is no default role. Add the column, or use --role.").
			WithCode("role_missing")
	}
	return nil
}

// next returns the next row that is not empty, or io.EOF.
func (f *csvFile) next() (csvRow, error) {
	if f.first != nil {
		row := *f.first
		f.first = nil
		return f.row(row), nil
	}
	row, err := f.nextFilled()
	if err != nil {
		return csvRow{}, err
	}
	return f.row(row), nil
}

// nextFilled skips empty rows.
func (f *csvFile) nextFilled() (cellRow, error) {
	for {
		row, err := f.r.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return row, fmt.Errorf("the file cannot be read further: %w", err)
		}
		if err != nil || row.err != nil || slices.ContainsFunc(row.cells, func(cell string) bool {
			return cell != ""
		}) {
			return row, err
		}
	}
}

// row makes an invitation of a row's cells.
func (f *csvFile) row(row cellRow) csvRow {
	if f.windows {
		row.cells = fromWindows(row.cells)
	}
	if err := f.checkRow(row); err != nil {
		return csvRow{Line: row.line, Err: err}
	}
	cell := func(column string) string {
		if i, there := f.at[column]; there && i < len(row.cells) {
			return row.cells[i]
		}
		return ""
	}
	out := csvRow{Line: row.line, Roles: roles(cell("role")), Note: cell("note"), Language: cell(languageColumn)}
	out.Name, out.Email = person(cell("email"))
	if name := cell("name"); name != "" {
		out.Name = name
	}
	if len(out.Roles) == 0 && len(f.usual) > 0 {
		out.Roles = f.usual
	}
	return out
}

// checkRow refuses an ambiguous row. A cell beyond the last column most likely
// comes from a separator that should have been quoted.
func (f *csvFile) checkRow(row cellRow) error {
	if row.err != nil {
		return row.err
	}
	if slices.ContainsFunc(row.cells, garbled) {
		return access.Errorf(access.Invalid, "The row is not in UTF-8. Save the file as CSV (UTF-8), "+
			"or try --encoding windows-1252 with --dry-run and look at the names.").WithCode("text_invalid")
	}
	for _, cell := range row.cells[min(f.n, len(row.cells)):] {
		if cell != "" {
			return access.Errorf(access.Invalid,
				"The row has %d cells, but there are %d columns. Put text that contains a separator in quotes.",
				len(row.cells), f.n).WithCode("row_unreadable")
		}
	}
	return nil
}

// fromWindows decodes the cells of a row that is not in UTF-8 from Windows-1252, which
// is what Excel writes as plain CSV in Western Europe and America.
func fromWindows(cells []string) []string {
	if !slices.ContainsFunc(cells, func(cell string) bool { return !utf8.ValidString(cell) }) {
		return cells
	}
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = strings.TrimFunc(text.FromWindows1252(cell), isSpace)
	}
	return out
}

// garbled reports whether a cell was not in UTF-8, or was converted by a program
// that assumed another encoding. UTF-16 shows by its zero bytes.
func garbled(cell string) bool {
	return !utf8.ValidString(cell) || strings.ContainsAny(cell, "\x00\ufffd")
}

// roles parses a cell such as "AILoop + Fleet".
func roles(cell string) []string {
	names := []string{}
	for _, name := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune("+|;", r) }) {
		if name = strings.TrimFunc(name, isSpace); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// person parses "Ada Lovelace <ada@example.com>", as mail programs write it. Any
// other cell is an address.
func person(cell string) (name, email string) {
	name, rest, _ := strings.Cut(cell, "<")
	inside, closed := strings.CutSuffix(rest, ">")
	inside = strings.TrimFunc(inside, isSpace)
	if !closed || inside == "" || strings.ContainsAny(inside, "<>") {
		return "", cell
	}
	around := func(r rune) bool { return isSpace(r) || r == '"' }
	return strings.TrimFunc(name, around), inside
}
