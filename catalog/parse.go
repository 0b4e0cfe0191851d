package catalog

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a catalog file.
const (
	maxFile  = 16 << 20 // bytes
	maxDepth = 32       // objects and lists within each other
)

// leadingZero is a number that YAML 1.1 would read as octal, or that loses its
// zero: identifiers are written in quotes.
var leadingZero = regexp.MustCompile(`^[-+]?0[0-9_]+$|^0o`)

// parse reads one file into a tree. What YAML allows and a catalog does not
// (anchors, aliases, merge keys, tags, several documents, repeated keys) is a
// fault; nil is given only when nothing could be read.
func parse(name string, data []byte, faults *faults) *node {
	if len(data) > maxFile {
		faults.add(Fault{File: name, Line: 1, Column: 1, Message: "the file has " + strconv.Itoa(len(data)) + " bytes",
			Right: "at most " + strconv.Itoa(maxFile) + ", or a folder of several files"})
		return nil
	}
	if line := nesting(data); line > 0 {
		faults.add(Fault{File: name, Line: line, Column: 1, Message: "nested too deeply", Right: "at most " + strconv.Itoa(maxDepth) + " levels"})
		return nil
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		faults.add(syntaxFault(name, err))
		return nil
	}
	b := builder{name, faults}
	var root *node
	for _, document := range file.Docs {
		switch {
		case document == nil || document.Body == nil:
		case root != nil:
			b.fault(document.Body, &node{}, "one document per file", "a second document begins here")
		default:
			root = b.fill(&node{}, document.Body, 0)
		}
	}
	if root == nil {
		faults.add(Fault{File: name, Line: 1, Column: 1, Message: "the file is empty", Right: "a realm: realm, title, languages, …"})
		return nil
	}
	if root.kind != object {
		faults.at(root, "fields: realm, title, languages, …", "the file is not an object")
		return nil
	}
	return root
}

// syntaxFault gives the place and the first line of what the YAML parser says.
func syntaxFault(name string, err error) Fault {
	fault := Fault{File: name, Line: 1, Column: 1, Message: "not YAML"}
	if e, ok := err.(yaml.Error); ok {
		fault.Message = "not YAML: " + firstLine(e.GetMessage())
		if t := e.GetToken(); t != nil && t.Position != nil {
			fault.Line, fault.Column = max(1, t.Position.Line), max(1, t.Position.Column)
		}
	}
	return fault
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// A builder makes nodes of the YAML parser's tree.
type builder struct {
	file   string
	faults *faults
}

func (b *builder) fault(at ast.Node, n *node, right, message string) {
	line, column := place(at.GetToken())
	b.faults.add(Fault{b.file, line, column, n.path(), message, right})
}

func place(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return max(1, t.Position.Line), max(1, t.Position.Column)
}

// fill reads a value into a node that knows its place in the tree.
func (b *builder) fill(n *node, from ast.Node, depth int) *node {
	n.file = b.file
	if from == nil {
		return n
	}
	n.line, n.column = place(from.GetToken())
	if depth > maxDepth {
		b.fault(from, n, "at most "+strconv.Itoa(maxDepth)+" levels", "nested too deeply")
		return n
	}
	switch v := from.(type) {
	case *ast.MappingNode:
		n.kind = object
		for _, value := range v.Values {
			b.member(n, value, depth)
		}
	case *ast.MappingValueNode:
		n.kind = object
		b.member(n, v, depth)
	case *ast.SequenceNode:
		n.kind = list
		for i, value := range v.Values {
			n.items = append(n.items, b.fill(&node{parent: n, place: i}, value, depth+1))
		}
	case *ast.StringNode:
		b.text(n, v)
	case *ast.LiteralNode:
		n.kind, n.value = text, v.Value.Value
	case *ast.BoolNode:
		n.kind, n.value = boolean, v.Value
	case *ast.IntegerNode:
		b.integer(n, v)
	case *ast.FloatNode:
		n.kind, n.value = number, v.Value
	case *ast.NullNode:
	case *ast.AnchorNode:
		b.fault(from, n, sayOnce, "anchors are not part of the language")
		return b.fill(n, v.Value, depth+1)
	case *ast.AliasNode:
		b.fault(from, n, sayOnce, "aliases are not part of the language")
	case *ast.TagNode:
		b.fault(from, n, "the value without a tag", "tags are not part of the language")
		return b.fill(n, v.Value, depth+1)
	default:
		b.fault(from, n, "a text, number, boolean, list or object", "this kind of value is not part of the language")
	}
	return n
}

// sayOnce is what the language has where YAML has anchors.
const sayOnce = "the value itself; a family (a key with *) or like says things once"

func (b *builder) text(n *node, v *ast.StringNode) {
	n.kind, n.value = text, v.Value
	if t := v.GetToken(); t.Type == token.StringType && digits(v.Value) && leadingZero.MatchString(v.Value) {
		b.fault(v, n, strconv.Quote(v.Value), v.Value+" would be read as a number elsewhere")
	}
}

// digits reports that a text may be one that leadingZero means: most are none, and
// are not worth an expression.
func digits(s string) bool {
	s = strings.TrimLeft(s, "-+")
	return s != "" && s[0] == '0'
}

func (b *builder) integer(n *node, v *ast.IntegerNode) {
	n.kind = number
	written := v.GetToken().Value
	if leadingZero.MatchString(written) {
		b.fault(v, n, strconv.Quote(written), written+" would be read as a number")
	}
	switch value := v.Value.(type) {
	case int64:
		n.value = value
	case uint64:
		n.value = float64(value)
		if value <= 1<<63-1 {
			n.value = int64(value)
		}
	default:
		n.value = float64(0)
	}
}

func (b *builder) member(n *node, v *ast.MappingValueNode, depth int) {
	key, ok := b.key(n, v.Key)
	if !ok {
		return
	}
	value := &node{parent: n, key: key}
	value.keyLine, value.keyColumn = place(v.Key.GetToken())
	b.fill(value, v.Value, depth+1)
	for i := range n.members {
		if n.members[i].key == key && len(n.members) <= 16 {
			b.repeated(value, n.members[i].value)
			return
		}
	}
	if len(n.members) > 16 {
		if first := n.get(key); first != nil {
			b.repeated(value, first)
			return
		}
		n.index[key] = len(n.members)
	}
	n.members = append(n.members, member{key, value})
}

func (b *builder) repeated(value, first *node) {
	b.faults.add(Fault{b.file, value.keyLine, value.keyColumn, value.path(),
		"the key stands twice, first in line " + strconv.Itoa(first.keyLine), "only one of them"})
}

// key reads the key of a member. A key that is not a text is a fault: 4 and
// "4" would be the same to a reader and not to YAML.
func (b *builder) key(n *node, key ast.MapKeyNode) (string, bool) {
	switch k := key.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.MergeKeyNode:
		b.fault(key, n, "the fields themselves, or a family (a key with *)", "merge keys are not part of the language")
		return "", false
	default:
		written := key.GetToken().Value
		b.fault(key, n, strconv.Quote(written), "the key "+written+" is not a text")
		return written, key.Type() == ast.IntegerType
	}
}
