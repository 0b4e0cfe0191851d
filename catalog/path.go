package catalog

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tillit/tillit"
)

// A plain path, and the constants that need no expression language.
var (
	plainPath   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+$`)
	plainText   = regexp.MustCompile(`^"([^"\\]*)"$`)
	plainNumber = regexp.MustCompile(`^-?(?:0|[1-9][0-9]{0,17})$`)
)

// A getter is a path: it never sees the expression language.
type getter struct {
	segments []string
	source   string
}

func newGetter(source string) *getter { return &getter{strings.Split(source, "."), source} }

// Eval follows the path; ok is false when a step is missing.
func (g *getter) Eval(roots map[string]any) (any, bool, error) {
	value, ok := follow(roots, g.segments)
	return value, ok, nil
}

// Roots gives the first step.
func (g *getter) Roots() []string { return g.segments[:1] }

func (g *getter) String() string { return g.source }

// follow walks through objects. Nothing, null and the empty text are absent:
// a source that has no value often says so with "".
func follow(value any, segments []string) (any, bool) {
	for _, segment := range segments {
		switch v := value.(type) {
		case map[string]any:
			value = v[segment]
		case map[string]string:
			value = v[segment]
		case nil:
			return nil, false
		default:
			reflected := reflect.ValueOf(value)
			if reflected.Kind() != reflect.Map || reflected.Type().Key().Kind() != reflect.String {
				return nil, false
			}
			member := reflected.MapIndex(reflect.ValueOf(segment).Convert(reflected.Type().Key()))
			if !member.IsValid() {
				return nil, false
			}
			value = member.Interface()
		}
	}
	if !present(value) {
		return nil, false
	}
	return value, true
}

func present(value any) bool { return value != nil && value != "" }

// A constant is the same for everybody.
type constant struct {
	value  any
	source string
}

// Eval gives the constant.
func (c *constant) Eval(map[string]any) (any, bool, error) { return c.value, true, nil }

// Roots gives nothing: a constant reads nothing.
func (c *constant) Roots() []string { return nil }

func (c *constant) String() string { return c.source }

// plainConstant recognises texts, whole numbers, truths and empty values.
func plainConstant(source string) (*constant, bool) {
	if found := plainText.FindStringSubmatch(source); found != nil {
		return &constant{found[1], source}, true
	}
	if plainNumber.MatchString(source) {
		i, err := strconv.ParseInt(source, 10, 64)
		return &constant{i, source}, err == nil
	}
	switch source {
	case "true", "false":
		return &constant{source == "true", source}, true
	case "[]":
		return &constant{[]any{}, source}, true
	case "{}":
		return &constant{map[string]any{}, source}, true
	}
	return nil, false
}

// An assembly is an object of expressions: absent members are left out, and
// with nothing but constants left it is absent itself.
type assembly struct {
	members []part
	varies  bool // has a member that is no constant
}

type part struct {
	name       string
	expression tillit.Expression
	fixed      bool // a constant
}

// Eval evaluates the members; the first that fails fails the whole.
func (a *assembly) Eval(roots map[string]any) (any, bool, error) {
	object := make(map[string]any, len(a.members))
	found := !a.varies
	for _, m := range a.members {
		value, ok, err := m.expression.Eval(roots)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			continue
		}
		object[m.name] = value
		found = found || !m.fixed
	}
	if !found {
		return nil, false, nil
	}
	return object, true, nil
}

// Roots gives the roots of all members.
func (a *assembly) Roots() []string {
	var all []string
	for _, m := range a.members {
		for _, root := range m.expression.Roots() {
			if !slices.Contains(all, root) {
				all = append(all, root)
			}
		}
	}
	return all
}

func (a *assembly) String() string {
	parts := make([]string, len(a.members))
	for i, m := range a.members {
		parts[i] = m.name + ": " + m.expression.String()
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// fixed reports whether an expression is the same for everybody.
func fixed(e tillit.Expression) bool { return len(e.Roots()) == 0 }

// orEmpty gives the empty object or list where its expression is absent.
type orEmpty struct {
	tillit.Expression
	empty any
}

// Eval never says absent.
func (o orEmpty) Eval(roots map[string]any) (any, bool, error) {
	value, ok, err := o.Expression.Eval(roots)
	if err == nil && !ok {
		return o.empty, true, nil
	}
	return value, ok, err
}

// keepEmpty makes an absent object or list an empty one: keep_empty says that
// the member is always there.
func keepEmpty(e tillit.Expression, t tillit.ClaimType) tillit.Expression {
	switch t {
	case tillit.TypeObject:
		return orEmpty{e, map[string]any{}}
	case tillit.TypeArray:
		return orEmpty{e, []any{}}
	}
	return e
}
