package catalog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/tillit/tillit/realms"
)

// FuzzLoad loads whatever it is given: it never panics, gives realms or faults
// and never both, and every fault has a place.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"buypass.yaml", "maskinporten.yaml"} {
		data, err := fs.ReadFile(realms.Files(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	stories, err := filepath.Glob("testdata/faults/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, story := range stories {
		data, err := os.ReadFile(story)
		if err != nil {
			f.Fatal(err)
		}
		_, files, _ := splitStory(string(data))
		for _, file := range files {
			f.Add(file.Data)
		}
	}
	f.Add([]byte("realm: a\ntitle: {en: A}\nlanguages: [en]\ndialect: x\ndialects: {y: {title: null, like: x}, z: {like: y, scopes: {a: 1}}}\nscopes: {a: {}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := Load(fstest.MapFS{"realm.yaml": {Data: data}})
		if (set == nil) == (err == nil) {
			t.Fatalf("set %v, error %v", set, err)
		}
		var faults Faults
		if errors.As(err, &faults) {
			for _, fault := range faults {
				if fault.File == "" || fault.Line < 1 || fault.Column < 1 || fault.Message == "" {
					t.Fatalf("a fault without a place or a message: %+v", fault)
				}
			}
		}
	})
}
