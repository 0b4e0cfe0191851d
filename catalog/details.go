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

// detailPage reads what the type's own page shows and what it brings.
func (c *catalogBuilder) detailPage(d *tillit.DetailType, n *node) {
	values, choice := n.get("values"), n.get("choice")
	if values != nil && (d.Needs == "" || len(d.Adds) > 0) {
		c.faults.at(values, "needs: a page, and values instead of adds", "values are what the type's own page brings")
	}
	for _, m := range values.each() {
		if slices.ContainsFunc(d.Fields, func(f tillit.DetailField) bool { return f.Name == m.key }) {
			c.faults.at(m.value, "another name", "%q is a member of the request", m.key)
		}
		if value := c.expression(m.value, c.roots()); value != nil {
			d.Adds = append(d.Adds, m.key)
			d.Values = append(d.Values, tillit.DetailValue{Name: m.key, Value: value})
		}
	}
	if (choice != nil) != (d.Needs == tillit.NeedChoosePrincipal) {
		c.faults.at(n, "both, or neither", "choice says among whom is chosen where needs is choose_principal")
		return
	}
	if choice == nil {
		return
	}
	d.Choice = &tillit.Choice{Roles: choice.get("roles").str(), Self: choice.get("self").flag(false)}
	if from := choice.get("from"); from != nil {
		d.Choice.From = c.expression(from, c.roots())
	}
	if role := d.Choice.Roles; role != "" && !slices.ContainsFunc(d.Fields, func(f tillit.DetailField) bool { return f.Name == role }) {
		c.faults.at(choice.get("roles"), "a field of the type", "the type has no member %q", role)
	}
	for _, m := range choice.get("titles").each() {
		if d.Choice.Titles == nil {
			d.Choice.Titles = map[string]tillit.Text{}
		}
		d.Choice.Titles[m.key] = c.text(choice.get("titles"), m.key, c.realmBuilder)
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
