package facts

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// A Renaming exchanges every name of realms that share a registry, or of one
// alone: scopes and claims but those that the standards fix, designators, roles,
// clients and their types, ways to sign in, extra tokens, organizations and their
// prefixes, sources of delegations, and the codes of errors. The new names say
// nothing.
type Renaming struct {
	realms   []string
	table    map[string]string
	made     int      // new names so far
	prefixes []string // of organizations: what stands before a scope's first colon
	families []family
	standard map[string][]any // by realm and type: the scopes that the word "standard" gives a client
}

// fixed are the names that standards give.
var fixed = []string{"openid", "offline_access", "token_type"}

// A family is the part of names that scopes of one pattern share.
type family struct{ old, new string }

// Rename reads realms and their demo data and makes up the new names.
func Rename(shipped, demo fs.FS, realms ...string) (*Renaming, error) {
	r := &Renaming{realms: realms, table: map[string]string{}, standard: map[string][]any{}}
	var files, people []yaml.MapSlice
	for _, realm := range realms {
		file, err := ordered(shipped, realm+".yaml")
		if err != nil {
			return nil, err
		}
		example, err := ordered(demo, realm+".yaml")
		if err != nil {
			return nil, err
		}
		files, people = append(files, file), append(people, example)
	}
	// What one file declares the others speak of: kind by kind, not file by file.
	for _, name := range []func(yaml.MapSlice){
		r.nameOrganizations, r.nameServers, r.keys("claims"), r.nameWire, r.keys("sign_in"), r.nameTypes, r.nameGrants, r.nameScopes,
	} {
		for _, file := range files {
			name(file)
		}
	}
	for i, example := range people {
		r.nameAll(example, "clients")
		r.noteStandard(realms[i], files[i])
	}
	return r, nil
}

// Names is the exchange, for the one who asks.
func (r *Renaming) Names() Names { return NewNames(r.table, r.prefixes...) }

// Apply exchanges the names in the texts.
func (r *Renaming) Apply(options Options) (Options, error) {
	change := func(edit func(yaml.MapSlice) yaml.MapSlice) func(string, []byte) ([]byte, error) {
		return func(name string, text []byte) ([]byte, error) {
			if !slices.ContainsFunc(r.realms, func(realm string) bool { return belongs(name, realm) }) {
				return text, nil
			}
			var document yaml.MapSlice
			if err := yaml.UnmarshalWithOptions(text, &document, yaml.UseOrderedMap()); err != nil {
				return nil, err
			}
			return yaml.Marshal(edit(document))
		}
	}
	var err error
	if options.Realms, err = Change(options.Realms, change(r.realmText)); err != nil {
		return options, err
	}
	options.Demo, err = Change(options.Demo, change(r.demoText))
	return options, err
}

func ordered(files fs.FS, name string) (yaml.MapSlice, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	var document yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text, &document, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return document, nil
}

func (r *Renaming) name(old string) string {
	if other, ok := r.table[old]; ok {
		return other
	}
	r.table[old] = r.fresh()
	return r.table[old]
}

// fresh makes a name that nothing has.
func (r *Renaming) fresh() string {
	r.made++
	return "q" + strconv.Itoa(r.made) + "z"
}

func (r *Renaming) keys(section string) func(yaml.MapSlice) {
	return func(document yaml.MapSlice) { r.nameAll(document, section) }
}

func (r *Renaming) nameAll(document yaml.MapSlice, section string) {
	for _, item := range mapping(member(document, section)) {
		if key, ok := item.Key.(string); ok && !strings.Contains(key, "*") && !slices.Contains(fixed, key) {
			r.name(key)
		}
	}
}

// nameWire makes names for what claims are called in tokens.
func (r *Renaming) nameWire(document yaml.MapSlice) {
	sections := []any{member(document, "claims")}
	for _, dialect := range mapping(member(document, "dialects")) {
		sections = append(sections, member(mapping(dialect.Value), "claims"))
	}
	for _, section := range sections {
		for _, item := range mapping(section) {
			if key, ok := item.Key.(string); ok && !strings.Contains(key, "*") && !slices.Contains(fixed, key) {
				r.name(key)
			}
			if as, ok := member(mapping(item.Value), "as").(string); ok {
				r.name(as)
			}
		}
	}
}

func (r *Renaming) nameServers(document yaml.MapSlice) {
	for _, item := range mapping(member(document, "servers")) {
		server := mapping(item.Value)
		if member(server, "audience") != nil {
			continue
		}
		designators, ok := member(server, "designators").([]any)
		if !ok {
			designators = []any{item.Key}
		}
		for _, designator := range designators {
			text, _ := designator.(string)
			r.families = append(r.families, family{text + "/", r.name(text) + "/"})
		}
	}
}

func (r *Renaming) nameScopes(document yaml.MapSlice) {
	for _, item := range mapping(member(document, "scopes")) {
		name, ok := item.Key.(string)
		if !ok || slices.Contains(fixed, name) {
			continue
		}
		if prefix, isFamily := strings.CutSuffix(name, "*"); isFamily {
			if prefix != "" && !strings.HasPrefix(prefix, "*") && !slices.ContainsFunc(r.families, func(f family) bool { return f.old == prefix }) {
				r.families = append(r.families, r.family(prefix))
			}
			continue
		}
		r.scope(name)
		for _, alias := range list(member(mapping(item.Value), "aliases")) {
			if text, ok := alias.(string); ok {
				r.scope(text)
			}
		}
	}
}

