package aml

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// The four files of a list, as their publisher calls them: who is listed, other
// names, addresses, and what did not fit into the remarks.
const (
	fileNames     = "SDN.CSV"
	fileAliases   = "ALT.CSV"
	fileAddresses = "ADD.CSV"
	fileComments  = "SDN_COMMENTS.CSV"
)

// Files are the names of the four.
var Files = [...]string{fileNames, fileAliases, fileAddresses, fileComments}

// mostListed bounds a list, in entries.
const mostListed = 200_000

// nothing is how the files write an empty field.
const nothing = "-0-"

var birth = regexp.MustCompile(`DOB (?:circa )?((?:\d{1,2} )?(?:[A-Z][a-z]{2} )?\d{4})`)

// Parse reads the four files and gives the entries in the files' order, with the
// digest of all that was read.
func Parse(files map[string][]byte) (entries []tillit.ListEntry, digest string, err error) {
	sum := sha256.New()
	for _, name := range Files {
		if files[name] == nil {
			return nil, "", fmt.Errorf("%s is missing; right would be the four files %s", name, strings.Join(Files[:], ", "))
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(files[name]))
		sum.Write(files[name])
	}
	at := map[string]int{}
	remarks := map[string]string{}
	err = rows(files, fileNames, 12, func(f []string) error {
		if _, twice := at[f[0]]; twice {
			return fmt.Errorf("entry %s stands twice", f[0])
		}
		if len(entries) == mostListed {
			return fmt.Errorf("more than %d entries", mostListed)
		}
		at[f[0]] = len(entries)
		remarks[f[0]] = f[11]
		entries = append(entries, tillit.ListEntry{Number: f[0], Kind: kindOf(f[2]), Name: f[1], Programs: programs(f[3])})
		return nil
	})
	of := func(f []string) (*tillit.ListEntry, error) {
		i, known := at[f[0]]
		if !known {
			return nil, fmt.Errorf("entry %s is not in %s", f[0], fileNames)
		}
		return &entries[i], nil
	}
	if err == nil {
		err = rows(files, fileAliases, 5, func(f []string) error {
			e, err := of(f)
			if err == nil && f[3] != "" && !slices.Contains(e.Aliases, f[3]) {
				e.Aliases = append(e.Aliases, f[3])
			}
			return err
		})
	}
	if err == nil {
		err = rows(files, fileAddresses, 6, func(f []string) error {
			e, err := of(f)
			if err == nil && f[4] != "" && !slices.Contains(e.Places, f[4]) {
				e.Places = append(e.Places, f[4])
			}
			return err
		})
	}
	if err == nil {
		err = rows(files, fileComments, 2, func(f []string) error {
			_, err := of(f)
			remarks[f[0]] += f[1]
			return err
		})
	}
	for i := range entries {
		for _, found := range birth.FindAllStringSubmatch(remarks[entries[i].Number], -1) {
			if date := readDate(found[1]); !slices.Contains(entries[i].Births, date) {
				entries[i].Births = append(entries[i].Births, date)
			}
		}
	}
	return entries, hex.EncodeToString(sum.Sum(nil)), err
}

// rows reads one file. Its last line may be the mark of an old end of file.
func rows(files map[string][]byte, name string, fields int, each func([]string) error) error {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimRight(files[name], "\x1a\r\n")))
	reader.LazyQuotes, reader.FieldsPerRecord = true, -1
	for {
		f, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		line, _ := reader.FieldPos(0)
		if len(f) < fields {
			return fmt.Errorf("%s:%d: %d fields; right would be %d", name, line, len(f), fields)
		}
		for i := range f {
			if f[i] = strings.TrimSpace(f[i]); f[i] == nothing {
				f[i] = ""
			}
		}
		if err := each(f); err != nil {
			return fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
}

func kindOf(text string) string {
	switch strings.ToLower(text) {
	case "individual":
		return "person"
	case "vessel", "aircraft":
		return strings.ToLower(text)
	}
	return "organization"
}

func programs(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("[]; ,", r) })
}

var months = map[string]string{
	"Jan": "01", "Feb": "02", "Mar": "03", "Apr": "04", "May": "05", "Jun": "06",
	"Jul": "07", "Aug": "08", "Sep": "09", "Oct": "10", "Nov": "11", "Dec": "12",
}

// readDate turns "12 Mar 1965" into 1965-03-12; a month or a year alone stays as
// much as it says.
func readDate(text string) string {
	parts := strings.Fields(text)
	slices.Reverse(parts)
	if len(parts) > 1 {
		parts[1] = months[parts[1]]
	}
	if len(parts) > 2 {
		parts[2] = fmt.Sprintf("%02s", parts[2])
	}
	return strings.Join(parts, "-")
}

// Lists keeps lists.
type Lists interface {
	BeginList(ctx context.Context, l *tillit.ScreeningList) (stored int64, err error)
	AddEntries(ctx context.Context, l *tillit.ScreeningList, first int64, entries []tillit.ListEntry) error
	UseList(ctx context.Context, l *tillit.ScreeningList, at int64, record *tillit.AuditRecord) error
}

// importBatch is how many entries go in one commit.
const importBatch = 500

// Import stores a list and has it compared with from now on. What an import that
// was stopped had stored is there already. progress hears how far it is.
func Import(ctx context.Context, to Lists, l *tillit.ScreeningList, files map[string][]byte, at int64, progress func(stored, all int64)) error {
	entries, digest, err := Parse(files)
	if err != nil {
		return err
	}
	l.Digest, l.Entries = digest, int64(len(entries))
	stored, err := to.BeginList(ctx, l)
	if err != nil {
		return err
	}
	for stored < l.Entries {
		batch := entries[stored:min(stored+importBatch, l.Entries)]
		if err := to.AddEntries(ctx, l, stored, batch); err != nil {
			return fmt.Errorf("%w; %d of %d were stored, and the same import goes on from there", err, stored, l.Entries)
		}
		stored += int64(len(batch))
		progress(stored, l.Entries)
	}
	return to.UseList(ctx, l, at, &tillit.AuditRecord{Realm: l.Realm, Time: at, Event: "list_imported"})
}
