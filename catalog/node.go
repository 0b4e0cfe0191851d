package catalog

import (
	"strconv"
	"strings"
)

// kind is the JSON type of a node.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

// A node is one value of a catalog file with the place where it stands. Nodes
// of several files and dialects are combined into one tree and keep their
// places: a fault is reported where it was written.
type node struct {
	kind    kind
	value   any // bool, int64, float64 or string
	items   []*node
	members []member
	index   map[string]int // of members, once there are many

	file         string
	line, column int
	keyLine      int // of the key in the object around, 0 without one
	keyColumn    int
	parent       *node
	key          string // in parent, if that is an object
	place        int    // in parent, if that is a list
}

type member struct {
	key   string
	value *node
}

// position is where a reader should look: at the key of an object or a missing
// value, else at the value.
func (n *node) position() (line, column int) {
	if (n.kind == object || n.kind == null) && n.keyLine > 0 {
		return n.keyLine, n.keyColumn
	}
	return max(1, n.line), max(1, n.column)
}

// path names the node as it was written: scopes.nnin.claims[0].
func (n *node) path() string {
	if n.parent == nil {
		return ""
	}
	before := n.parent.path()
	switch {
	case n.parent.kind == list:
		return before + "[" + strconv.Itoa(n.place) + "]"
	case before == "":
		return n.key
	default:
		return before + "." + n.key
	}
}

// get gives the member of an object, or nil.
func (n *node) get(key string) *node {
	if n == nil || n.kind != object {
		return nil
	}
	if len(n.members) > 16 {
		if n.index == nil {
			n.makeIndex()
		}
		if i, ok := n.index[key]; ok {
			return n.members[i].value
		}
		return nil
	}
	for i := range n.members {
		if n.members[i].key == key {
			return n.members[i].value
		}
	}
	return nil
}

func (n *node) makeIndex() {
	n.index = make(map[string]int, len(n.members))
	for i := range n.members {
		n.index[n.members[i].key] = i
	}
}

// settle makes what get would make when it is first needed, so that several may
// read the tree at once.
func (n *node) settle() {
	if len(n.members) > 16 && n.index == nil {
		n.makeIndex()
	}
	for i := range n.members {
		n.members[i].value.settle()
	}
	for _, item := range n.items {
		item.settle()
	}
}

// set replaces or adds a member.
func (n *node) set(key string, value *node) {
	for i := range n.members {
		if n.members[i].key == key {
			n.members[i].value = value
			return
		}
	}
	n.members = append(n.members, member{key, value})
	n.index = nil
}

// each gives the members of an object in the order of the file.
func (n *node) each() []member {
	if n == nil {
		return nil
	}
	return n.members
}

// keys gives the names of an object's members.
func (n *node) keys() []string {
	keys := make([]string, 0, len(n.each()))
	for _, m := range n.each() {
		keys = append(keys, m.key)
	}
	return keys
}

// elements gives the items of a list; a single value is a list of one.
func (n *node) elements() []*node {
	switch {
	case n == nil || n.kind == null:
		return nil
	case n.kind == list:
		return n.items
	default:
		return []*node{n}
	}
}

// str gives a text, "" for anything else.
func (n *node) str() string {
	if n == nil {
		return ""
	}
	s, _ := n.value.(string)
	return s
}

// strOr gives a text, or what is meant when it is not said.
func (n *node) strOr(unsaid string) string {
	if s := n.str(); s != "" {
		return s
	}
	return unsaid
}

// strs gives the texts of a list or a single text.
func (n *node) strs() []string {
	var all []string
	for _, item := range n.elements() {
		if item.kind == text {
			all = append(all, item.str())
		}
	}
	return all
}

// flag gives a boolean, or what is meant when it is not said.
func (n *node) flag(unsaid bool) bool {
	if n == nil {
		return unsaid
	}
	if b, ok := n.value.(bool); ok {
		return b
	}
	return unsaid
}

// integer gives a whole number, 0 for anything else.
func (n *node) integer() int64 {
	if n == nil {
		return 0
	}
	i, _ := n.value.(int64)
	return i
}

// plain gives the tree as the values of encoding/json, for the schema.
func (n *node) plain() any {
	switch n.kind {
	case list:
		all := make([]any, len(n.items))
		for i, item := range n.items {
			all[i] = item.plain()
		}
		return all
	case object:
		all := make(map[string]any, len(n.members))
		for _, m := range n.members {
			all[m.key] = m.value.plain()
		}
		return all
	default:
		return n.value
	}
}

// find follows a JSON pointer's tokens as far as it can.
func (n *node) find(tokens []string) *node {
	for _, token := range tokens {
		next := n.get(token)
		if n.kind == list {
			if i, err := strconv.Atoi(token); err == nil && i < len(n.items) {
				next = n.items[i]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// patch applies a JSON merge patch (RFC 7396) and gives a new tree; neither
// argument changes. What the patch did not touch is shared.
func (n *node) patch(by *node) *node {
	if by.kind != object {
		return by
	}
	if n == nil || n.kind != object {
		n = &node{kind: object, file: by.file, line: by.line, column: by.column, keyLine: by.keyLine, keyColumn: by.keyColumn, parent: by.parent, key: by.key}
	}
	patched := *n
	patched.members = append([]member(nil), n.members...)
	patched.index = nil
	for _, m := range by.members {
		if m.value.kind == null {
			patched.remove(m.key)
			continue
		}
		patched.set(m.key, patched.get(m.key).patch(m.value))
	}
	return &patched
}

func (n *node) remove(key string) {
	for i := range n.members {
		if n.members[i].key == key {
			n.members = append(n.members[:i], n.members[i+1:]...)
			n.index = nil
			return
		}
	}
}

// under gives the object with the members of defaults that it does not have
// itself (field by field, the fields whole).
func (n *node) under(defaults *node) *node {
	if defaults == nil || len(defaults.members) == 0 {
		return n
	}
	filled := *n
	filled.members = append([]member(nil), n.members...)
	filled.index = nil
	for _, m := range defaults.members {
		if n.get(m.key) == nil {
			filled.members = append(filled.members, m)
		}
	}
	return &filled
}

// matches reports whether a family's pattern matches a name; each * stands for
// any characters, also none.
func matches(pattern, name string) bool {
	before, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	if !strings.HasPrefix(name, before) {
		return false
	}
	name = name[len(before):]
	for {
		part, more, again := strings.Cut(rest, "*")
		if !again {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
}
