package aml

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// TestLabelledNames measures the comparison on invented names, each with the word
// whether the two are one. What it measures stands in docs/realms/bankid.md.
func TestLabelledNames(t *testing.T) {
	file, err := os.Open("testdata/labelled.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	type count struct{ right, all int }
	counts := map[string]*count{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 4 {
			continue
		}
		kind, same := fields[0], fields[1] == "same"
		score, _ := compare(spell(fields[2]), spell(fields[3]))
		if counts[kind] == nil {
			counts[kind] = &count{}
		}
		counts[kind].all++
		if (score >= hit) == same {
			counts[kind].right++
		} else {
			t.Logf("%s: %s / %s: %.3f, want %s", kind, fields[2], fields[3], score, fields[1])
		}
	}
	for kind, least := range map[string]int{"order": 10, "transliteration": 16, "misspelling": 13, "parts": 7, "other": 23} {
		c := counts[kind]
		if c == nil || c.right < least {
			t.Errorf("%s: %+v right; want at least %d", kind, c, least)
			continue
		}
		t.Logf("%s: %d of %d right", kind, c.right, c.all)
	}
}
