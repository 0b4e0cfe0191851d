package facts

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// descriptions are the compiled descriptions of APIs, by their text: every
// provider of a run serves the same.
var descriptions sync.Map

// operationsTried are the operations of descriptions that answered 200 in this run:
// the API, the method and the path's template.
var operationsTried sync.Map

// description gives an API's own description.
func (e *Env) description(api string) map[string]any {
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
	return document
}

// described demands that what was sent and was answered is as the API's own
// description (OpenAPI 3.1) says of the operation and status. Sent is nil for no
// body, answer for none.
func (e *Env) described(api, method, path string, sent any, status int, answer any) {
	e.t.Helper()
	document, verb := e.description(api), strings.ToLower(method)
	template := templateOf(document, path)
	operation := within(document, "paths", template, verb)
	if template == "" || operation == nil {
		return // no such operation: the answer is the router's
	}
	at := "#/paths/" + strings.ReplaceAll(strings.ReplaceAll(template, "~", "~0"), "/", "~1") + "/" + verb
	if status == http.StatusOK {
		operationsTried.Store(api+" "+method+" "+template, true)
		if within(operation, "requestBody", "content", "application/json") != nil {
			e.fits(document, at+"/requestBody/content/application~1json/schema", sent, method+" "+path+" takes another body than")
		}
	}
	switch {
	case within(operation, "responses", strconv.Itoa(status), "content") != nil:
		at += "/responses/" + strconv.Itoa(status) + "/content/application~1json/schema"
	case status == http.StatusUnauthorized:
		at = "#/components/schemas/Challenge"
	case status == http.StatusOK && answer != nil:
		e.t.Errorf("%s %s: a body, and the description has none", method, path)
		return
	default:
		at = "#/components/responses/Refused/content/application~1json/schema"
	}
	if answer != nil {
		e.fits(document, at, answer, method+" "+path+" answers "+strconv.Itoa(status)+" otherwise than")
	}
}

// fits demands that a value is as a schema of a description says.
func (e *Env) fits(document map[string]any, at string, value any, what string) {
	e.t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("https://api.example/openapi.json", document); err != nil {
		e.t.Fatalf("description: %v", err)
	}
	schema, err := compiler.Compile("https://api.example/openapi.json" + at)
	if err != nil {
		e.t.Fatalf("description at %s: %v", at, err)
	}
	if err := schema.Validate(value); err != nil {
		e.t.Errorf("%s the API's description says: %v", what, err)
	}
}

// untried gives the operations of an API's description that did not answer 200 yet.
func (e *Env) untried(api string) []string {
	e.t.Helper()
	var list []string
	for template, item := range within(e.description(api), "paths") {
		operations, _ := item.(map[string]any)
		for verb := range operations {
			name := api + " " + strings.ToUpper(verb) + " " + template
			if _, tried := operationsTried.Load(name); !tried {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return list
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
