package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestCSVRows(t *testing.T) {
	tests := []struct {
		name string
		file string
		want []string // line: email, roles, name, note; or line: the sentence
	}{
		{"plain", "email,role\nada@example.com,Fleet\n", []string{"2: ada@example.com Fleet"}},
		{"without a line break at the end", "email,role\nada@example.com,Fleet", []string{"2: ada@example.com Fleet"}},
		{"a mark at the start, and Windows line ends", "\ufeffemail,role\r\nada@example.com,Fleet\r\n", []string{"2: ada@example.com Fleet"}},
		{"semicolons", "role;email\nFleet;ada@example.com\n", []string{"2: ada@example.com Fleet"}},
		{"semicolons, and a note with commas", "email;role;note\nada@example.com;Fleet;one, two\n", []string{"2: ada@example.com Fleet note=one, two"}},
		{"tabs, one cell empty", "email\tname\trole\nada@example.com\t\tFleet\n", []string{"2: ada@example.com Fleet"}},
		{"every column, in any order and any case", "Note, NAME ,Role,E-Mail\nhello,Ada,Fleet,ada@example.com\n", []string{"2: ada@example.com Fleet name=Ada note=hello"}},
		{"several roles", "email,roles\na@example.com,AILoop+Fleet\nb@example.com, AILoop | Fleet \nc@example.com,\n",
			[]string{"2: a@example.com AILoop/Fleet", "3: b@example.com AILoop/Fleet", "4: c@example.com "}},
		{"quotes", "email,role,name\n\"ada@example.com\",\"Fleet\",\"Lovelace, Ada \"\"The\"\" \"\n", []string{`2: ada@example.com Fleet name=Lovelace, Ada "The"`}},
		{"a line break in quotes", "email,role,note\na@example.com,Fleet,\"one\ntwo\"\nb@example.com,Fleet,\n", []string{"2: a@example.com Fleet note=one\ntwo", "4: b@example.com Fleet"}},
		{"empty lines, and rows of separators", "\nemail,role\n\n,\n  ,  \na@example.com,Fleet\n\n\nb@example.com,Fleet\n", []string{"6: a@example.com Fleet", "9: b@example.com Fleet"}},
		{"an empty column", "email,role,\na@example.com,Fleet,\n", []string{"2: a@example.com Fleet"}},
		{"a short row", "email,role,name\na@example.com,Fleet\nb@example.com\n", []string{"2: a@example.com Fleet", "3: b@example.com "}},
		{"a long row", "email,role\na@example.com,Fleet,AILoop\nb@example.com,Fleet,,\n", []string{"2: The row has 3 cells, but there are 2 columns", "3: b@example.com Fleet"}},
		{"quotes that do not pair up", "email,role\na\"b@example.com,Fleet\nb@example.com,Fleet\n", []string{"2: The quotes do not pair up", "3: b@example.com Fleet"}},
		{"a quote that is never closed", "email,role\na@example.com,\"Fleet\nb@example.com,Fleet\n", []string{"2: A quote that begins here ends in row 3 or never"}},
		{"another encoding", "email,role,name\na@example.com,Fleet,Ren\xe9\n", []string{"2: The row is not in UTF-8"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := openCSV(strings.NewReader(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for {
				row, err := f.next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, written(row))
			}
			if len(got) != len(tt.want) {
				t.Fatalf("rows = %q, want %q", got, tt.want)
			}
			for i := range got {
				if faulty := strings.Contains(tt.want[i], ": The ") || strings.Contains(tt.want[i], ": A "); faulty && strings.HasPrefix(got[i], tt.want[i]) {
					continue
				}
				if got[i] != tt.want[i] {
					t.Errorf("row %d = %q, want %q", i, got[i], tt.want[i])
				}
			}
		})
	}
}

func written(row csvRow) string {
	if row.Err != nil {
		return fmt.Sprintf("%d: %v", row.Line, row.Err)
	}
	s := fmt.Sprintf("%d: %s %s", row.Line, row.Email, strings.Join(row.Roles, "/"))
	if row.Name != "" {
		s += " name=" + row.Name
	}
	if row.Note != "" {
		s += " note=" + row.Note
	}
	return s
}

func TestCSVRefused(t *testing.T) {
	tests := []struct{ name, file, fault string }{
		{"empty", "", "the file is empty"},
		{"nothing but a mark", "\ufeff\n\n", "the file is empty"},
		{"no header", "ada@example.com,Fleet\n", `there is no column "ada@example.com"`},
		{"an unknown column", "email,role,phone\n", `there is no column "phone"`},
		{"a column twice", "email,role,Email\n", "the column email stands twice"},
		{"a column twice by another name", "email,role,roles\n", "the column role stands twice"},
		{"no role", "email\nada@example.com\n", "the column role is missing"},
		{"no email", "name;role\n", "the column email is missing"},
		{"a workbook", "PK\x03\x04and so on", "is a workbook"},
		{"UTF-16", "\xff\xfee\x00m\x00", "is in UTF-16"},
		{"a quote in the header", "em\"ail,role\n", "first line of the file cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := openCSV(strings.NewReader(tt.file)); err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("openCSV = %v, want %q", err, tt.fault)
			}
		})
	}
}

// counting hands out an endless list and counts what was taken of it.
type counting struct {
	taken, rows int
	left        []byte
}

func (c *counting) Read(p []byte) (int, error) {
	if len(c.left) == 0 {
		c.left = []byte("email,role\n")
		if c.rows > 0 {
			c.left = fmt.Appendf(nil, "person%d@example.com,Fleet\n", c.rows)
		}
		c.rows++
	}
	n := copy(p, c.left)
	c.left = c.left[n:]
	c.taken += n
	return n, nil
}

func TestCSVIsReadAsItGoes(t *testing.T) {
	in := &counting{}
	f, err := openCSV(in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		row, err := f.next()
		if err != nil || row.Line != i+2 {
			t.Fatalf("row %d of an endless file: %+v, %v", i+2, row, err)
		}
	}
	if in.taken > 5000*32+2*sniffed {
		t.Errorf("%d bytes were read for 5,000 rows", in.taken)
	}
}
