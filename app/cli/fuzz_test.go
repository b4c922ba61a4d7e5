package cli

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"doorward/backend/access"
)

// Any file is read as a list of invitations, or refused with a sentence. Rows are
// in the file's order, each with its content or its error, none larger than the
// file allows, and reading the file again gives the same rows.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"email,role\nada@example.com,Fleet\n", "\ufeffEmail;Role;Name\r\n\"a@b.c\";Admin+Fleet;\"Lovelace; Ada\"\r\n",
		"email\trole\nx\ty\n", "email,role,note\na@b.c,Fleet,\"two\nlines\"\n",
		"email,role\n\"", "email,role\n,,,,\n", "role\nx", "", "PK\x03\x04",
		"email,role,email\n", "email,role\n\xff\xfe,x\n", "email,role\n=cmd(),Fleet\n",
		"\"Lovelace, Ada\" <ada@b.c>;Fleet\n", "email\na@b.c <", "email,role\r\na@b.c,Fleet\r\r\n",
		"email,role\na@b.c,\"Fleet\"x\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, err := readAll(file)
		again, err2 := readAll(file)
		if (err == nil) != (err2 == nil) || len(rows) != len(again) {
			t.Fatalf("read twice: %d rows, %v; %d rows, %v", len(rows), err, len(again), err2)
		}
		if err != nil && (err.Error() == "" || !utf8.ValidString(err.Error()) || len(err.Error()) > 1000) {
			t.Errorf("refused with %q", err)
		}
		line, size := 0, 0
		for _, r := range rows {
			if r.Line <= line || r.Line > bytes.Count(file, []byte("\n"))+bytes.Count(file, []byte("\r"))+1 {
				t.Errorf("a row of line %d stands after line %d", r.Line, line)
			}
			line = r.Line
			if r.Err != nil {
				if r.Email != "" || r.Name != "" || r.Note != "" || len(r.Roles) != 0 ||
					access.Explain(r.Err).Kind != access.Invalid {
					t.Errorf("line %d is unreadable (%v), and holds %+v", r.Line, r.Err, r)
				}
				continue
			}
			for _, cell := range append([]string{r.Email, r.Name, r.Note}, r.Roles...) {
				if cell != strings.TrimSpace(cell) || !utf8.ValidString(cell) {
					t.Errorf("line %d has the cell %q", r.Line, cell)
				}
				size += len(cell)
			}
			for _, role := range r.Roles {
				if role == "" || strings.ContainsAny(role, "+|;") {
					t.Errorf("line %d has the role %q", r.Line, role)
				}
			}
		}
		if size > len(file) {
			t.Errorf("%d bytes in the cells of a file of %d", size, len(file))
		}
	})
}

func readAll(file []byte) (rows []csvRow, err error) {
	f, err := openCSV(bytes.NewReader(file), nil)
	for err == nil {
		var r csvRow
		if r, err = f.next(); err == nil {
			rows = append(rows, r)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return rows, err
}
