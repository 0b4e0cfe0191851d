package source_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/source"
)

// Only the roots that granted claims read are asked for.
func ExampleDirectory_Values() {
	catalog, _ := tillit.Compile(tillit.Definition{Realm: "hytta", Registry: "hytta", Sources: []tillit.SourceUse{{Name: "contact", From: "directory"}}})
	person := &tillit.Person{ID: "p1", Attributes: json.RawMessage(`{"nnin": "17858504325", "contact": {"email": "kari@example.no"}}`)}
	values, err := source.NewDirectory().Values(context.Background(), catalog, person, []string{"contact"})
	fmt.Println(values, err)
	// Output: map[contact:map[email:kari@example.no]] <nil>
}
