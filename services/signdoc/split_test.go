package signdoc

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func splitText(text string, most int) (left string, taken []string, err error) {
	s := splitter{in: bufio.NewReader(iotest.OneByteReader(strings.NewReader(text))), member: "pdf", most: most}
	s.take = func(content io.Reader) (string, error) {
		b, err := io.ReadAll(content)
		taken = append(taken, string(b))
		return fmt.Sprintf("mark %d", len(taken)), err
	}
	out, err := s.split()
	return string(out), taken, err
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		text, left string
		taken      []string
	}{
		{`{"a":"pdf","pdf":"QUJD"}`, `{"a":"pdf","pdf":"mark 1"}`, []string{"QUJD"}},
		{`[{"pdf" : "QU\/D"}, {"pdf":"\u0041\nB"}]`, `[{"pdf" : "mark 1"}, {"pdf":"mark 2"}]`, []string{"QU/D", "A\nB"}},
		{`{"pdf":{"pdf":1,"x":"pdf"}}`, `{"pdf":{"pdf":1,"x":"pdf"}}`, nil},
		{`{"pdf":["QUJD"]}`, `{"pdf":["QUJD"]}`, nil},
		{`{"text":"\"pdf\":\"QUJD\""}`, `{"text":"\"pdf\":\"QUJD\""}`, nil},
		{`{"pdf":"\u00e5"}`, `{"pdf":"mark 1"}`, []string{"\x00"}},
		{``, ``, nil},
	} {
		left, taken, err := splitText(c.text, 1000)
		if err != nil || left != c.left || strings.Join(taken, "|") != strings.Join(c.taken, "|") {
			t.Errorf("%s: %s, %q, %v; want %s, %q", c.text, left, taken, err, c.left, c.taken)
		}
	}
	if _, _, err := splitText(`{"pdf":"QUJD`, 1000); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut short: %v", err)
	}
	if _, _, err := splitText(`{"a":"`+strings.Repeat("x", 100)+`"}`, 50); !errors.Is(err, errTooLong) {
		t.Errorf("too long: %v", err)
	}
}

// FuzzSplit: what is taken out of JSON and put back is the same JSON.
func FuzzSplit(f *testing.F) {
	f.Add(`{"pdf":"QUJD","a":[{"pdf":"x"},"pdf"]}`)
	f.Add(`{"a\"":{"pdf":"\\\""},"pdf":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			splitText(text, 1<<20) // refused or not, it ends
			return
		}
		left, _, err := splitText(text, 1<<20)
		if err == nil && !json.Valid([]byte(left)) {
			t.Errorf("%s became %s", text, left)
		}
	})
}
