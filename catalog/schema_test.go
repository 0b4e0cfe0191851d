package catalog

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tillit/tillit/realms"
)

// A fieldSchema is what the tests and the reference read of the schema.
type fieldSchema struct {
	Ref         string                  `json:"$ref"`
	Title       string                  `json:"title"`
	Type        any                     `json:"type"`
	Description string                  `json:"description"`
	Default     any                     `json:"default"`
	Enum        []string                `json:"enum"`
	Properties  map[string]*fieldSchema `json:"properties"`
	Additional  json.RawMessage         `json:"additionalProperties"`
	Items       *fieldSchema            `json:"items"`
	Required    []string                `json:"required"`
	Definitions map[string]*fieldSchema `json:"$defs"`

	order []string // of properties, as the schema has them
}

// each gives the schema of the members of an object of names, or nil.
func (s *fieldSchema) each(t *testing.T) *fieldSchema {
	if len(s.Additional) == 0 || s.Additional[0] != '{' {
		return nil
	}
	var each fieldSchema
	if err := json.Unmarshal(s.Additional, &each); err != nil {
		t.Fatal(err)
	}
	return &each
}

func languageSchema(t *testing.T) *fieldSchema {
	t.Helper()
	var s fieldSchema
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// TestEveryFieldIsUsed keeps the language small: a field that no shipped realm
// needs is taken out. Sources elsewhere are what realms of others need.
func TestEveryFieldIsUsed(t *testing.T) {
	root := languageSchema(t)
	var trees []*node
	for _, name := range files(t) {
		data, err := fs.ReadFile(realms.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		tree := parse(name, data, &faults{})
		trees = append(trees, tree)
		for _, dialect := range tree.get("dialects").each() {
			trees = append(trees, dialect.value)
		}
	}
	elsewhere, err := os.ReadFile("testdata/elsewhere.yaml")
	if err != nil {
		t.Fatal(err)
	}
	trees = append(trees, parse("elsewhere.yaml", elsewhere, &faults{}))
	used := map[string]bool{}
	visit(t, root, root, "", trees, used)
	for _, path := range slices.Sorted(maps.Keys(used)) {
		if !used[path] {
			t.Errorf("no shipped realm uses %s", path)
		}
	}
}

func files(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(realms.Files(), "*.yaml")
	if err != nil || len(names) != 4 {
		t.Fatalf("%v, %v; right would be four realms", names, err)
	}
	return names
}

// visit walks through the schema with all the nodes that stand where it is.
func visit(t *testing.T, root, s *fieldSchema, path string, at []*node, used map[string]bool) {
	if s.Ref != "" {
		path = s.Ref
		s = root.Definitions[strings.TrimPrefix(s.Ref, "#/$defs/")]
	}
	for name, field := range s.Properties {
		var there []*node
		for _, n := range at {
			if value := n.get(name); value != nil {
				there = append(there, value)
			}
		}
		full := strings.TrimPrefix(path+"."+name, ".")
		used[full] = used[full] || len(there) > 0
		visit(t, root, field, full, there, used)
	}
	if each := s.each(t); each != nil && len(each.Properties) > 0 {
		var there []*node
		for _, n := range at {
			for _, m := range n.each() {
				there = append(there, m.value)
			}
		}
		visit(t, root, each, path+".*", there, used)
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	root := languageSchema(t)
	for path, s := range described(t, root) {
		if s.Description == "" || !strings.HasSuffix(s.Description, ".") {
			t.Errorf("%s has no description in a sentence: %q", path, s.Description)
		}
	}
}

func described(t *testing.T, root *fieldSchema) map[string]*fieldSchema {
	all := map[string]*fieldSchema{}
	var walk func(path string, s *fieldSchema)
	walk = func(path string, s *fieldSchema) {
		all[path] = s
		for name, field := range s.Properties {
			walk(strings.TrimPrefix(path+"."+name, "."), field)
		}
		if each := s.each(t); each != nil && (len(each.Properties) > 0 || each.Description != "") {
			walk(path+".*", each)
		}
	}
	walk("", root)
	return all
}

const reference = "../docs/catalog.md"

// TestReferenceIsOfTheSchema generates the reference of the language.
func TestReferenceIsOfTheSchema(t *testing.T) {
	got := renderReference(t)
	if *update {
		if err := os.MkdirAll("../docs", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(reference, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what the schema says; go test ./catalog -run Reference -update writes it", reference)
	}
}

func renderReference(t *testing.T) string {
	root := languageSchema(t)
	order := propertyOrder(t, Schema())
	var b strings.Builder
	b.WriteString("# The catalog language\n\n")
	b.WriteString("Generated from `catalog/schema.json` (`tillit check --schema` prints it) by `go test ./catalog -run Reference -update`.\n\n")
	b.WriteString(root.Description + "\n\n")
	b.WriteString("A realm is one `*.yaml` file, or a folder with a `realm.yaml` and further `*.yaml` files beside it whose sections are joined. ")
	b.WriteString("Unknown fields, repeated keys, anchors, aliases, tags, numbers where a text belongs and names that lead nowhere are refused, all at once, each with file, line, column and what would be right.\n\n")
	b.WriteString(languageGuide)
	b.WriteString("## The realm\n\n")
	var sections []string
	table := &strings.Builder{}
	for _, name := range order[""] {
		s := root.Properties[name]
		if len(s.Properties) > 0 || s.each(t) != nil && (len(s.each(t).Properties) > 0) {
			sections = append(sections, name)
			continue
		}
		row(table, name, s, root)
	}
	b.WriteString(head + table.String() + "\n")
	for _, name := range sections {
		section(t, &b, order, root, name, root.Properties[name], 2)
	}
	return b.String()
}

const head = "| field | type | default | meaning |\n|---|---|---|---|\n"

const languageGuide = `## Values

A value is an expression over *roots*: ` + "`person`" + ` (the directory), each name under ` + "`sources`" + `, ` + "`sign_in`" + `, ` + "`client`" + `, ` + "`acting`" + ` (for whom), ` + "`ask`" + ` (request parameters), ` + "`act`" + ` (what a special page brought), ` + "`grant`" + ` (the decision itself), ` + "`realm`" + `; in ` + "`discovery`" + ` it is ` + "`realm`" + `, ` + "`server`" + ` and ` + "`endpoint`" + `.
A path such as ` + "`person.address.postal_code`" + ` is looked up; anything else is CEL, checked when the file loads, stopped at a cost limit. An object of expressions makes an object.

*Absent makes absent*: an expression with an absent operand is absent (missing, null and the empty text are), an object with nothing but constants left is absent, and what is absent is left out. A computation that fails leaves its claim out and is recorded.

## Dialects

A dialect is the file with a few lines different: a JSON merge patch (RFC 7396), in which ` + "`null`" + ` removes and a list replaces the whole list. ` + "`like`" + ` starts from another dialect. Each becomes a whole catalog.

`

func section(t *testing.T, b *strings.Builder, order map[string][]string, root *fieldSchema, path string, s *fieldSchema, depth int) {
	fields, prefix := s, path
	title := path
	if each := s.each(t); each != nil && len(each.Properties) > 0 {
		fields, prefix = each, path+".*"
		title = path + ".*name*"
	}
	fmt.Fprintf(b, "%s %s\n\n%s\n\n", strings.Repeat("#", depth), strings.ReplaceAll(title, ".*.", ".*name*."), s.Description)
	if len(fields.Properties) == 0 {
		return
	}
	b.WriteString(head)
	var nested []string
	for _, name := range order[prefix] {
		field := fields.Properties[name]
		row(b, name, field, root)
		if len(field.Properties) > 0 || field.each(t) != nil && len(field.each(t).Properties) > 0 {
			nested = append(nested, name)
		}
	}
	b.WriteString("\n")
	for _, name := range nested {
		section(t, b, order, root, prefix+"."+name, fields.Properties[name], depth+1)
	}
}

func row(b *strings.Builder, name string, s, root *fieldSchema) {
	meaning := s.Description
	kind := typeOf(s)
	if s.Ref != "" {
		definition := strings.TrimPrefix(s.Ref, "#/$defs/")
		kind = definition
	}
	unsaid := ""
	switch d := s.Default.(type) {
	case nil:
	case string:
		unsaid = "`" + d + "`"
		if !slices.Contains(s.Enum, d) && strings.ContainsAny(d, " '") {
			unsaid = d
		}
	default:
		data, err := json.Marshal(d)
		if err != nil {
			panic(err)
		}
		unsaid = "`" + string(data) + "`"
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", name, kind, unsaid, strings.ReplaceAll(meaning, "|", "\\|"))
}

func typeOf(s *fieldSchema) string {
	if len(s.Enum) > 0 {
		return "`" + strings.Join(s.Enum, "`, `") + "`"
	}
	said := map[string]string{"string": "text", "array": "list", "object": "object", "boolean": "true, false", "integer": "whole number"}
	var all []string
	switch types := s.Type.(type) {
	case string:
		all = append(all, said[types])
	case []any:
		for _, one := range types {
			all = append(all, said[one.(string)])
		}
	}
	if s.Items != nil && len(s.Items.Enum) > 0 {
		return "list of `" + strings.Join(s.Items.Enum, "`, `") + "`"
	}
	return strings.Join(all, " or ")
}

// propertyOrder reads the names of properties in the order of the schema, by
// path; * stands for the members of an object of names.
func propertyOrder(t *testing.T, schema []byte) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	var read func(path string, data json.RawMessage)
	read = func(path string, data json.RawMessage) {
		for name, value := range members(t, data) {
			switch name {
			case "properties":
				for field, of := range members(t, value) {
					all[path] = append(all[path], field)
					read(strings.TrimPrefix(path+"."+field, "."), of)
				}
			case "additionalProperties":
				if value[0] == '{' {
					read(path+".*", value)
				}
			}
		}
	}
	read("", schema)
	return all
}

// members yields the members of a JSON object in their order.
func members(t *testing.T, data json.RawMessage) func(func(string, json.RawMessage) bool) {
	return func(yield func(string, json.RawMessage) bool) {
		decoder := json.NewDecoder(strings.NewReader(string(data)))
		if _, err := decoder.Token(); err != nil {
			t.Fatal(err)
		}
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				t.Fatal(err)
			}
			var value json.RawMessage
			if err := decoder.Decode(&value); err != nil {
				t.Fatal(err)
			}
			if !yield(key.(string), value) {
				return
			}
		}
	}
}
