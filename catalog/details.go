package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	shape "github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/tillit/tillit"
)

// detailSchema compiles the schema of a type of authorization_details. The type's
// members are the schema's properties: anything else is unknown, whatever the
// schema says of additional ones.
func (c *catalogBuilder) detailSchema(d *tillit.DetailType, n *node) {
	at := n.get("schema")
	if n.get("fields") != nil {
		c.faults.at(n.get("fields"), "the same as properties of the schema", "fields and schema say both what the members are")
		return
	}
	plain, err := numbered(at.plain())
	if err != nil {
		c.faults.at(at, "", "%v", err)
		return
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseRegexpEngine(compileRegexp)
	compiler.UseLoader(nowhere{})
	compiler.AssertFormat()
	if err := compiler.AddResource("detail.json", plain); err != nil {
		c.faults.at(at, "a JSON Schema (draft 2020-12)", "%v", err)
		return
	}
	schema, err := compiler.Compile("detail.json")
	if err != nil {
		c.faults.at(at, "a JSON Schema (draft 2020-12) that refers to nothing outside", "%s", oneLine(err))
		return
	}
	if len(at.get("properties").keys()) == 0 {
		c.faults.at(at, "properties: {…}", "the schema has no properties, so no member would be known")
	}
	required := at.get("required").strs()
	for _, p := range at.get("properties").each() {
		d.Fields = append(d.Fields, tillit.DetailField{Name: p.key, Required: slices.Contains(required, p.key)})
	}
	d.Check = detailCheck{schema}
}

// detailPaths holds the paths of a consent text to the members there are.
func (c *catalogBuilder) detailPaths(d *tillit.DetailType, n *node) {
	for _, path := range d.Paths() {
		name, _, _ := strings.Cut(path, ".")
		if !slices.ContainsFunc(d.Fields, func(f tillit.DetailField) bool { return f.Name == name }) {
			known := make([]string, len(d.Fields))
			for i := range d.Fields {
				known[i] = d.Fields[i].Name
			}
			c.faults.at(n.get("consent"), near(name, known), "{%s}: the type has no member %q", path, name)
		}
	}
}

// numbered gives a tree with the numbers that the validator compares.
func numbered(plain any) (any, error) {
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// nowhere is where schemas may refer to: a catalog is read from its files alone.
type nowhere struct{}

func (nowhere) Load(string) (any, error) {
	return nil, errors.New("nothing outside may be referred to")
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// A detailCheck judges details by a JSON Schema.
type detailCheck struct{ schema *jsonschema.Schema }

// Check gives one fault: what is unknown comes before what is missing, and that
// before what is wrong; of several the first by its place.
func (c detailCheck) Check(fields map[string]json.RawMessage) (tillit.Reason, string) {
	object := make(map[string]any, len(fields))
	for name, raw := range fields {
		if name == "type" || name == "locations" {
			continue // of every type (RFC 9396 §2)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return tillit.BadDetailsValue, name
		}
		object[name] = value
	}
	var invalid *jsonschema.ValidationError
	err := c.schema.Validate(object)
	if err == nil {
		return tillit.Given, ""
	}
	if !errors.As(err, &invalid) {
		return tillit.BadDetailsValue, ""
	}
	first := worst{reason: tillit.BadDetailsValue, rank: len(ranks)}
	first.look(invalid)
	return first.reason, first.path
}

var ranks = []tillit.Reason{tillit.UnknownDetailsField, tillit.MissingDetailsField, tillit.BadDetailsValue}

// worst is the fault that is told: always the same one of several.
type worst struct {
	reason tillit.Reason
	path   string
	rank   int
}

func (w *worst) look(e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		w.look(cause)
	}
	if len(e.Causes) > 0 {
		return
	}
	switch k := e.ErrorKind.(type) {
	case *shape.AdditionalProperties:
		for _, name := range k.Properties {
			w.take(0, append(slices.Clone(e.InstanceLocation), name))
		}
	case *shape.Required:
		for _, name := range k.Missing {
			w.take(1, append(slices.Clone(e.InstanceLocation), name))
		}
	default:
		w.take(2, e.InstanceLocation)
	}
}

func (w *worst) take(rank int, location []string) {
	path := strings.Join(location, ".")
	if rank < w.rank || rank == w.rank && path < w.path {
		w.reason, w.path, w.rank = ranks[rank], path, rank
	}
}
