package signdoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what is read from an order.
const (
	maxName = 500       // characters
	maxText = 256 << 10 // bytes of a text document
)

// A form is an order as the client wrote it.
type form struct {
	name      string
	timeout   int64
	wanted    []string
	documents []formDocument
}

type formDocument struct {
	description string
	text        string
	isText      bool
	pdf         int // where it was stored
	alone       bool
}

// readForm reads an order and finds everything that is wrong with it. pdf finds
// the document that a mark stands for.
func readForm(k *kind, body []byte, pdf func(mark string) (place int, fault string, found bool)) (*form, []string) {
	r := &reading{pdf: pdf}
	var whole json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&whole); err != nil || decoder.More() {
		return nil, []string{"Not JSON: right would be one object"}
	}
	order := r.members("", whole)
	if order == nil {
		return nil, r.faults
	}
	f := &form{}
	properties := r.object(order, "signProperties")
	if properties != nil || !r.wrong["signProperties"] {
		f.name = r.required(properties, "signProperties.", "orderName")
	}
	f.timeout = r.number(properties, "signProperties.timeoutSeconds", 1, maxTimeout)
	r.flag(properties, "signProperties.showConfirmation")
	r.flag(properties, "signProperties.showUnderstanding")
	r.oneOf(properties, "signProperties.documentDisplayMode", "interior", "window", "overlay")
	if k.onlyPDF {
		r.pades(order)
	}
	f.documents = r.documents(k, order, f.name)
	f.wanted = r.wanted(k, order)
	return f, r.faults
}

// A reading collects what is wrong.
type reading struct {
	pdf    func(string) (int, string, bool)
	faults []string
	wrong  map[string]bool // members that were told already
}

func (r *reading) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func (r *reading) missing(path string) { r.fault("Missing field: '%s'", path) }

func (r *reading) type_(path, right string) {
	if r.wrong == nil {
		r.wrong = map[string]bool{}
	}
	r.wrong[path] = true
	r.fault("Invalid field: '%s' must be %s", path, right)
}

type members map[string]json.RawMessage

func absent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// members reads an object, nil when it is none.
func (r *reading) members(path string, raw json.RawMessage) members {
	var m members
	if json.Unmarshal(raw, &m) != nil || m == nil {
		if path == "" {
			r.fault("Not an order: right would be one object")
		} else {
			r.type_(path, "an object")
		}
		return nil
	}
	return m
}

// object reads a member that must be there and be an object.
func (r *reading) object(m members, name string) members {
	if absent(m[name]) {
		r.missing(name)
		return nil
	}
	return r.members(name, m[name])
}

// last is a path's own name.
func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// required reads a string that must be there; it is told by its own name.
func (r *reading) required(m members, prefix, name string) string {
	if absent(m[name]) {
		r.missing(name)
		return ""
	}
	text, there := r.text(m, prefix+name, maxName)
	if there && strings.TrimSpace(text) == "" {
		r.type_(prefix+name, "more than blanks")
	}
	return text
}

func (r *reading) text(m members, path string, most int) (text string, there bool) {
	raw := m[last(path)]
	if absent(raw) {
		return "", false
	}
	if json.Unmarshal(raw, &text) != nil {
		r.type_(path, "a string")
		return "", false
	}
	if utf8.RuneCountInString(text) > most {
		r.type_(path, fmt.Sprintf("at most %d characters", most))
	}
	return text, true
}

func (r *reading) flag(m members, path string) (set, there bool) {
	raw := m[last(path)]
	if absent(raw) {
		return false, false
	}
	if json.Unmarshal(raw, &set) != nil {
		r.type_(path, "true or false")
		return false, false
	}
	return set, true
}

func (r *reading) number(m members, path string, least, most int64) (n int64) {
	raw := m[last(path)]
	if absent(raw) {
		return 0
	}
	if json.Unmarshal(raw, &n) != nil || n < least || n > most {
		r.type_(path, fmt.Sprintf("a whole number from %d to %d", least, most))
		return 0
	}
	return n
}

func (r *reading) oneOf(m members, path string, allowed ...string) {
	if text, there := r.text(m, path, maxName); there && !slices.Contains(allowed, text) {
		r.type_(path, "one of "+strings.Join(allowed, ", "))
	}
}

// unsupported refuses what would silently not be done.
func (r *reading) unsupported(path string) { r.fault("Not supported: '%s'", path) }

