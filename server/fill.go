package server

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/recent"
)

// A filling is one decision with what its claims are evaluated on.
type filling struct {
	realm    *realm
	catalog  *tillit.Catalog
	client   *tillit.Client
	person   *tillit.Person // nil: the client acts for itself
	ask      *tillit.Ask
	facts    *tillit.Facts
	context  *tillit.Context
	decision *tillit.Decision
	bound    bool // the token is bound to a key
}

// members are the claims of one token or response, by their names on the wire.
type members map[string]any

// fill fetches the values of exactly the claims that were given (phase 2) and
// applies the value rules (phase 3): an empty value is left out (CL-12), a claim
// asked for with value or values must match (CL-7). Verdicts that turn out to
// have no value are corrected in the decision.
func (p *Provider) fill(ctx context.Context, f *filling) (map[tillit.Sink]members, error) {
	values, failed, err := p.evaluate(ctx, f, f.given())
	if err != nil {
		return nil, err
	}
	f.decision.Claims = f.decision.ClaimVerdicts(f.catalog)
	sinks := make(map[tillit.Sink]members, len(f.decision.Shape.Claims))
	for _, sc := range f.decision.Shape.Claims {
		m := make(members, len(sc.Claims)+12)
		for _, name := range sc.Claims {
			claim := f.catalog.Claim(name)
			value, ok := values[name]
			switch {
			case failed[name]:
				f.correct(name, sc.Sink, tillit.ValueError)
			case !ok:
				f.correct(name, sc.Sink, tillit.NoValue)
			case !f.matches(claim, sc.Sink, value):
				f.correct(name, sc.Sink, tillit.ValueMismatch)
			default:
				m[claim.Wire()] = value
				f.addLanguages(m, claim, sc.Sink, values)
			}
		}
		sinks[sc.Sink] = m
	}
	return sinks, nil
}

// given lists every claim of the shape once.
func (f *filling) given() []tillit.ClaimName {
	var list []tillit.ClaimName
	for _, sc := range f.decision.Shape.Claims {
		for _, name := range sc.Claims {
			if !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	return list
}

// correct notes what phase 2 found out about a claim that was given.
func (f *filling) correct(name tillit.ClaimName, sink tillit.Sink, reason tillit.Reason) {
	for i := range f.decision.Claims {
		if v := &f.decision.Claims[i]; v.Claim == name && v.Sink == sink && v.Reason == tillit.Given {
			v.Reason = reason
		}
	}
}

// evaluate gives the values of the claims; failed holds those whose expression
// failed. Sources are asked once, and only for roots that some claim names.
func (p *Provider) evaluate(ctx context.Context, f *filling, names []tillit.ClaimName) (values map[tillit.ClaimName]any, failed map[tillit.ClaimName]bool, err error) {
	roots, err := p.roots(ctx, f, names)
	if err != nil {
		return nil, nil, err
	}
	values = make(map[tillit.ClaimName]any, len(names))
	tagged := f.wantsLanguages()
	for _, name := range names {
		claim := f.catalog.Claim(name)
		if claim == nil || claim.Value == nil {
			continue
		}
		value, ok, err := claim.Value.Eval(roots)
		switch {
		case err != nil || ok && !ofType(value, claim.Type):
			if failed == nil {
				failed = map[tillit.ClaimName]bool{}
			}
			failed[name] = true
			p.Log.Warn("claim has no usable value", "realm", f.realm.name, "claim", string(name))
		case ok && (claim.KeepEmpty || !empty(value)):
			values[name] = value
		}
		if tagged {
			f.languages(values, claim, roots)
		}
	}
	return values, failed, nil
}

// roots gives what expressions may read, as far as the claims name it.
func (p *Provider) roots(ctx context.Context, f *filling, names []tillit.ClaimName) (map[string]any, error) {
	wanted := map[string]bool{}
	for _, name := range names {
		if claim := f.catalog.Claim(name); claim != nil && claim.Value != nil {
			for _, root := range claim.Value.Roots() {
				wanted[root] = true
			}
		}
	}
	return p.rootsOf(ctx, f, wanted)
}

// rootsOf gives the wanted roots, as far as they exist here.
func (p *Provider) rootsOf(ctx context.Context, f *filling, wanted map[string]bool) (map[string]any, error) {
	roots := map[string]any{}
	if f.person != nil {
		var sources []string
		for root := range wanted {
			if root == "person" || slices.ContainsFunc(f.catalog.Sources, func(s tillit.SourceUse) bool { return s.Name == root }) {
				sources = append(sources, root)
			}
		}
		if len(sources) > 0 {
			slices.Sort(sources)
			found, err := p.Sources.Values(ctx, f.catalog, f.person, sources)
			if err != nil {
				return nil, &Error{Code: "temporarily_unavailable", Description: "a source of claims is out of reach", Cause: err}
			}
			for name, value := range found {
				roots[name] = value
			}
		}
	}
	for name := range wanted {
		if make := otherRoots[name]; make != nil {
			if value := make(f); value != nil {
				roots[name] = value
			}
		}
	}
	return roots, nil
}

// otherRoots are those that come from the request and its grant.
var otherRoots = map[string]func(*filling) any{
	"sign_in": (*filling).signInRoot, "act": (*filling).actRoot, "client": (*filling).clientRoot, "acting": (*filling).actingRoot,
	"ask": (*filling).askRoot, "grant": (*filling).grantRoot, "realm": (*filling).realmRoot,
}

func (f *filling) signInRoot() any { return orNil(decodeObject(f.context.SignIn)) }

func (f *filling) actRoot() any { return orNil(decodeObject(f.context.Act)) }

func orNil(object map[string]any) any {
	if object == nil {
		return nil
	}
	return object
}

// objects remembers what JSON texts decode to: a grant's sign-in and the claims
// of a token are read again and again.
var objects = recent.New[string, map[string]any](2048)

// decodeObject gives the object of a JSON text, nil for anything else. It is
// shared with others that read the same text.
func decodeObject(raw json.RawMessage) map[string]any {
	if len(raw) == 0 {
		return nil
	}
	object, _ := objects.Of(string(raw), func(text string) (map[string]any, error) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var object map[string]any
		if err := d.Decode(&object); err != nil {
			return nil, err
		}
		integers(object)
		return object, nil
	})
	return object
}

// integers turns JSON numbers into int64 where they are whole, else float64.
func integers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		x, _ := v.Float64()
		return x
	case map[string]any:
		for name, member := range v {
			v[name] = integers(member)
		}
	case []any:
		for i, element := range v {
			v[i] = integers(element)
		}
	}
	return value
}

