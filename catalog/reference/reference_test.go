package reference

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
)

var update = flag.Bool("update", false, "write the references of the shipped realms")

// The references and pictures of the shipped realms in docs are what the catalogs
// say.
func TestShippedReferences(t *testing.T) {
	set, err := catalog.Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range set.Realms() {
		c := set.Catalog(name, "")
		for file, text := range map[string]string{name + ".md": Of(c, "en").Markdown(name + ".svg"), name + ".svg": string(Graph(c, "en"))} {
			path := filepath.Join("../../docs/realms/reference", file)
			if *update {
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if kept, err := os.ReadFile(path); err != nil || string(kept) != text {
				t.Errorf("%s is not what the catalog says (%v); go test ./catalog/reference -update writes it", path, err)
			}
		}
	}
}

// Every scope and claim is in the table and in the picture, which is XML.
func TestNothingIsLeftOut(t *testing.T) {
	set, err := catalog.Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range set.Realms() {
		c := set.Catalog(name, "")
		table, drawn := Of(c, "nb").Markdown(""), string(Graph(c, "nb"))
		for i := range c.Scopes {
			s := &c.Scopes[i]
			if !strings.Contains(table, "| `"+string(s.Name)+"`") || !strings.Contains(drawn, "<title>"+string(s.Name)+":") {
				t.Errorf("%s: the scope %s is missing", name, s.Name)
			}
			for _, claim := range s.Claims {
				if wire := c.Claim(claim).Wire(); !strings.Contains(table, "`"+wire+"`") || !strings.Contains(drawn, "<title>"+wire+":") {
					t.Errorf("%s: the claim %s is missing", name, claim)
				}
			}
		}
		for decoder := xml.NewDecoder(strings.NewReader(drawn)); ; {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}
