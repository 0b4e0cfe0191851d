package catalog

import (
	"github.com/tillit/tillit"
)

// edits reads what a person may change of a source. Its expressions name what was
// entered and the source itself, nothing else.
func (c *catalogBuilder) edits(source member) []tillit.Edit {
	from := source.value.get("edits")
	if from != nil && source.value.get("from").strOr("directory") != "directory" {
		c.faults.at(from, "from: directory", "a person changes only what the directory keeps")
	}
	roots := []string{tillit.EditInput, source.key}
	var all []tillit.Edit
	for _, m := range from.each() {
		e := tillit.Edit{Name: m.key, Title: c.title(m.value, c.realmBuilder)}
		for _, f := range m.value.get("fields").each() {
			field := tillit.EditField{
				Name: f.key, Title: c.title(f.value, c.realmBuilder), Pattern: c.pattern(f.value.get("pattern")),
				Required: f.value.get("required").flag(false), Autocomplete: f.value.get("autocomplete").strOr("off"),
			}
			if value := f.value.get("value"); value != nil {
				field.Value = c.expression(value, []string{source.key})
			}
			e.Fields = append(e.Fields, field)
		}
		for _, s := range m.value.get("sets").each() {
			if s.key == "updated_at" {
				c.faults.at(s.value, "another member", "the server writes %s itself", s.key)
			}
			e.Sets = append(e.Sets, tillit.EditSet{Member: s.key, Value: c.expression(s.value, roots)})
		}
		all = append(all, e)
	}
	return all
}