func (r *reading) pades(order members) {
	properties := r.object(order, "padesSignProperties")
	if properties == nil {
		return
	}
	seals, there := r.flag(properties, "padesSignProperties.addVisualSeals")
	switch {
	case absent(properties["addVisualSeals"]):
		r.missing("addVisualSeals")
	case there && seals:
		r.unsupported("padesSignProperties.addVisualSeals")
	}
	if extends, _ := r.flag(properties, "padesSignProperties.extendToLTA"); extends {
		r.unsupported("padesSignProperties.extendToLTA")
	}
	if !absent(properties["useConversion"]) {
		r.unsupported("padesSignProperties.useConversion")
	}
}

func (r *reading) documents(k *kind, order members, name string) []formDocument {
	if absent(order["documents"]) {
		r.missing("documents")
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(order["documents"], &list) != nil || len(list) == 0 || len(list) > maxDocuments {
		r.type_("documents", fmt.Sprintf("a list of 1 to %d documents", maxDocuments))
		return nil
	}
	var documents []formDocument
	for n, raw := range list {
		at := fmt.Sprintf("documents[%d]", n)
		m := r.members(at, raw)
		if m == nil {
			continue
		}
		documents = append(documents, r.document(k, m, at+".", fmt.Sprintf("%s - %d", name, n+1)))
	}
	return documents
}

func (r *reading) document(k *kind, m members, at, fallback string) formDocument {
	d := formDocument{description: fallback}
	if text, there := r.text(m, at+"description", maxName); there && text != "" {
		d.description = text
	}
	for _, name := range []string{"xml", "xsl"} {
		if !absent(m[name]) {
			r.unsupported(at + name)
		}
	}
	hasPDF, hasText := !absent(m["pdf"]), !absent(m["text"])
	switch {
	case k.onlyPDF && hasText:
		r.fault("Invalid field: '%stext': right would be a PDF", at)
	case k.onlyPDF && !hasPDF:
		r.missing(at + "pdf")
	case hasPDF && hasText:
		r.fault("Invalid document: '%s' has a text and a PDF; right would be one of them", strings.TrimSuffix(at, "."))
	case !hasPDF && !hasText && absent(m["xml"]) && absent(m["xsl"]):
		r.fault("Missing field: '%stext' or '%spdf'", at, at)
	}
	if hasPDF {
		d.pdf = r.pdfOf(m, at+"pdf")
	}
	if hasText {
		d.isText = true
		d.text, _ = r.text(m, at+"text", maxText)
		if len(d.text) > maxText || d.text == "" || strings.ContainsRune(d.text, 0) {
			r.type_(at+"text", fmt.Sprintf("a text of 1 to %d bytes", maxText))
		}
	}
	if k.onlyPDF {
		d.alone, _ = r.flag(m, at+"endUserOnly")
		r.position(m, at+"merchantSealPos")
		r.position(m, at+"endUserSealPos")
	}
	return d
}

func (r *reading) pdfOf(m members, path string) int {
	var mark string
	if json.Unmarshal(m["pdf"], &mark) != nil {
		r.type_(path, "a string")
		return 0
	}
	place, fault, found := r.pdf(mark)
	switch {
	case !found:
		r.type_(path, "a PDF in base64")
	case fault != "":
		r.fault("Invalid field: '%s': %s", path, fault)
	}
	return place
}

// position checks where a seal would be: it is never drawn, but a malformed
// place is told all the same.
func (r *reading) position(m members, path string) {
	raw := m[last(path)]
	if absent(raw) {
		return
	}
	place := r.members(path, raw)
	if place == nil {
		return
	}
	for _, name := range []string{"page", "x", "y"} {
		var n float64
		if json.Unmarshal(place[name], &n) != nil || n < 0 {
			r.type_(path+"."+name, "a number, 0 or more")
		}
	}
}

func (r *reading) wanted(k *kind, order members) []string {
	if absent(order["resultContent"]) {
		r.missing("resultContent")
		return nil
	}
	var list []string
	if json.Unmarshal(order["resultContent"], &list) != nil || len(list) == 0 || len(list) > len(k.wanted) {
		r.type_("resultContent", "a list of "+strings.Join(k.wanted, ", "))
		return nil
	}
	for _, name := range list {
		if !slices.Contains(k.wanted, name) {
			r.type_("resultContent", "a list of "+strings.Join(k.wanted, ", "))
			return nil
		}
	}
	if k.onlyPDF && !slices.Contains(list, padesSignedPDF) && !slices.Contains(list, padesAppendix) {
		r.type_("resultContent", "a list with "+padesSignedPDF+" or "+padesAppendix)
	}
	return list
}