// family makes the part that the scopes of a pattern share. An organization's
// prefix stays what its other scopes have before the colon.
func (r *Renaming) family(old string) family {
	head, rest, found := strings.Cut(old, ":")
	if !found || !slices.Contains(r.prefixes, head) {
		return family{old, r.name(old) + "."}
	}
	return family{old, r.name(head) + ":" + r.fresh() + rest[len(strings.TrimRight(rest, "./")):]}
}

// scope makes the name of a scope: below a family its own part alone is new,
// and that part is also the role.
func (r *Renaming) scope(name string) string {
	if other, ok := r.table[name]; ok {
		return other
	}
	for _, f := range r.families {
		role, found := strings.CutPrefix(name, f.old)
		if found && strings.Contains(f.old, ":") && strings.Contains(f.new, ":") { // an organization's; it has no roles
			r.table[name] = f.new
			if role != "" {
				r.table[name] += role[:len(role)-len(strings.TrimLeft(role, "./"))] + r.fresh()
			}
			return r.table[name]
		}
		if found {
			r.table[name] = f.new + r.name(role)
			return r.table[name]
		}
	}
	if head, _, found := strings.Cut(name, ":"); found && slices.Contains(r.prefixes, head) {
		r.table[name] = r.name(head) + ":" + r.fresh()
		return r.table[name]
	}
	return r.name(name)
}

// renamed gives the new name of anything that has one.
func (r *Renaming) renamed(name string) string {
	if prefix, isFamily := strings.CutSuffix(name, "*"); isFamily {
		for _, f := range r.families {
			if f.old == prefix {
				return f.new + "*"
			}
		}
		return name
	}
	if other, ok := r.table[name]; ok {
		return other
	}
	return name
}

// noteStandard spells the word out, for what it means stands on the standards'
// names (OIDC Core §5.4), and those are exchanged too.
func (r *Renaming) noteStandard(realm string, file yaml.MapSlice) {
	for _, kind := range mapping(member(file, "client_types")) {
		names := slices.Clone(list(member(mapping(kind.Value), "starts_with")))
		for _, item := range mapping(member(file, "scopes")) {
			switch item.Key {
			case "openid", "profile", "email", "phone", "address":
				if !slices.Contains(names, item.Key) {
					names = append(names, item.Key)
				}
			}
		}
		name, _ := kind.Key.(string)
		r.standard[realm+" "+name] = names
	}
}

// realmText exchanges names in the sections of a realm's file, and in its
// dialects, which have the same sections.
func (r *Renaming) realmText(document yaml.MapSlice) yaml.MapSlice {
	for i := range document {
		item := &document[i]
		switch item.Key {
		case "scopes":
			item.Value = r.eachKeyed(item.Value, r.scopeFields)
		case "claims":
			item.Value = r.eachKeyed(item.Value, r.claimFields)
		case "sign_in":
			item.Value = r.eachKeyed(item.Value, r.wayFields)
		case "servers":
			item.Value = r.servers(item.Value)
		case "tokens": // extra tokens are sinks of the realm's own, with names of its own
			item.Value = r.eachKeyed(item.Value, func(value any) any { return r.lists(value, "claims", "requires") })
		case "authorization_details":
			item.Value = r.eachKeyed(r.lists(item.Value, "claims"), r.detailFields)
		case "client_types":
			item.Value = r.eachKeyed(r.lists(item.Value, "claims", "starts_with", "may_add", "requires", "like"), same)
		case "access":
			item.Value = r.eachKeyed(item.Value, r.all)
		case "delegation_sources":
			item.Value = r.eachKeyed(item.Value, same)
		case "organizations":
			item.Value = r.eachKeyed(item.Value, func(value any) any { return r.lists(value, "prefixes") })
		case "assertion":
			item.Value = r.assertion(item.Value)
		case "errors":
			item.Value = r.lists(item.Value, "code", "error")
		case "naming":
			item.Value = r.lists(item.Value, "withholds")
		case "dialects":
			dialects := mapping(item.Value)
			for j := range dialects {
				dialects[j].Value = r.realmText(mapping(dialects[j].Value))
			}
			item.Value = dialects
		}
	}
	return document
}

