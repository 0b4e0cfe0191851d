package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxPersonLine bounds one person of a file, in bytes.
const maxPersonLine = 256 << 10

// A row is one person of a file, and what is wrong with how it is written.
type row struct {
	line  int // from 1
	entry entry
	wrong []finding
}

// readPeople reads a file row by row: CSV, or JSON lines, by its name unless
// format says. An error ends the reading; what is wrong with a row does not.
func readPeople(path, format string, each func(row) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer file.Close()
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	}
	switch format {
	case "csv":
		return readCSV(file, each)
	case "jsonl", "ndjson", "json":
		return readJSONLines(file, each)
	}
	return misused("person import: of what format is %s? right would be --format csv or --format jsonl", path)
}

func readJSONLines(from io.Reader, each func(row) error) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxPersonLine)
	number := 0
	for lines.Scan() {
		number++
		text := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		if len(text) == 0 {
			continue
		}
		r := row{line: number}
		if wrong := decodeEntry(text, &r.entry); wrong != nil {
			r.wrong = []finding{*wrong}
		}
		if err := each(r); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return each(row{line: number + 1, wrong: []finding{{"line", "it is too long, and nothing behind it was read", fmt.Sprintf("at most %d bytes", maxPersonLine)}}})
	}
	return lines.Err()
}

// notUTF8 is told of other encodings, which would become other letters.
var notUTF8 = finding{"line", "its letters are not encoded in UTF-8", "the file saved as UTF-8"}

// entryFields are the members of an entry.
const entryFields = "username, password, password_hash, subject, disabled, attributes"

// decodeEntry reads a JSON object, and says what is wrong with it without
// repeating any of its values.
func decodeEntry(text []byte, e *entry) *finding {
	if !utf8.Valid(text) {
		return &notUTF8
	}
	err := strictJSON(text, e)
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind) && kind.Field != "":
		return &finding{kind.Field, "it is of another kind", kind.Type.String()}
	case errors.As(err, &syntax):
		return &finding{fmt.Sprintf("byte %d", syntax.Offset), "it is no JSON", `an object such as {"username": "…"}`}
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return &finding{strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`), "there is no such member", entryFields}
	}
	return &finding{"line", "it is no JSON object alone", `an object such as {"username": "…"}`}
}

// columnName is how attributes are named; a dot leads into an object.
var columnName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)

// readCSV reads a table (RFC 4180) with a first line of names, separated by
// commas or semicolons. Columns that are no member of an entry are attributes.
func readCSV(from io.Reader, each func(row) error) error {
	text := bufio.NewReaderSize(from, 64<<10)
	if mark, _ := text.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		text.Discard(3)
	}
	reader := csv.NewReader(text)
	if first, _ := text.Peek(4 << 10); semicolons(first) {
		reader.Comma = ';'
	}
	reader.ReuseRecord = true
	names, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	names = slices.Clone(names)
	if wrong := checkColumns(names, err); wrong != nil {
		return each(row{line: 1, wrong: wrong})
	}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		r := row{}
		var malformed *csv.ParseError
		switch {
		case errors.As(err, &malformed) && errors.Is(err, csv.ErrFieldCount):
			r.line = malformed.StartLine
			r.wrong = []finding{{"line", fmt.Sprintf("it has %d columns", len(cells)), fmt.Sprint(len(names))}}
		case errors.As(err, &malformed):
			r.line = malformed.StartLine
			r.wrong = []finding{{"line", "its quotes are not paired", `"…", with " doubled inside`}}
		case err != nil:
			return fmt.Errorf("import: %w", err)
		default:
			r.line, _ = reader.FieldPos(0)
			r.entry, r.wrong = entryOfCells(names, cells)
		}
		if err := each(r); err != nil {
			return err
		}
	}
}

func semicolons(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return bytes.Contains(line, []byte(";")) && !bytes.Contains(line, []byte(","))
}

func checkColumns(names []string, err error) (wrong []finding) {
	if err != nil {
		return []finding{{"line", "it does not name the columns", "username,password,name,…"}}
	}
	seen := map[string]bool{}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
		if !columnName.MatchString(names[i]) || names[i] == "attributes" {
			wrong = append(wrong, finding{fmt.Sprintf("column %d", i+1), "it is not named as an attribute", "letters, digits and _, such as family_name or address.locality"})
		}
		if seen[names[i]] {
			wrong = append(wrong, finding{fmt.Sprintf("column %d", i+1), "another has its name", "each name once"})
		}
		seen[names[i]] = true
	}
	if !seen["username"] {
		wrong = append(wrong, finding{"line", "no column is named username", "username,password,name,…"})
	}
	return wrong
}

// entryOfCells makes an entry of a row of a table. An empty cell is nothing.
func entryOfCells(names, cells []string) (e entry, wrong []finding) {
	attributes := map[string]any{}
	for i, value := range cells {
		if !utf8.ValidString(value) {
			return e, []finding{notUTF8}
		}
		switch name := names[i]; name {
		case "username":
			e.Username = value
		case "password":
			e.Password = value
		case "password_hash":
			e.PasswordHash = value
		case "subject":
			e.Subject = value
		case "disabled":
			if value != "" && value != "true" && value != "false" {
				wrong = append(wrong, finding{name, "it is neither", "true or false"})
			}
			e.Disabled = value == "true"
		default:
			if value != "" && !putAt(attributes, strings.Split(name, "."), value) {
				wrong = append(wrong, finding{name, "another column has a value where this one leads into an object", "one or the other"})
			}
		}
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		return e, append(wrong, finding{"line", "it is no text", ""})
	}
	e.Attributes = text
	return e, wrong
}

// putAt puts a value at a path of names.
func putAt(into map[string]any, path []string, value string) bool {
	for _, name := range path[:len(path)-1] {
		if into[name] == nil {
			into[name] = map[string]any{}
		}
		next, object := into[name].(map[string]any)
		if !object {
			return false
		}
		into = next
	}
	last := path[len(path)-1]
	if into[last] != nil {
		return false
	}
	into[last] = value
	return true
}