func (f *filling) clientRoot() any {
	c := map[string]any{"id": string(f.client.ID), "authentication": cmp.Or(f.context.Authentication, f.client.AuthMethod)}
	if f.client.Organization != "" {
		c["organization"] = map[string]any{"orgno": f.client.Organization}
	}
	return c
}

func (f *filling) actingRoot() any {
	acting := map[string]any{}
	for name, value := range map[string]string{"consumer": f.facts.Acting.Consumer, "supplier": f.facts.Acting.Supplier, "source": f.facts.Acting.Source} {
		if value != "" {
			acting[name] = value
		}
	}
	return acting
}

func (f *filling) askRoot() any {
	ask := map[string]any{}
	for name, value := range f.ask.Parameters {
		ask[name] = value
	}
	return ask
}

// grantRoot is the decision itself, as expressions see it.
func (f *filling) grantRoot() any {
	shape := &f.decision.Shape
	scopes := make([]any, len(shape.Scopes))
	for i, name := range shape.Scopes {
		scopes[i] = string(name)
	}
	roles := make(map[string]any, len(shape.Roles))
	for _, r := range shape.Roles {
		list := make([]any, len(r.Roles))
		for i, role := range r.Roles {
			list[i] = role
		}
		roles[r.Designator] = map[string]any{"roles": list}
	}
	released := shape.For(tillit.SinkUserInfo)
	userinfo := make([]any, 0, len(released))
	for _, name := range released {
		if claim := f.catalog.Claim(name); claim != nil && len(claim.YieldedBy()) > 0 {
			userinfo = append(userinfo, claim.Wire())
		}
	}
	return map[string]any{
		"scopes": scopes, "roles": roles, "userinfo": userinfo, "dialect": f.catalog.Dialect,
		"token_type": f.tokenType(), "refresh_lifetime": shape.Inactive, "details": f.detailRoots(),
	}
}

// detailRoots are the authorization details as the tokens have them.
func (f *filling) detailRoots() []any {
	list := make([]any, 0, len(f.decision.Shape.Details))
	for i := range f.decision.Shape.Details {
		text, err := json.Marshal(f.decision.Shape.Details[i].Fields)
		if object := decodeObject(text); err == nil && object != nil {
			list = append(list, object)
		}
	}
	return list
}

func (f *filling) realmRoot() any {
	return map[string]any{"name": f.realm.name, "version": f.catalog.Version}
}

