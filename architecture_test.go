package tillit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tillit/tillit"

// arrows says which rooms may know which, and why. A room knows nobody but whom
// its line names; package tillit ("."), the domain, may be known by all.
var arrows = map[string]struct {
	knows []string
	why   string
}{
	".":                       {nil, "the domain decides; it reads no file, no clock and no network"},
	"bench":                   {nil, "asks providers over HTTP, ours like any other"},
	"bench/*":                 {[]string{"catalog", "internal/facts", "internal/wiring", "ops", "realms", "realms/demo", "store", "token"}, "our house as it is asked, and pictures of the answers"},
	"bench/peers/*":           {nil, "other providers, each a module of its own"},
	"catalog":                 {nil, "turns texts into catalogs; it neither serves nor stores"},
	"catalog/impact":          {nil, "decides twice and compares; where catalogs and clients come from, others know"},
	"catalog/reference":       {nil, "writes what a catalog says; who reads it, others know"},
	"fetch":                   {nil, "asks strangers' addresses; it knows nothing of what comes back"},
	"login":                   {nil, "finds out who is there; who may have what is not its question"},
	"ops":                     {nil, "counts and tells; what it counts does not know it"},
	"pki":                     {[]string{"internal/recent"}, "a test authority; nothing of production leans on it"},
	"pki/pdf":                 {nil, "reads and extends files; who signs brings the signature"},
	"realms":                  {nil, "texts"},
	"realms/demo":             {nil, "texts"},
	"rs":                      {nil, "what any API can use to check tokens, ours or not"},
	"source":                  {[]string{"internal/recent"}, "knows where claims come from; it does not decide"},
	"story":                   {nil, "tells what is decided; it reads no files and decides nothing"},
	"store":                   {[]string{"internal/recent"}, "keeps what it is given; it interprets nothing"},
	"store/pgtest":            {[]string{"store"}, "starts a database for tests"},
	"store/storetest":         {[]string{"store"}, "one suite for every engine"},
	"tillittest":              {[]string{"*"}, "a whole provider inside a test"},
	"token":                   {[]string{"internal/recent"}, "signs and seals; it does not know what for"},
	"web":                     {nil, "writes pages; it knows neither protocol nor rules"},
	"server":                  {[]string{"token", "internal/recent"}, "everything else it reaches through interfaces of its own"},
	"services/*":              {[]string{"rs"}, "resource servers; the provider does not know them"},
	"services/scopes":         {[]string{"rs", "services/selfservice"}, "a resource server; what both keep of organizations they tell alike"},
	"services/clients":        {[]string{"rs", "services/selfservice"}, "a resource server; what both keep of organizations they tell alike"},
	"services/delegations":    {[]string{"rs", "services/selfservice"}, "a resource server; what both keep of organizations they tell alike"},
	"services/personal":       {[]string{"rs", "services/selfservice"}, "a door; what it says when it is shut is said as at the others"},
	"services/authlevel":      {[]string{"rs", "services/selfservice", "services/personal"}, "a resource server; how a token speaks for a person they find out alike"},
	"services/authorizations": {[]string{"rs", "services/selfservice", "services/personal"}, "a resource server; how a token speaks for a person they find out alike"},
	"services/krr":            {[]string{"rs", "services/selfservice", "services/personal"}, "a resource server; how a token speaks for a person they find out alike"},
	"services/userlog":        {[]string{"rs", "services/selfservice", "services/personal"}, "a resource server; how a token speaks for a person they find out alike"},
	"services/reply":          {nil, "answers in JSON; of what is none of its business"},
	"services/securitydata":   {[]string{"rs", "services/reply"}, "a resource server"},
	"services/operational":    {[]string{"rs", "services/reply"}, "a resource server; what it measures it is given"},
	"services/aml":            {[]string{"rs", "services/reply"}, "a resource server; lists and organizations it is given"},
	"internal/demo":           {nil, "data for dev"},
	"internal/dev":            {[]string{"catalog/reference", "internal/demo"}, "what only dev has: playground, fixtures, clock"},
	"internal/facts":          {nil, "knows the outside contract and nothing else"},
	"internal/agree":          {nil, "consists of tests"},
	"internal/kills":          {nil, "consists of tests"},
	"internal/recent":         {nil, "what was worked out, by what it was worked out from"},
	"internal/nationalid":     {nil, "the form of a number; whose it is, is not its question"},
	"internal/wiring":         {[]string{"*"}, "puts the rooms together"},
	"cmd/tillit":              {[]string{"*"}, "the command"},
	"interop":                 {nil, "consists of tests"},
	"interop/*":               {nil, "programs of others, which know the outside contract"},
}

