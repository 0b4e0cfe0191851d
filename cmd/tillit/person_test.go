package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tillit/tillit"
)

// stopAt ends a context when a text is written.
type stopAt struct {
	text string
	stop func()
}

func (s stopAt) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.text) {
		s.stop()
	}
	return len(p), nil
}

// An import that is stopped has stored whole people, and the same command again
// adds the others.
func TestImportGoesOn(t *testing.T) {
	directory := t.TempDir()
	data, file := filepath.Join(directory, "data"), filepath.Join(directory, "people.jsonl")
	_, ended := startInside(t, "dev", "--listen", "127.0.0.1:0", "--data", data)
	if code := ended(); code != 0 {
		t.Fatalf("exit status %d; want 0", code)
	}
	const people = 450
	var lines bytes.Buffer
	for i := range people {
		fmt.Fprintf(&lines, "{\"username\": \"p%d\", \"subject\": \"s%d\", \"attributes\": {\"name\": \"P %d\"}}\n", i, i, i)
	}
	write(t, file, lines.Bytes())
	args := []string{"--output", "json", "person", "import", "--data", data, "--realm", "buypass", file}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if code := run(ctx, args, t.Output(), stopAt{"200 of 450", stop}); code != 1 {
		t.Fatalf("stopped: exit status %d; want 1", code)
	}
	var out bytes.Buffer
	if code := run(t.Context(), args, &out, t.Output()); code != 0 {
		t.Fatalf("again: exit status %d; want 0", code)
	}
	var done imported
	if err := json.Unmarshal(out.Bytes(), &done); err != nil {
		t.Fatal(err)
	}
	if done.There < 199 || done.Added == 0 || done.There+done.Added != people {
		t.Errorf("%d were there and %d were added; want at least 199, and all %d", done.There, done.Added, people)
	}
}

func TestReadPeople(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a.csv", "username\n\xe5se\n", "2 line"},
		{"a.jsonl", "{\"username\": \"\xe5se\"}\n", "1 line"},
		{"a.csv", "\ufeffusername;name\nbo;Bo\n", "2"},
		{"a.csv", "username,name\n\"bo\nlien\",x\ncia,\"y\n", "2|4 line"},
		{"a.csv", "username,address,address.locality\nbo,x,y\ncia,,y\n", "2 address.locality|3"},
		{"a.csv", "username,username\n", "1 column 2"},
		{"a.csv", "", ""},
		{"a.jsonl", "\n\n{\"username\": \"bo\"}\n[]\nnull\n", "3|4 line|5"},
		{"a.jsonl", "{\"username\": \"" + strings.Repeat("x", maxPersonLine) + "\"}\n", "1 line"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		write(t, path, []byte(c.text))
		var got []string
		err := readPeople(path, "", func(r row) error {
			told := fmt.Sprint(r.line)
			for _, f := range r.wrong {
				told += " " + f.Path
			}
			got = append(got, told)
			return nil
		})
		if err != nil || strings.Join(got, "|") != c.want {
			t.Errorf("%s %.40q: %s, %v; want %s", c.name, c.text, strings.Join(got, "|"), err, c.want)
		}
	}
}

// FuzzPeople: no file makes the reader panic, rows come in order, and what is
// told of them never repeats a value that only a person has.
func FuzzPeople(f *testing.F) {
	f.Add("username,name\nbo,hush-hush\n", true)
	f.Add("username;disabled\nbo;hush-hush\n", true)
	f.Add(`{"username": "bo", "disabled": "hush-hush"}`, false)
	f.Add(`{"username": "bo", "attributes": ["hush-hush"]}`, false)
	f.Fuzz(func(t *testing.T, text string, table bool) {
		path, format := filepath.Join(t.TempDir(), "people"), "jsonl"
		if table {
			format = "csv"
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		last := 0
		err := readPeople(path, format, func(r row) error {
			if r.line < last {
				t.Errorf("line %d after %d", r.line, last)
			}
			last = r.line
			for _, wrong := range append(r.wrong, r.entry.check(tillit.Test)...) {
				if strings.Contains(wrong.String(), "hush-hush") && !strings.Contains(wrong.Path, "hush-hush") {
					t.Errorf("a value is told: %s", wrong)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("%v", err)
		}
	})
}
