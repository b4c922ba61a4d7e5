package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"

	"doorward/backend/access"
	"doorward/backend/address"
	"doorward/backend/text"

	"github.com/spf13/cobra"
)

// encodings are those that a file may be in.
var encodings = []string{"utf-8", "windows-1252"}

const importHelp = `Invite everyone in a CSV file, or on standard input if FILE is -.

The first line names the columns, in any order: email and role, and optionally
name, note and language (the language of the person's emails, such as de). Other
columns are ignored. Without such a line, the columns are email, role, name and
note, in this order; a list of addresses is enough. Separate the columns with
commas, semicolons or tabs. Put several roles in one cell with +, | or ; between
them: AILoop+Fleet. Rows without a role get the roles of --role. The console
reads the same files.

The file must be in UTF-8. Excel's plain "CSV" is not: save it as "CSV UTF-8",
or use --encoding windows-1252 and check the names with --dry-run first.

Every row gets a result. Rows are numbered like the lines of the file in an
editor or a spreadsheet: the first line is row 1, so people begin at row 2. An
error in one row does not affect the others. With --dry-run, every row is
checked, and nothing is stored or sent. The exit code is 1 if any row failed.`

func (r *run) importVerb() *cobra.Command {
	var dry bool
	var usual []string
	encoding := encodings[0]
	cmd := &cobra.Command{
		Use:   "import FILE.csv|- [--role ROLE]... [--encoding ENCODING] [--dry-run]",
		Short: "Invite everyone in a CSV file",
		Long:  importHelp,
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "check every row; store and send nothing")
	r.roleFlag(cmd, &usual, "`ROLE` for rows without one; may be given more than once")
	cmd.Flags().StringVar(&encoding, "encoding", encoding, "encoding of a file that is not in UTF-8: `windows-1252`")
	verb := r.on(func(a *api, args []string) error {
		if !slices.Contains(encodings, encoding) {
			return access.Errorf(access.Invalid, "The encoding must be utf-8 or windows-1252.").
				WithCode("unknown_encoding")
		}
		in := r.Stdin
		if args[0] != "-" {
			f, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("the file cannot be read: %w", err)
			}
			defer f.Close()
			in = f
		}
		file, err := openCSV(in, usual)
		if err != nil {
			return err
		}
		file.windows = encoding == encodings[1]
		return (&importing{run: r, api: a, dry: dry, first: map[string]int{}}).all(file)
	})
	cmd.RunE = verb
	return settings(cmd, true)
}

// An importing is one running import.
type importing struct {
	*run
	api   *api
	dry   bool
	first map[string]int // canonical address to the row where it first occurred
	rows  []csvRow       // of the chunk
	bytes int            // the approximate size of the chunk's invitations
	good  int
	bad   []int // rows that failed: the first few
	nbad  int
}

const (
	rowBatch  = 1000      // the maximum of one API request
	byteBatch = 512 << 10 // well under the API's size limit
	maxRow    = 8 << 10   // more than any valid row
	namedRows = 10        // how many failed rows are named at the end
)

func (im *importing) all(file *csvFile) error {
	for {
		row, err := file.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = im.add(row)
		}
		if err != nil {
			return im.brokenOff(err)
		}
	}
	if err := im.send(); err != nil {
		return im.brokenOff(err)
	}
	return im.sum()
}

// add adds a row to the chunk, and sends the chunk once it is full.
func (im *importing) add(row csvRow) error {
	size := len(row.Email) + len(row.Name) + len(row.Note) + len(row.Language)
	for _, role := range row.Roles {
		size += len(role)
	}
	if row.Err == nil {
		row.Err = im.look(row, size)
	}
	im.rows = append(im.rows, row)
	if row.Err == nil {
		im.bytes += 6*size + 100 // JSON escapes some characters with six
	}
	if len(im.rows) == rowBatch || im.bytes > byteBatch {
		return im.send()
	}
	return nil
}

// look refuses what is wrong by itself: an invalid address, or one that occurred
// before in any spelling.
func (im *importing) look(row csvRow, size int) error {
	if size > maxRow {
		return access.Errorf(access.Invalid, "The row is too long (%d bytes).", size).WithCode("text_too_long")
	}
	a, err := address.Parse(row.Email)
	if err != nil {
		return err
	}
	if line, twice := im.first[a.Canonical]; twice {
		return access.Errorf(access.Conflict, "Duplicate of row %d.", line).
			On("email").WithCode("duplicate_row")
	}
	im.first[a.Canonical] = row.Line
	return nil
}

