package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Fault is one thing that is wrong with a catalog file, and what would be
// right.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Path    string `json:"path"`   // e.g. scopes.nnin.claims[0]; "" for the file as a whole
	Message string `json:"message"`
	Right   string `json:"right,omitempty"` // what would be right, if anything short says it
}

// Error gives the fault in one line.
func (f Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Message)
	if f.Right != "" {
		b.WriteString("; right would be " + f.Right)
	}
	return b.String()
}

// Faults are all the faults of a load, by file, line and column.
type Faults []Fault

// Error gives one line per fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].Error()
	}
	return strings.Join(lines, "\n")
}

// faults gathers faults; the same one, met in several dialects, is kept once.
type faults struct {
	list   []Fault
	seen   map[Fault]bool
	shaped map[spot]bool // where the shape is wrong already: nothing more is said there
}

type spot struct {
	file         string
	line, column int
}

func (f *faults) add(fault Fault) {
	if f.seen == nil {
		f.seen = map[Fault]bool{}
	}
	if !f.seen[fault] {
		f.seen[fault] = true
		f.list = append(f.list, fault)
	}
}

// at adds a fault at a node, unless its shape is wrong already.
func (f *faults) at(n *node, right, format string, args ...any) {
	line, column := n.position()
	if f.shaped[spot{n.file, line, column}] {
		return
	}
	f.add(Fault{n.file, line, column, clip(n.path()), clip(fmt.Sprintf(format, args...)), clip(right)})
}

// clip keeps a fault to what a person reads, whatever a file holds.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// shape adds a fault of the shape of a node.
func (f *faults) shape(n *node, right, format string, args ...any) {
	line, column := n.position()
	delete(f.shaped, spot{n.file, line, column})
	f.at(n, right, format, args...)
	if f.shaped == nil {
		f.shaped = map[spot]bool{}
	}
	f.shaped[spot{n.file, line, column}] = true
}

// sorted gives the faults in the order of the files, nil when there is none.
func (f *faults) sorted() Faults {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	return f.list
}

// near gives what a misspelt name may have meant: up to three known names that
// differ little, else all of them when they are few.
func near(name string, known []string) string {
	type candidate struct {
		name     string
		distance int
	}
	var close []candidate
	bound := max(2, len(name)/3)
	for _, k := range known {
		if strings.Contains(k, "*") {
			continue
		}
		prefixed := len(name) >= 3 && (strings.HasPrefix(k, name) || strings.HasPrefix(name, k) && len(k) >= 3)
		if slices.ContainsFunc(close, func(c candidate) bool { return c.name == k }) {
			continue
		}
		if d := distance(name, k, bound); d <= bound {
			close = append(close, candidate{k, d})
		} else if prefixed {
			close = append(close, candidate{k, bound + 1})
		}
	}
	slices.SortFunc(close, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, c := range close[:min(3, len(close))] {
		names = append(names, c.name)
	}
	if names == nil && len(known) <= 12 {
		names = slices.Sorted(slices.Values(known))
	}
	return strings.Join(names, ", ")
}

// distance is the number of edits between two words (Levenshtein), or more than
// bound when it is certain to exceed it.
func distance(a, b string, bound int) int {
	if len(a)-len(b) > bound || len(b)-len(a) > bound {
		return bound + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, previous+cost)
			previous, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
