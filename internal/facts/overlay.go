package facts

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing/fstest"
)

// remark is a comment of YAML: nothing rests on what it says.
var remark = regexp.MustCompile(`(?m)(^|[ \t]+)#[^"'\n]*$`)

// Edit gives the realms with one text replaced in one of them: in its file, or
// in any file of its folder. Without all, old must stand there exactly once, so
// that a fault never hits something else than it says.
func Edit(realms fs.FS, realm, old, new string, all bool) (fs.FS, error) {
	texts, err := copyOf(realms)
	if err != nil {
		return nil, err
	}
	count := 0
	for name, file := range texts {
		if !belongs(name, realm) {
			continue
		}
		text := remark.ReplaceAllString(string(file.Data), "")
		count += strings.Count(text, old)
		file.Data = []byte(strings.ReplaceAll(text, old, new))
	}
	if count == 0 || count > 1 && !all {
		return nil, fmt.Errorf("realm %s: %q stands there %d times; right would be once", realm, old, count)
	}
	return texts, nil
}

// Change gives the realms with every text of every realm passed through f.
func Change(realms fs.FS, f func(name string, text []byte) ([]byte, error)) (fs.FS, error) {
	texts, err := copyOf(realms)
	if err != nil {
		return nil, err
	}
	for name, file := range texts {
		if file.Data, err = f(name, file.Data); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return texts, nil
}

// belongs reports whether a file is of the realm: realm.yaml or below realm/.
func belongs(name, realm string) bool {
	if !strings.HasSuffix(name, ".yaml") {
		return false
	}
	return strings.TrimSuffix(path.Base(name), ".yaml") == realm || strings.Contains("/"+name, "/"+realm+"/")
}

func copyOf(realms fs.FS) (fstest.MapFS, error) {
	texts := fstest.MapFS{}
	err := fs.WalkDir(realms, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(realms, name)
		texts[name] = &fstest.MapFile{Data: data, Mode: 0o644}
		return err
	})
	return texts, err
}
