package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"doorward/backend/access"
)

// A list that one of the command line and the console accepts and the other
// refuses, or reads differently, works in one place and fails in the other. Both
// read the same table; batch.test.ts is the console's half.
func TestCSVCases(t *testing.T) {
	for _, tt := range readCSVCases(t) {
		t.Run(tt.Name, func(t *testing.T) {
			f, err := openCSV(bytes.NewReader(tt.file()), tt.Usual)
			if tt.Refused != nil || err != nil {
				tt.Refused.check(t, err)
				return
			}
			f.windows = tt.Windows
			got := 0
			for ; ; got++ {
				row, err := f.next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil || got == len(tt.Rows) {
					t.Fatalf("row %d = %+v, %v, want %d rows", row.Line, row, err, len(tt.Rows))
				}
				tt.Rows[got].checkRow(t, row)
			}
			if got != len(tt.Rows) {
				t.Errorf("%d rows, want %d", got, len(tt.Rows))
			}
		})
	}
}

// A csvCase is a list, as text or bytes, and the expected result: rows, or a
// refusal of the whole.
type csvCase struct {
	Name    string    `json:"name"`
	Text    string    `json:"text"`
	Base64  []byte    `json:"base64"`
	Windows bool      `json:"windows"` // with --encoding windows-1252
	Usual   []string  `json:"usual"`
	Rows    []csvWant `json:"rows"`
	Refused *csvWant  `json:"refused"`
}

func (c csvCase) file() []byte {
	if c.Base64 != nil {
		return c.Base64
	}
	return []byte(c.Text)
}

// A csvWant is the expected row, or the code of its refusal and how the sentence
// begins.
type csvWant struct {
	Row   int      `json:"row"`
	Email string   `json:"email"`
	Roles []string `json:"roles"`
	Name  string   `json:"name"`
	Note  string   `json:"note"`
	Code  string   `json:"code"`
	Says  string   `json:"says"`

	Language string `json:"language"`
}

func (w *csvWant) check(t *testing.T, err error) {
	t.Helper()
	if w == nil {
		t.Fatalf("refused: %v", err)
	}
	if err == nil || access.Explain(err).Code != w.Code || !strings.HasPrefix(err.Error(), w.Says) {
		t.Errorf("refused with %v, want %s: %q", err, w.Code, w.Says)
	}
}

func (w *csvWant) checkRow(t *testing.T, row csvRow) {
	t.Helper()
	if w.Code != "" {
		w.check(t, row.Err)
		row.Err = nil
	}
	want := csvRow{Line: w.Row, Email: w.Email, Roles: w.Roles, Name: w.Name, Note: w.Note, Language: w.Language}
	if !reflect.DeepEqual(row, want) {
		t.Errorf("row = %+v, want %+v", row, want)
	}
}

func readCSVCases(t *testing.T) []csvCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/csv_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.DisallowUnknownFields()
	var cases []csvCase
	if err := in.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// counting is an endless list that counts how much of it was read.
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
	f, err := openCSV(in, nil)
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

// Excel's plain CSV was taken with broken names, and the broken names were mailed. The
// shell shows no names before it sends, so it takes such a file only when it is told to.
func TestRowsNotInUTF8AreRefusedUnlessAskedFor(t *testing.T) {
	f, err := openCSV(strings.NewReader("email,role,name\na@example.com,Fleet,Ren\xe9\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	row, err := f.next()
	if err != nil || row.Err == nil || access.Explain(row.Err).Code != "text_invalid" ||
		!strings.Contains(row.Err.Error(), "--encoding windows-1252") {
		t.Errorf("%+v, %v", row, err)
	}
}
