package catalog

import (
	"bytes"
	_ "embed" // the schema is part of the package
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	shape "github.com/santhosh-tekuri/jsonschema/v6/kind"
)

//go:embed schema.json
var schemaSource []byte

// Schema gives the JSON Schema (draft 2020-12) of the catalog language, for
// editors and for people.
func Schema() []byte { return slices.Clone(schemaSource) }

// goRegexp lets the schema's patterns be Go's.
type goRegexp struct{ *regexp.Regexp }

func compileRegexp(s string) (jsonschema.Regexp, error) {
	r, err := regexp.Compile(s)
	return goRegexp{r}, err
}

// compiledSchema is the embedded schema, compiled when the first file is read.
var compiledSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaSource))
	if err != nil {
		return nil, fmt.Errorf("reading the catalog schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseRegexpEngine(compileRegexp)
	if err := compiler.AddResource("catalog.json", document); err != nil {
		return nil, fmt.Errorf("reading the catalog schema: %w", err)
	}
	return compiler.Compile("catalog.json")
})

// checkSchema reports where a tree is not of the language's shape, at the place
// where it was written.
func checkSchema(root *node, faults *faults) error {
	schema, err := compiledSchema()
	if err != nil {
		return err
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(root.plain()); errors.As(err, &invalid) {
		shapeFaults(root, invalid, schema, faults)
	} else if err != nil {
		return fmt.Errorf("checking %s against the catalog schema: %w", root.file, err)
	}
	return nil
}

// shapeFaults reports the leaves of a validation error.
func shapeFaults(root *node, e *jsonschema.ValidationError, schema *jsonschema.Schema, faults *faults) {
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			shapeFaults(root, cause, schema, faults)
		}
		return
	}
	at := root.find(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *shape.AdditionalProperties:
		known := fields(schema, e.InstanceLocation)
		for _, name := range k.Properties {
			faults.shape(keyed(at, name), near(name, known), "no field %q", name)
		}
	case *shape.Required:
		for _, name := range k.Missing {
			faults.shape(at, name+": …", "it has no %s", name)
		}
	case *shape.Type:
		faults.shape(at, rightType(at, k.Want), "it is %s", article(at))
	case *shape.Enum:
		var known []string
		for _, value := range k.Want {
			known = append(known, fmt.Sprint(value))
		}
		right := near(fmt.Sprint(k.Got), known)
		if right == "" {
			right = strings.Join(known, ", ")
		}
		faults.shape(at, right, "%q is none of its values", fmt.Sprint(k.Got))
	case *shape.Pattern:
		faults.shape(at, patternRight(k.Want), "%q is malformed", k.Got)
	case *shape.UniqueItems:
		faults.shape(at.items[k.Duplicates[1]], "only one of them", "%q stands twice", at.items[k.Duplicates[1]].str())
	case *shape.MinItems:
		faults.shape(at, "at least one, or the field left out", "the list is empty")
	case *shape.MinProperties:
		faults.shape(at, "at least one member", "the object is empty")
	case *shape.MinLength:
		faults.shape(at, "a text, or the field left out", "the text is empty")
	case *shape.MaxLength:
		faults.shape(at, fmt.Sprintf("at most %d characters", k.Want), "the text has %d characters", k.Got)
	case *shape.Minimum:
		want, _ := k.Want.Float64()
		faults.shape(at, "at least "+strconv.FormatFloat(want, 'f', -1, 64), "%v is too little", at.value)
	case *shape.Maximum:
		want, _ := k.Want.Float64()
		faults.shape(at, "at most "+strconv.FormatFloat(want, 'f', -1, 64), "%v is too much", at.value)
	default:
		faults.shape(at, "", "it is not of the right shape (%s)", strings.Join(e.ErrorKind.KeywordPath(), "/"))
	}
}

// keyed makes a node at the key of a member, where an unknown field is shown.
func keyed(n *node, name string) *node {
	m := n.get(name)
	if m == nil {
		return n
	}
	at := *m
	at.line, at.column = max(1, m.keyLine), max(1, m.keyColumn)
	return &at
}

// fields lists what the schema knows at a place.
func fields(schema *jsonschema.Schema, location []string) []string {
	for _, step := range location {
		for schema.Ref != nil {
			schema = schema.Ref
		}
		next := schema.Properties[step]
		if next == nil {
			next, _ = schema.AdditionalProperties.(*jsonschema.Schema)
		}
		if next == nil {
			next = schema.Items2020
		}
		if next == nil {
			return nil
		}
		schema = next
	}
	for schema.Ref != nil && len(schema.Properties) == 0 {
		schema = schema.Ref
	}
	var names []string
	for name := range schema.Properties {
		names = append(names, name)
	}
	return names
}

func article(n *node) string {
	switch n.kind {
	case null:
		return "empty"
	case boolean:
		return fmt.Sprintf("the boolean %v", n.value)
	case number:
		return fmt.Sprintf("the number %v", n.value)
	case text:
		return fmt.Sprintf("the text %q", n.str())
	case list:
		return "a list"
	default:
		return "an object"
	}
}

func rightType(n *node, want []string) string {
	if slices.Contains(want, "string") && (n.kind == number || n.kind == boolean) {
		return fmt.Sprintf("%q, in quotes", fmt.Sprint(n.value))
	}
	if n.kind == null {
		return "a value, or the field left out"
	}
	said := map[string]string{"string": "a text", "array": "a list", "object": "an object", "boolean": "true or false", "integer": "a whole number", "number": "a number"}
	var all []string
	for _, t := range want {
		all = append(all, said[t])
	}
	return strings.Join(all, " or ")
}

// patternRight says a pattern of the schema in words.
func patternRight(pattern string) string {
	switch pattern {
	case "^([0-9]+(h|m|s))+$":
		return "e.g. 300s, 30m or 12h"
	case "^[0-9]{9}$":
		return "nine digits in quotes"
	case "^[a-z][a-z0-9_]{0,31}$":
		return "a word of a-z, 0-9 and _"
	case "^ask\\.[a-z_]+$":
		return "a member of ask, e.g. ask.scope"
	}
	return "a text that matches " + pattern
}
