package aml

import (
	"math"
	"slices"
	"strings"
)

const (
	// alike is how like two parts must be to be one.
	alike = 0.86
	// hit is the score from which a likeness is told.
	hit = 0.85
	// sameSound is the likeness of parts that are spelled otherwise but sound alike.
	sameSound = 0.96
	// ofQuery is how much of the score what was asked about makes; the rest is
	// how much of the listed name it covers.
	ofQuery = 0.85
	// otherBirth is what another date of birth takes from the score.
	otherBirth = 0.1
)

// A part of an explanation: which part of the one name is which of the other.
type pair struct {
	Asked  string  `json:"asked"`
	Listed string  `json:"listed"`
	How    string  `json:"how"` // equal, sound, spelling
	Score  float64 `json:"score"`
}

// A term is a part of a name, and what spellings of it have in common.
type term struct{ text, sound string }

func termOf(part string) term { return term{part, sound(part)} }

// A spelling is a name in parts, each by itself and with the one that follows.
type spelling struct {
	parts     []string
	one, with []term
}

func spell(name string) *spelling {
	s := &spelling{parts: fold(name)}
	for i, part := range s.parts {
		s.one = append(s.one, termOf(part))
		if i+1 < len(s.parts) {
			s.with = append(s.with, termOf(part+s.parts[i+1]))
		}
	}
	return s
}

// term gives so many of the parts from the i-th on as one.
func (s *spelling) term(i, n int) term {
	if n == 1 {
		return s.one[i]
	}
	return s.with[i]
}

// likeness says how like two parts are, and how.
func likeness(a, b term) (float64, string) {
	if a.text == b.text {
		return 1, "equal"
	}
	if len(a.text) < 3 || len(b.text) < 3 {
		return 0, ""
	}
	if a.sound == b.sound {
		return sameSound, "sound"
	}
	if n := len(a.text) - len(b.text); n < -2 || n > 2 {
		return 0, "" // a beginning in common is not a misspelling
	}
	return max(winkler(a.text, b.text), winkler(a.sound, b.sound)-0.04), "spelling"
}

// compare says how like two names are, whatever the order of their parts, and
// which part was taken for which.
func compare(of, with *spelling) (score float64, pairs []pair) {
	asked, listed := of.parts, with.parts
	if whole := strings.Join(asked, ""); whole != "" && whole == strings.Join(listed, "") {
		return 1, []pair{{strings.Join(asked, " "), strings.Join(listed, " "), "equal", 1}}
	}
	type candidate struct {
		from, to, n, m int // parts of each that stand together
		pair
	}
	var all []candidate
	consider := func(from, n, to, m int) {
		if s, how := likeness(of.term(from, n), with.term(to, m)); s >= alike {
			all = append(all, candidate{from, to, n, m, pair{strings.Join(asked[from:from+n], " "), strings.Join(listed[to:to+m], " "), how, math.Round(s*1000) / 1000}})
		}
	}
	for i := range asked {
		for j := range listed {
			consider(i, 1, j, 1)
			if i+1 < len(asked) {
				consider(i, 2, j, 1)
			}
			if j+1 < len(listed) {
				consider(i, 1, j, 2)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		if a.Score != b.Score {
			return int(math.Copysign(1, b.Score-a.Score))
		}
		return b.n + b.m - a.n - a.m
	})
	usedA, usedB := make([]bool, len(asked)), make([]bool, len(listed))
	var gotA, gotB float64
	strong := 0
	for _, c := range all {
		if slices.Contains(usedA[c.from:c.from+c.n], true) || slices.Contains(usedB[c.to:c.to+c.m], true) {
			continue
		}
		for i := c.from; i < c.from+c.n; i++ {
			usedA[i] = true
			gotA += weight(asked[i]) * c.Score
			if weight(asked[i]) == 1 {
				strong++
			}
		}
		for j := c.to; j < c.to+c.m; j++ {
			usedB[j] = true
			gotB += weight(listed[j])
		}
		pairs = append(pairs, c.pair)
	}
	full := total(asked)
	if full == 0 || strong < 2 && strong < telling(asked) {
		return 0, nil
	}
	return ofQuery*gotA/full + (1-ofQuery)*gotB/total(listed), pairs
}

func total(parts []string) (sum float64) {
	for _, part := range parts {
		sum += weight(part)
	}
	return sum
}

// telling counts the parts that say something.
func telling(parts []string) (n int) {
	for _, part := range parts {
		if weight(part) == 1 {
			n++
		}
	}
	return n
}

// longest bounds a part that may be misspelled, in bytes.
const longest = 64

// winkler is the likeness of Jaro and Winkler: letters in common near the same
// place, and a beginning in common for something more.
func winkler(a, b string) float64 {
	if len(a) == 0 || len(b) == 0 || len(a) > longest || len(b) > longest {
		return 0
	}
	window := max(len(a), len(b))/2 - 1
	window = max(window, 0)
	var usedA, usedB [longest]bool
	common := 0
	for i := range len(a) {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if !usedB[j] && a[i] == b[j] {
				usedA[i], usedB[j] = true, true
				common++
				break
			}
		}
	}
	if common == 0 {
		return 0
	}
	moved, j := 0, 0
	for i := range len(a) {
		if !usedA[i] {
			continue
		}
		for !usedB[j] {
			j++
		}
		if a[i] != b[j] {
			moved++
		}
		j++
	}
	m := float64(common)
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(moved)/2)/m) / 3
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro)
}
