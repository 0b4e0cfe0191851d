package catalog

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Bounds of one expression.
const (
	maxCost       = 50_000 // steps of one evaluation, as CEL counts them
	maxExpression = 4_096  // characters
)

// A compiler compiles expressions; making its environment is what costs, so it
// is made when the first expression needs it.
type compiler struct {
	base         *cel.Env
	environments map[string]*cel.Env // by roots
}

func (c *compiler) environment(roots []string) (*cel.Env, error) {
	if c.base == nil {
		base, err := cel.NewEnv(cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(maxDepth))
		if err != nil {
			return nil, fmt.Errorf("setting up expressions: %w", err)
		}
		c.base, c.environments = base, map[string]*cel.Env{}
	}
	key := strings.Join(roots, " ")
	if c.environments[key] == nil {
		var variables []cel.EnvOption
		for _, root := range roots {
			variables = append(variables, cel.Variable(root, cel.MapType(cel.StringType, cel.DynType)))
		}
		extended, err := c.base.Extend(variables...)
		if err != nil {
			return nil, fmt.Errorf("setting up expressions: %w", err)
		}
		c.environments[key] = extended
	}
	return c.environments[key], nil
}

// compile checks and plans an expression; problem says what is wrong with it.
func (c *compiler) compile(source string, roots []string) (p *program, problem string) {
	environment, err := c.environment(roots)
	if err != nil {
		return nil, err.Error()
	}
	checked, issues := environment.Compile(source)
	if issues.Err() != nil {
		var all []string
		for _, e := range issues.Errors() {
			message, _, _ := strings.Cut(firstLine(e.Message), " expecting ")
			all = append(all, fmt.Sprintf("%s (at character %d)", message, e.Location.Column()+1))
		}
		return nil, strings.Join(all, "; ")
	}
	planned, err := environment.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost))
	if err != nil {
		return nil, err.Error()
	}
	p = &program{program: planned, source: source}
	w := walker{program: p, roots: roots}
	w.walk(checked.NativeRep().Expr())
	return p, ""
}

// A program is an expression in CEL.
type program struct {
	program  cel.Program
	source   string
	names    []string   // roots it reads
	operands [][]string // paths it reads
	chooses  bool       // reads some of them only under a condition
	scopes   []string   // literals it compares with grant.scopes
}

// Eval computes the value. An absent operand makes it absent; anything else
// that goes wrong, the cost limit among it, is an error.
func (p *program) Eval(roots map[string]any) (any, bool, error) {
	if !p.chooses {
		for _, operand := range p.operands {
			if _, ok := follow(roots, operand); !ok {
				return nil, false, nil
			}
		}
	}
	value, _, err := p.program.Eval(roots)
	if err != nil {
		if absent(err) {
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("evaluating %s: %w", p.source, err)
	}
	native, err := native(value)
	if err != nil {
		return nil, false, fmt.Errorf("evaluating %s: %w", p.source, err)
	}
	if !present(native) {
		return nil, false, nil
	}
	return native, true, nil
}

// Roots gives the roots the expression reads.
func (p *program) Roots() []string { return p.names }

func (p *program) String() string { return p.source }

// absent tells a missing member from every other failure; CEL has no error
// value of its own for it.
func absent(err error) bool {
	message := err.Error()
	return strings.HasPrefix(message, "no such key") || strings.HasPrefix(message, "no such attribute")
}

// native turns a CEL value into what encoding/json makes: text, int64, float64,
// boolean, list, object.
func native(value ref.Val) (any, error) {
	switch v := value.(type) {
	case types.String:
		return string(v), nil
	case types.Int:
		return int64(v), nil
	case types.Uint:
		return int64(v), nil
	case types.Double:
		return float64(v), nil
	case types.Bool:
		return bool(v), nil
	case types.Null:
		return nil, nil
	case traits.Mapper:
		return nativeObject(v)
	case traits.Lister:
		all := []any{}
		for i := v.Iterator(); i.HasNext() == types.True; {
			item, err := native(i.Next())
			if err != nil {
				return nil, err
			}
			all = append(all, item)
		}
		return all, nil
	}
	return nil, fmt.Errorf("a value of type %s cannot be told in JSON", value.Type().TypeName())
}

func nativeObject(v traits.Mapper) (any, error) {
	all := map[string]any{}
	for i := v.Iterator(); i.HasNext() == types.True; {
		key := i.Next()
		name, ok := key.(types.String)
		if !ok {
			return nil, fmt.Errorf("a key of type %s cannot be told in JSON", key.Type().TypeName())
		}
		member, err := native(v.Get(key))
		if err != nil {
			return nil, err
		}
		if member != nil {
			all[string(name)] = member
		}
	}
	return all, nil
}

// A walker finds what an expression reads.
type walker struct {
	program *program
	roots   []string
	bound   []string // variables of comprehensions around
}

func (w *walker) walk(e ast.Expr) {
	if path := w.path(e); path != nil {
		w.reads(path)
		return
	}
	switch e.Kind() {
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() {
			w.program.chooses = true
		}
		w.walk(e.AsSelect().Operand())
	case ast.CallKind:
		w.call(e.AsCall())
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			w.walk(element)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			w.walk(entry.AsMapEntry().Key())
			w.walk(entry.AsMapEntry().Value())
		}
	case ast.ComprehensionKind:
		w.comprehension(e.AsComprehension())
	}
}