// wantsLanguages reports whether any claim was asked for in a language.
func (f *filling) wantsLanguages() bool {
	tagged := func(entry tillit.ClaimAsk) bool { return entry.Language != "" }
	return len(f.ask.Languages) > 0 || slices.ContainsFunc(f.ask.Claims.UserInfo, tagged) || slices.ContainsFunc(f.ask.Claims.IDToken, tagged)
}

// languages adds the tagged forms of a claim that is a plain path, e.g.
// name#nb-NO beside name (Core §5.2), keyed "claim#tag".
func (f *filling) languages(values map[tillit.ClaimName]any, claim *tillit.Claim, roots map[string]any) {
	path := strings.Split(claim.Value.String(), ".")
	if len(path) < 2 {
		return
	}
	var at any = roots
	for _, step := range path[:len(path)-1] {
		object, ok := at.(map[string]any)
		if !ok {
			return
		}
		at = object[step]
	}
	object, ok := at.(map[string]any)
	if !ok {
		return
	}
	prefix := path[len(path)-1] + "#"
	for name, value := range object {
		if tag, found := strings.CutPrefix(name, prefix); found && !empty(value) && ofType(value, claim.Type) {
			values[claim.Name+tillit.ClaimName("#"+tag)] = value
		}
	}
}

// addLanguages puts the tagged forms that were asked for beside the claim.
func (f *filling) addLanguages(m members, claim *tillit.Claim, sink tillit.Sink, values map[tillit.ClaimName]any) {
	wanted := slices.Clone(f.ask.Languages)
	for _, entry := range f.asked(sink) {
		if entry.Language != "" && string(entry.Name) == claim.Wire() {
			wanted = append(wanted, entry.Language)
		}
	}
	if len(wanted) == 0 {
		return
	}
	prefix := string(claim.Name) + "#"
	for name, value := range values {
		tag, found := strings.CutPrefix(string(name), prefix)
		if found && slices.ContainsFunc(wanted, func(w string) bool { return inLanguage(tag, w) }) {
			m[claim.Wire()+"#"+tag] = value
		}
	}
}

// inLanguage reports whether a tag is in a language range, without case (RFC 4647 §3.3.1).
func inLanguage(tag, wanted string) bool {
	tag, wanted = strings.ToLower(tag), strings.ToLower(wanted)
	return tag == wanted || strings.HasPrefix(tag, wanted+"-")
}

func (f *filling) asked(sink tillit.Sink) []tillit.ClaimAsk {
	switch sink {
	case tillit.SinkUserInfo:
		return f.ask.Claims.UserInfo
	case tillit.SinkIDToken:
		return f.ask.Claims.IDToken
	}
	return nil
}

// matches applies value and values to what the claims entry itself adds; a claim
// that a scope gives too is not filtered.
func (f *filling) matches(claim *tillit.Claim, sink tillit.Sink, value any) bool {
	for _, v := range f.decision.Claims {
		if v.Claim == claim.Name && v.Sink == sink && v.Via != "claims" {
			return true
		}
	}
	for _, entry := range f.asked(sink) {
		if string(entry.Name) != claim.Wire() || len(entry.Values) == 0 {
			continue
		}
		own, err := json.Marshal(value)
		return err == nil && slices.ContainsFunc(entry.Values, func(raw json.RawMessage) bool { return string(raw) == string(own) })
	}
	return true
}

// empty reports whether a value is one that must be left out (CL-12).
func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// ofType reports whether a value is of the claim's JSON type (CL-14).
func ofType(value any, kind tillit.ClaimType) bool {
	switch kind {
	case tillit.TypeInteger:
		switch v := value.(type) {
		case int64, int, uint64:
			return true
		case float64:
			return v == math.Trunc(v)
		}
		return false
	case tillit.TypeNumber:
		switch value.(type) {
		case int64, int, uint64, float64:
			return true
		}
		return false
	case tillit.TypeBoolean:
		_, ok := value.(bool)
		return ok
	case tillit.TypeArray:
		_, ok := value.([]any)
		return ok
	case tillit.TypeObject:
		_, ok := value.(map[string]any)
		return ok
	}
	_, ok := value.(string)
	return ok
}

// previewValues fetches what a consent page shows.
func (p *Provider) previewValues(ctx context.Context, a *authorization, need *tillit.Need) (map[tillit.ClaimName]any, error) {
	var names []tillit.ClaimName
	for _, item := range need.Items {
		names = append(names, item.Claims...)
	}
	decision := tillit.Decision{}
	f := &filling{realm: a.realm, catalog: a.catalog, client: a.client, person: a.person, ask: &a.ask, facts: &a.facts, context: &a.context, decision: &decision}
	values, _, err := p.evaluate(ctx, f, names)
	return values, err
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