// A result is the outcome of one row.
type result struct {
	Row            int             `json:"row"`
	OK             bool            `json:"ok"`
	Email          string          `json:"email,omitempty"`
	Member         json.RawMessage `json:"member,omitempty"`
	RejectedBefore *rejection      `json:"rejected_before,omitempty"`
	Error          *rowError       `json:"error,omitempty"`
}

type rowError struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Field  string `json:"field,omitempty"`
}

// send invites the chunk's rows and prints the results in the file's order.
func (im *importing) send() error {
	batch := []invitation{}
	for _, row := range im.rows {
		if row.Err == nil {
			batch = append(batch, invitation{Email: row.Email, Roles: row.Roles, Name: row.Name, Note: row.Note,
				Language: row.Language})
		}
	}
	var out struct {
		Results []result `json:"results"`
	}
	if len(batch) > 0 {
		in := map[string]any{"dry_run": im.dry, "invitations": batch}
		raw, err := im.api.ask(http.MethodPost, public+"/invitations/batch", in)
		if err != nil {
			return err
		}
		if err := read(raw, &out); err != nil {
			return err
		}
		if len(out.Results) != len(batch) {
			return fmt.Errorf("the server answered only %d of %d rows", len(out.Results), len(batch))
		}
	}
	for _, row := range im.rows {
		res := refusedRow(row)
		if row.Err == nil {
			res, out.Results = out.Results[0], out.Results[1:]
			res.Row, res.Email = row.Line, row.Email
		}
		if err := im.print(res, row); err != nil {
			return err
		}
	}
	im.rows, im.bytes = im.rows[:0], 0
	return im.out.Flush()
}

func refusedRow(row csvRow) result {
	if row.Err == nil {
		return result{}
	}
	e := access.Explain(row.Err)
	return result{Row: row.Line, Email: row.Email, Error: &rowError{e.Code, e.Message, e.Field}}
}

func (im *importing) print(res result, row csvRow) error {
	if res.OK {
		im.good++
	} else if im.nbad++; len(im.bad) < namedRows {
		im.bad = append(im.bad, row.Line)
	}
	return im.value(res, func(w io.Writer) {
		said := "invited as " + text.List(row.Roles)
		switch {
		case !res.OK && res.Error != nil:
			said = res.Error.Detail
		case !res.OK:
			said = "failed"
		case im.dry:
			said = "can be invited as " + text.List(row.Roles)
		}
		mark := "ok"
		if !res.OK {
			mark = "failed"
		}
		who := cmp.Or(plain(res.Email), "-")
		if row.Name != "" {
			who += " (" + plain(row.Name) + ")"
		}
		fmt.Fprintf(w, "row %-6d %-6s  %s  %s\n", res.Row, mark, who, plain(said))
		res.RejectedBefore.say(w)
	})
}

// brokenOff ends an import that cannot continue.
func (im *importing) brokenOff(err error) error {
	if len(im.rows) == 0 {
		return err
	}
	return fmt.Errorf("stopped at row %d; the rows before it are done, the rest were not invited: %s",
		im.rows[0].Line, explain(err))
}

// sum prints the result, and fails if any row failed.
func (im *importing) sum() error {
	if im.good+im.nbad == 0 {
		return errors.New("the file names the columns, but has no one to invite")
	}
	verb := "invited"
	if im.dry {
		verb = "can be invited; nothing was sent"
	}
	if im.nbad == 0 {
		if !im.json {
			fmt.Fprintf(im.out, "%s %s.\n", text.Count(im.good, "row"), verb)
		}
		return nil
	}
	var named []string
	for _, line := range im.bad {
		named = append(named, fmt.Sprint(line))
	}
	if more := im.nbad - len(im.bad); more > 0 {
		named = append(named, fmt.Sprintf("%d more", more))
	}
	word := "rows"
	if im.nbad == 1 {
		word = "row"
	}
	return fmt.Errorf("%s %s; %s failed: %s %s", text.Count(im.good, "row"), verb, text.Count(im.nbad, "row"), word,
		text.List(named))
}