func lineOf(room string) (knows []string, found bool) {
	if line, ok := arrows[room]; ok {
		return line.knows, true
	}
	line, ok := arrows[path.Dir(room)+"/*"]
	return line.knows, ok
}

// A room is one package of the module, without its tests.
type room struct {
	name  string
	files []*ast.File
	paths []string
	doc   string
}

// rooms reads every package of the module.
func rooms(t *testing.T, mode parser.Mode) []*room {
	t.Helper()
	byName := map[string]*room{}
	var names []string
	set := token.NewFileSet()
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(set, file, nil, mode)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := path.Dir(file)
		r := byName[name]
		if r == nil {
			r = &room{name: name}
			byName[name] = r
			names = append(names, name)
		}
		r.files, r.paths = append(r.files, parsed), append(r.paths, file)
		if parsed.Doc != nil && len(parsed.Doc.Text()) > len(r.doc) {
			r.doc = parsed.Doc.Text()
		}
	}
	slices.Sort(names)
	list := make([]*room, 0, len(names))
	for _, name := range names {
		list = append(list, byName[name])
	}
	return list
}

func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && file != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go"):
			files = append(files, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestImportArrows: a room knows only whom its line names.
func TestImportArrows(t *testing.T) {
	for _, r := range rooms(t, parser.ImportsOnly|parser.ParseComments) {
		knows, found := lineOf(r.name)
		if !found {
			t.Errorf("%s: no line in arrows; say whom it may know, and why", r.name)
			continue
		}
		for i, file := range r.files {
			for _, spec := range file.Imports {
				imported := strings.Trim(spec.Path.Value, `"`)
				other, ours := strings.CutPrefix(imported, module+"/")
				if !ours || slices.Contains(knows, "*") || slices.Contains(knows, other) {
					continue
				}
				t.Errorf("%s imports %s; %s may know %v", r.paths[i], other, r.name, append([]string{"."}, knows...))
			}
		}
	}
	for name, line := range arrows {
		if len(line.why) < 5 {
			t.Errorf("the line of %s gives no reason", name)
		}
		if _, err := os.Stat(strings.TrimSuffix(name, "/*")); err != nil {
			t.Errorf("the line of %s is about a room that does not exist", name)
		}
	}
}

// TestDomainIsPure: package tillit decides from its arguments alone.
func TestDomainIsPure(t *testing.T) {
	for _, r := range rooms(t, parser.ImportsOnly) {
		if r.name != "." {
			continue
		}
		for i, file := range r.files {
			for _, spec := range file.Imports {
				name := strings.Trim(spec.Path.Value, `"`)
				if strings.Contains(name, ".") || slices.Contains([]string{"net", "net/http", "os", "time", "math/rand", "crypto/rand", "database/sql", "log", "log/slog"}, name) {
					t.Errorf("%s imports %s; the domain gets time, randomness and data as arguments", r.paths[i], name)
				}
			}
		}
	}
}

// TestEveryRoomSaysWhatItIs: a package comment that says more than its name.
func TestEveryRoomSaysWhatItIs(t *testing.T) {
	for _, r := range rooms(t, parser.ParseComments) {
		if len(r.doc) <= 40 || !strings.HasPrefix(r.doc, "Package ") && !strings.HasPrefix(r.doc, "Command ") {
			t.Errorf("%s: package comment %q; want it to say what the package owns", r.name, r.doc)
		}
	}
}

// TestBehaviourIsData: no code outside realms, services and commands knows a provider
// by name, nor do its comments.
func TestBehaviourIsData(t *testing.T) {
	provider := regexp.MustCompile(`(?i)bankid|buypass|digdir|id-?porten|maskinporten`)
	for _, file := range goFiles(t) {
		top, _, _ := strings.Cut(file, "/")
		if strings.HasSuffix(file, "_test.go") || slices.Contains([]string{"realms", "services", "cmd"}, top) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for number, line := range strings.Split(string(text), "\n") {
			if found := provider.FindString(line); found != "" {
				t.Errorf("%s:%d names %s; what a provider is like stands in realms/", file, number+1, found)
			}
		}
	}
}

// TestRoomsHaveNoDrawers: nothing is called after what it is not.
func TestRoomsHaveNoDrawers(t *testing.T) {
	drawer := regexp.MustCompile(`^(utils?|helpers?|common|misc|manager|base|shared)(_test)?$`)
	for _, file := range goFiles(t) {
		for part := range strings.SplitSeq(strings.TrimSuffix(file, ".go"), "/") {
			if drawer.MatchString(part) {
				t.Errorf("%s: %s says nothing of what is in it", file, part)
			}
		}
	}
}

// TestNoHiddenBeginnings: nothing registers itself, and no variable of a package
// changes while the program runs through an init function.
func TestNoHiddenBeginnings(t *testing.T) {
	for _, r := range rooms(t, parser.SkipObjectResolution) {
		for i, file := range r.files {
			for _, declaration := range file.Decls {
				if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					t.Errorf("%s has an init function; what a list holds stands in the list", r.paths[i])
				}
			}
		}
	}
}

