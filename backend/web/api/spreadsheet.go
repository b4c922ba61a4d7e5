package api

import (
	"bufio"
	"strings"
)

// byteOrderMark tells Excel on Windows that a CSV is in UTF-8. Without it bücher.example
// reads bÃ¼cher.example.
const byteOrderMark = "\ufeff"

// formula reports whether a spreadsheet would run a cell as a formula; some
// spreadsheets also accept the full-width signs.
func formula(cell string) bool {
	for _, r := range strings.TrimLeft(cell, " \u00A0\u3000") {
		return strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
	}
	return false
}

// writeRow writes one row of the exported table. A cell that a spreadsheet would
// run as a formula gets a leading apostrophe, which makes it text.
func writeRow(w *bufio.Writer, cells []string) {
	for i, cell := range cells {
		if i > 0 {
			w.WriteByte(',')
		}
		if formula(cell) {
			cell = "'" + cell
		}
		w.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + `"`)
	}
	w.WriteString("\r\n")
}