func (r *Renaming) demoText(document yaml.MapSlice) yaml.MapSlice {
	for i := range document {
		item := &document[i]
		switch item.Key {
		case "clients":
			realm, _ := member(document, "realm").(string)
			item.Value = r.eachKeyed(item.Value, func(value any) any {
				fields := mapping(value)
				kind, _ := member(fields, "type").(string)
				for j := range fields {
					if fields[j].Value == any("standard") && fields[j].Key == "scopes" {
						fields[j].Value = slices.Clone(r.standard[realm+" "+kind])
					}
					switch fields[j].Key {
					case "type":
						fields[j].Value = r.all(fields[j].Value)
					case "scopes", "all_claims_but", "default_scopes", "required_scopes":
						if named := list(fields[j].Value); named != nil { // one word is a rule, not a name
							fields[j].Value = r.all(named)
						}
					case "placements":
						fields[j].Value = r.eachKeyed(fields[j].Value, same)
					}
				}
				return fields
			})
		case "people":
			item.Value = r.lists(item.Value, "ways")
		case "access":
			item.Value = r.eachKeyed(item.Value, same)
		case "delegations":
			item.Value = r.lists(item.Value, "scope")
		case "completions", "resource_servers":
			item.Value = r.lists(item.Value, "type")
		}
	}
	return document
}

func (r *Renaming) eachKeyed(value any, fields func(any) any) any {
	items := mapping(value)
	if items == nil {
		return value
	}
	for i := range items {
		if key, ok := items[i].Key.(string); ok {
			items[i].Key = r.renamed(key)
		}
		items[i].Value = fields(items[i].Value)
	}
	return items
}

func (r *Renaming) scopeFields(value any) any {
	fields := mapping(value)
	for i := range fields {
		switch fields[i].Key {
		case "claims", "withholds", "requires_one_of", "excludes", "introspected_by", "aliases", "types", "delegation":
			fields[i].Value = r.all(fields[i].Value)
		case "sign_in", "variants":
			fields[i].Value = r.lists(fields[i].Value, "by", "claims")
		}
	}
	return orSame(fields, value)
}

func (r *Renaming) claimFields(value any) any {
	fields := mapping(value)
	for i := range fields {
		switch fields[i].Key {
		case "brings", "as", "sinks", "types":
			fields[i].Value = r.all(fields[i].Value)
		case "value":
			fields[i].Value = r.quoted(fields[i].Value)
		}
	}
	return orSame(fields, value)
}

// detailFields gives what a page adds to a detail the names of claims, at any depth.
func (r *Renaming) detailFields(value any) any {
	fields := mapping(value)
	for i := range fields {
		if fields[i].Key == "values" {
			fields[i].Value = r.deepKeyed(fields[i].Value)
		}
	}
	return orSame(fields, value)
}

func (r *Renaming) deepKeyed(value any) any { return r.eachKeyed(value, r.deepKeyed) }

func (r *Renaming) wayFields(value any) any {
	return r.lists(value, "hint", "amr")
}

// servers keeps the servers' keys, which only the realm itself uses, and gives
// them the new designators.
func (r *Renaming) servers(value any) any {
	items := mapping(value)
	for i := range items {
		fields, _ := r.lists(items[i].Value, "also", "learns", "designators", "owner").(yaml.MapSlice)
		service := mapping(member(fields, "service"))
		for j := range service {
			switch service[j].Key {
			case "scopes", "claims":
				service[j].Value = r.values(service[j].Value)
			case "settings":
				service[j].Value = r.lists(service[j].Value, "source")
			}
		}
		if member(fields, "audience") == nil && member(fields, "designators") == nil {
			key, _ := items[i].Key.(string)
			fields = append(fields, yaml.MapItem{Key: "designators", Value: []any{r.renamed(key)}})
		}
		items[i].Value = fields
	}
	return items
}

// values exchanges what an object's members say, and keeps their names.
func (r *Renaming) values(value any) any {
	members := mapping(value)
	for i := range members {
		members[i].Value = r.all(members[i].Value)
	}
	return orSame(members, value)
}

// lists exchanges what stands under the keys, at any depth.
func (r *Renaming) lists(value any, keys ...string) any {
	switch v := value.(type) {
	case yaml.MapSlice:
		for i := range v {
			if key, ok := v[i].Key.(string); ok && slices.Contains(keys, key) {
				v[i].Value = r.all(v[i].Value)
			} else {
				v[i].Value = r.lists(v[i].Value, keys...)
			}
		}
	case []any:
		for i := range v {
			v[i] = r.lists(v[i], keys...)
		}
	}
	return value
}

// all exchanges a name or a list of names.
func (r *Renaming) all(value any) any {
	switch v := value.(type) {
	case string:
		return r.renamed(v)
	case []any:
		for i := range v {
			v[i] = r.all(v[i])
		}
	}
	return value
}

// quoted exchanges the names that an expression quotes.
func (r *Renaming) quoted(value any) any {
	switch v := value.(type) {
	case string:
		parts := strings.Split(v, `"`)
		for i := 1; i < len(parts); i += 2 {
			parts[i] = r.renamed(parts[i])
		}
		return strings.Join(parts, `"`)
	case yaml.MapSlice:
		for i := range v {
			v[i].Value = r.quoted(v[i].Value)
		}
	}
	return value
}

func same(value any) any { return value }

func mapping(value any) yaml.MapSlice {
	items, _ := value.(yaml.MapSlice)
	return items
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}

func member(items yaml.MapSlice, key string) any {
	for _, item := range items {
		if item.Key == key {
			return item.Value
		}
	}
	return nil
}

func orSame(fields yaml.MapSlice, value any) any {
	if fields == nil {
		return value
	}
	return fields
}