func (w *walker) call(call ast.CallExpr) {
	if call.FunctionName() == operators.Conditional ||
		len(w.bound) == 0 && (call.FunctionName() == operators.LogicalAnd || call.FunctionName() == operators.LogicalOr) {
		w.program.chooses = true
	}
	if call.IsMemberFunction() {
		w.walk(call.Target())
	}
	for _, argument := range call.Args() {
		w.walk(argument)
	}
	if call.FunctionName() == operators.In && len(call.Args()) == 2 && call.Args()[1].Kind() == ast.ListKind {
		w.program.scopes = append(w.program.scopes, w.compared(call.Args()[0], call.Args()[1])...)
	}
}

// compared gives the texts of s in ["a", "b"] where s runs over grant.scopes.
func (w *walker) compared(item, list ast.Expr) []string {
	if item.Kind() != ast.IdentKind || !slices.Contains(w.bound, item.AsIdent()) || !slices.ContainsFunc(w.program.operands, isScopes) {
		return nil
	}
	var all []string
	for _, element := range list.AsList().Elements() {
		if element.Kind() == ast.LiteralKind {
			if s, ok := element.AsLiteral().(types.String); ok {
				all = append(all, string(s))
			}
		}
	}
	return all
}

func isScopes(path []string) bool { return slices.Equal(path, []string{"grant", "scopes"}) }

func (w *walker) comprehension(c ast.ComprehensionExpr) {
	w.walk(c.IterRange())
	w.walk(c.AccuInit())
	w.bound = append(w.bound, c.IterVar(), c.IterVar2(), c.AccuVar())
	before := w.program.chooses
	w.walk(c.LoopCondition())
	w.walk(c.LoopStep())
	w.walk(c.Result())
	w.bound = w.bound[:len(w.bound)-3]
	w.program.chooses = before || w.program.chooses && !loopOnly(c)
}

// loopOnly reports that the condition in a loop step is the loop's own, as
// filter and exists have it: what it reads beside its variable stays an operand.
func loopOnly(c ast.ComprehensionExpr) bool {
	return c.LoopStep().Kind() == ast.CallKind && c.LoopStep().AsCall().FunctionName() == operators.Conditional
}

// path gives the steps of a chain of members that begins at a root, or nil.
func (w *walker) path(e ast.Expr) []string {
	switch e.Kind() {
	case ast.IdentKind:
		if name := e.AsIdent(); !slices.Contains(w.bound, name) && slices.Contains(w.roots, name) {
			return []string{name}
		}
	case ast.SelectKind:
		if s := e.AsSelect(); !s.IsTestOnly() {
			if before := w.path(s.Operand()); before != nil {
				return append(before, s.FieldName())
			}
		}
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() == operators.Index && len(call.Args()) == 2 && call.Args()[1].Kind() == ast.LiteralKind {
			if step, ok := call.Args()[1].AsLiteral().(types.String); ok {
				if before := w.path(call.Args()[0]); before != nil {
					return append(before, string(step))
				}
			}
		}
	}
	return nil
}

func (w *walker) reads(path []string) {
	if !slices.Contains(w.program.names, path[0]) {
		w.program.names = append(w.program.names, path[0])
	}
	w.program.operands = append(w.program.operands, path)
}
