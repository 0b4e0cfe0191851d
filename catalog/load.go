package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// reservedRealms are first path segments that the provider itself serves.
var reservedRealms = []string{"dev", "healthz", "readyz", "metrics", "admin", "assets", ".well-known"}

// A source is one realm as its files say it.
type source struct {
	name  string
	root  *node
	files map[string][]byte
}

// Load reads every realm of a file system: each *.yaml at its top is one realm,
// and so is each folder that holds a realm.yaml, together with the other *.yaml
// files beside it. The error is Faults, with everything that is wrong, or what
// the file system said; in both cases nothing is loaded.
func Load(fsys fs.FS) (*Set, error) {
	faults := &faults{}
	set, _, err := load(fsys, faults)
	return set, err
}

// A Report is what Check has to say about realms that load.
type Report struct {
	Realms   []RealmReport `json:"realms"`
	Warnings Faults        `json:"warnings,omitempty"`
}

// A RealmReport sums a realm up.
type RealmReport struct {
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	Dialects    []string `json:"dialects,omitempty"`
	Files       []string `json:"files"`
	Scopes      int      `json:"scopes"`
	Claims      int      `json:"claims"`
	Environment string   `json:"environment"`
}

// Check loads the realms as Load does and tells what was found. The error is
// Faults when something is wrong.
func Check(fsys fs.FS) (Report, error) {
	set, warnings, err := load(fsys, &faults{})
	if err != nil {
		return Report{}, err
	}
	report := Report{Warnings: warnings}
	for _, name := range set.Realms() {
		c := set.Catalog(name, "")
		r := RealmReport{Name: name, Version: set.Version(name), Dialects: set.Dialects(name),
			Scopes: len(c.Scopes), Claims: len(c.Claims), Environment: string(c.Environment)}
		for file := range set.realms[name].files {
			r.Files = append(r.Files, file)
		}
		slices.Sort(r.Files)
		report.Realms = append(report.Realms, r)
	}
	return report, nil
}

func load(fsys fs.FS, faults *faults) (*Set, Faults, error) {
	if set, warnings := quickly(fsys); set != nil {
		return set, warnings, nil
	}
	sources, err := read(fsys, faults)
	if err != nil {
		return nil, nil, err
	}
	warnings := &catalogWarnings{}
	set := &Set{realms: map[string]*realm{}}
	builders := map[string]*realmBuilder{}
	for _, s := range sources {
		if first := builders[s.name]; first != nil {
			faults.at(s.root.get("realm"), "another name", "the realm %q is declared in %s too", s.name, first.source.root.file)
			continue
		}
		builders[s.name] = newRealmBuilder(s, faults, &warnings.faults)
	}
	for _, s := range sources {
		b := builders[s.name]
		if b.source != s {
			continue
		}
		if !b.join(builders) {
			continue
		}
		set.realms[s.name] = b.build()
	}
	if list := faults.sorted(); list != nil {
		return nil, nil, list
	}
	for _, b := range builders {
		b.lint(set, &warnings.faults)
	}
	if len(set.realms) == 0 {
		return nil, nil, errors.New("no realm: there is no *.yaml file and no folder with a realm.yaml; right would be at least one")
	}
	return set, warnings.faults.sorted(), nil
}

// catalogWarnings are told by Check and refuse nothing.
type catalogWarnings struct{ faults faults }

// read parses every file and gives the realms in the order of their names.
func read(fsys fs.FS, faults *faults) ([]*source, error) {
	declared, err := realmFiles(fsys)
	if err != nil {
		return nil, err
	}
	var sources []*source
	for _, files := range declared {
		s, err := readRealm(fsys, files, faults)
		if err != nil {
			return nil, err
		}
		if s != nil {
			sources = append(sources, s)
		}
	}
	slices.SortStableFunc(sources, byName)
	return sources, nil
}

func byName(a, b *source) int { return strings.Compare(a.name, b.name) }

// realmFiles lists the files of each realm.
func realmFiles(fsys fs.FS) ([][]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("reading realms: %w", err)
	}
	var all [][]string
	for _, entry := range entries {
		var files []string
		switch {
		case !entry.IsDir() && strings.HasSuffix(entry.Name(), ".yaml"):
			files = []string{entry.Name()}
		case entry.IsDir():
			if _, err := fs.Stat(fsys, path.Join(entry.Name(), "realm.yaml")); err != nil {
				continue
			}
			if files, err = fs.Glob(fsys, path.Join(entry.Name(), "*.yaml")); err != nil {
				return nil, fmt.Errorf("reading realms: %w", err)
			}
		}
		if len(files) > 0 {
			all = append(all, files)
		}
	}
	return all, nil
}

// readRealm combines the files of one realm: their sections, and the names
// within a section, are one set.
func readRealm(fsys fs.FS, files []string, faults *faults) (*source, error) {
	s := &source{files: map[string][]byte{}}
	for _, name := range files {
		data, err := readFile(fsys, name)
		if err != nil {
			return nil, err
		}
		s.files[name] = data
		root := parse(name, data, faults)
		switch {
		case root == nil:
		case s.root == nil:
			s.root = root
		default:
			s.root = combine(s.root, root, 0, faults)
		}
	}
	if s.root == nil {
		return nil, nil
	}
	s.name = s.root.get("realm").str()
	if s.name == "" {
		faults.at(s.root, "realm: a-name", "the realm has no name")
		return nil, nil
	}
	checkRealmName(s.root.get("realm"), faults)
	return s, nil
}

// readFile reads no more than a catalog file may have.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("reading realms: %w", err)
	}
	if info.Size() > maxFile {
		return make([]byte, maxFile+1), nil // parse refuses it by its size
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("reading realms: %w", err)
	}
	return data, nil
}

// combine joins two files of one realm. Sections are joined, names within them
// may stand once.
func combine(a, b *node, depth int, faults *faults) *node {
	joined := *a
	joined.members, joined.index = append([]member(nil), a.members...), nil
	for _, m := range b.members {
		first := joined.get(m.key)
		switch {
		case first == nil:
			joined.set(m.key, m.value)
		case depth == 0 && first.kind == object && m.value.kind == object:
			joined.set(m.key, combine(first, m.value, 1, faults))
		default:
			line, column := m.value.keyLine, m.value.keyColumn
			faults.add(Fault{m.value.file, line, column, m.value.path(),
				fmt.Sprintf("it stands in %s:%d too", first.file, first.keyLine), "only one of them"})
		}
	}
	return &joined
}

func checkRealmName(n *node, faults *faults) {
	name := n.str()
	if slices.Contains(reservedRealms, name) {
		faults.at(n, "another name", "%q is a path of the provider itself", name)
		return
	}
	valid := len(name) <= 32 && name[0] >= 'a' && name[0] <= 'z'
	for _, r := range name {
		valid = valid && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	}
	if !valid {
		faults.at(n, "up to 32 of a-z, 0-9 and -, beginning with a letter", "%q cannot be a path segment of the issuer", name)
	}
}

// version is the digest of everything a realm is declared by.
func version(sources []*source) string {
	all := map[string][]byte{}
	for _, s := range sources {
		for name, data := range s.files {
			all[name] = data
		}
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	digest := sha256.New()
	for _, name := range names {
		fmt.Fprintf(digest, "%s %d\n", name, len(all[name]))
		digest.Write(all[name])
	}
	return hex.EncodeToString(digest.Sum(nil))
}

// environment gives what the file says; what it does not say is production.
func environment(n *node) tillit.Environment {
	return tillit.Environment(n.strOr(string(tillit.Production)))
}
