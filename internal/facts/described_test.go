package facts

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// descriptions are the compiled descriptions of APIs, by their text: every
// provider of a run serves the same.
var descriptions sync.Map

// described demands that an answer is as the API's own description (OpenAPI 3.1)
// says of the operation and status.
func (e *Env) described(api, method, path string, status int, value any) {
	e.t.Helper()
	_, _, text := e.Get(e.API(api)+"/openapi.json", "")
	kept, known := descriptions.Load(string(text))
	if !known {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			e.t.Fatalf("description of %s: %v", api, err)
		}
		kept = document
		descriptions.Store(string(text), kept)
	}
	document, _ := kept.(map[string]any)
	at := "#/components/responses/Refused/content/application~1json/schema"
	if template := templateOf(document, path); template == "" {
		return // no such operation: the answer is the router's
	} else if operation := within(document, "paths", template, strings.ToLower(method)); operation == nil {
		return
	} else if answer := within(operation, "responses", strconv.Itoa(status), "content"); answer != nil {
		at = "#/paths/" + strings.ReplaceAll(strings.ReplaceAll(template, "~", "~0"), "/", "~1") + "/" + strings.ToLower(method) + "/responses/" + strconv.Itoa(status) + "/content/application~1json/schema"
	} else if status == http.StatusUnauthorized {
		at = "#/components/schemas/Challenge"
	} else if status == http.StatusOK {
		e.t.Errorf("%s %s: a body, and the description has none", method, path)
		return
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("https://api.example/openapi.json", document); err != nil {
		e.t.Fatalf("description of %s: %v", api, err)
	}
	schema, err := compiler.Compile("https://api.example/openapi.json" + at)
	if err != nil {
		e.t.Fatalf("description of %s at %s: %v", api, at, err)
	}
	if err := schema.Validate(value); err != nil {
		e.t.Errorf("%s %s answers %d otherwise than the API's description says: %v", method, path, status, err)
	}
}

// within gives what stands that deep, or nil.
func within(document map[string]any, names ...string) map[string]any {
	for _, name := range names {
		document, _ = document[name].(map[string]any)
	}
	return document
}

// templateOf finds the path of a description that a request's path is of: the one
// with the fewest parameters.
func templateOf(document map[string]any, path string) string {
	path, _, _ = strings.Cut(path, "?")
	segments := strings.Split(path, "/")
	found, fewest := "", len(segments)+1
	for template := range within(document, "paths") {
		parts, parameters := strings.Split(template, "/"), 0
		fits := len(parts) == len(segments)
		for i := range parts {
			switch {
			case !fits:
			case strings.HasPrefix(parts[i], "{"):
				parameters++
			default:
				fits = parts[i] == segments[i]
			}
		}
		if fits && parameters < fewest {
			found, fewest = template, parameters
		}
	}
	return found
}