// TestSkippedTestsSayWhy: a test is skipped only for want of something outside,
// and names it.
func TestSkippedTestsSayWhy(t *testing.T) {
	set := token.NewFileSet()
	for _, name := range goFiles(t) {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || f.Sel.Name != "Skip" && f.Sel.Name != "Skipf" && f.Sel.Name != "SkipNow" {
				return true
			}
			if f.Sel.Name == "SkipNow" || len(call.Args) == 0 {
				t.Errorf("%s: a test is skipped without a reason", set.Position(call.Pos()))
				return true
			}
			if reason, ok := call.Args[0].(*ast.BasicLit); ok && len(reason.Value) < 20 {
				t.Errorf("%s: skipped for %s; want what is missing", set.Position(call.Pos()), reason.Value)
			}
			return true
		})
	}
}

// TestSQLiteAndItsLibraryMatch: the embedded database runs on a translated C
// library of exactly the version it was made with; any other may corrupt data.
func TestSQLiteAndItsLibraryMatch(t *testing.T) {
	own, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := func(text []byte, name string) string {
		found := regexp.MustCompile(`(?m)^\s*(?:require\s+)?` + regexp.QuoteMeta(name) + `\s+(v\S+)`).FindSubmatch(text)
		if found == nil {
			return ""
		}
		return string(found[1])
	}
	sqlite := version(own, "modernc.org/sqlite")
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		base := os.Getenv("GOPATH")
		if base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				t.Fatal(err)
			}
			base = filepath.Join(home, "go")
		}
		cache = filepath.Join(base, "pkg", "mod")
	}
	theirs, err := os.ReadFile(filepath.Join(cache, "modernc.org", "sqlite@"+sqlite, "go.mod"))
	if err != nil {
		t.Fatalf("the module that is built with: %v", err)
	}
	if got, want := version(own, "modernc.org/libc"), version(theirs, "modernc.org/libc"); got != want || want == "" {
		t.Errorf("modernc.org/libc %s; modernc.org/sqlite %s wants exactly %s", got, sqlite, want)
	}
}
