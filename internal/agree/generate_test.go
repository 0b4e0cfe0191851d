package agree

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
)

// A request is one generated request, and what the person does on its way.
type request struct {
	Endpoint string // authorization or token
	Client   string
	Params   url.Values
	Person   facts.PersonFixture
	Way      string
	Decline  []string
	Deny     bool
}

// A generator makes requests out of what a realm declares.
type generator struct {
	*rand.Rand
	catalog *tillit.Catalog
	clients []*tillit.Client // that may use the authorization endpoint
	machine []*tillit.Client // that may use client_credentials
	people  []facts.PersonFixture
	ways    map[string][]string // username → ways the person has
	hints   map[string]string   // client → an ID Token of the first person
	turn    int
	steered int // how many were
}

// next makes a request: mostly at random, in turn steered to what chance finds
// too rarely.
func (g *generator) next() request {
	g.turn++
	if len(g.clients) == 0 || len(g.machine) > 0 && g.turn%8 == 0 {
		return g.token()
	}
	r := g.authorization()
	if g.turn%2 == 0 {
		recipes[g.steered%len(recipes)](g, &r)
		g.steered++
	}
	return r
}

func (g *generator) authorization() request {
	client := pick(g, g.clients)
	r := request{Endpoint: "authorization", Client: string(client.ID), Person: pick(g, g.people), Params: url.Values{}}
	scopes := g.scopes(client, tillit.AtAuthorization)
	if g.chance(95) && !slices.Contains(scopes, "openid") {
		scopes = append([]string{"openid"}, scopes...)
	}
	g.Shuffle(len(scopes), func(i, j int) { scopes[i], scopes[j] = scopes[j], scopes[i] })
	r.Params.Set("scope", strings.Join(scopes, " "))
	if len(scopes) == 0 {
		r.Params.Del("scope")
	}
	if g.chance(40) {
		r.Params.Set("claims", g.claims(r.Person))
	}
	if g.chance(20) {
		r.Params.Set("acr_values", g.acr())
	}
	if g.chance(20) {
		r.Params.Set("prompt", pick(g, []string{"none", "consent", "consent", "login", "select_account", "login consent", "none login", "create"}))
	}
	if g.chance(12) {
		r.Params["resource"] = g.resources()
	}
	if g.chance(5) {
		r.Params.Set("max_age", pick(g, []string{"0", "10", "3600", "-1", "x"}))
	}
	if g.chance(10) {
		r.Params.Set("claims_locales", pick(g, []string{"nb", "en", "nn nb", "xx"}))
	}
	g.dialect(&r)
	g.way(&r)
	g.answers(&r, scopes)
	return r
}

func (g *generator) token() request {
	client := pick(g, g.machine)
	if g.chance(3) && len(g.clients) > 0 {
		client = pick(g, g.clients)
	}
	r := request{Endpoint: "token", Client: string(client.ID), Params: url.Values{}}
	if scopes := g.scopes(client, tillit.AtToken); len(scopes) > 0 || g.chance(50) {
		r.Params.Set("scope", strings.Join(scopes, " "))
	}
	if g.chance(20) {
		r.Params["resource"] = g.resources()
	}
	g.dialect(&r)
	if g.chance(25) {
		misdirected(g, &r)
	}
	return r
}

// scopes picks known ones, sometimes such as the client may not have or another
// endpoint takes, sometimes misspelt.
func (g *generator) scopes(client *tillit.Client, at tillit.Endpoints) []string {
	var fitting, all []string
	for i := range g.catalog.Scopes {
		s := &g.catalog.Scopes[i]
		all = append(all, string(s.Name))
		if s.At&at != 0 && (s.Eligible == tillit.EligibleAny || client.Has(s.Name)) && s.Needs == "" {
			fitting = append(fitting, string(s.Name))
		}
	}
	var list []string
	for range g.IntN(6) {
		name := pick(g, all)
		if g.chance(85) && len(fitting) > 0 {
			name = pick(g, fitting)
		}
		if g.chance(4) {
			name = misspell(g, name)
		}
		list = append(list, name)
	}
	return list
}

func misspell(g *generator, name string) string {
	switch g.IntN(4) {
	case 0:
		return strings.ToUpper(name)
	case 1:
		return name + "x"
	case 2:
		return strings.ToUpper(name[:1]) + name[1:]
	}
	return "no:such:" + name
}

// claims writes a claims parameter, values of the person's own included.
func (g *generator) claims(person facts.PersonFixture) string {
	asked := map[string]map[string]any{}
	for _, sink := range []string{"userinfo", "id_token"} {
		members := map[string]any{}
		for range g.IntN(4) {
			claim := pick(g, g.catalog.Claims)
			name := claim.Wire()
			if g.chance(6) {
				name = misspell(g, name)
			}
			members[name] = g.claimAsk(person.Claims[name])
		}
		if len(members) > 0 {
			asked[sink] = members
		}
	}
	text, err := json.Marshal(asked)
	if err != nil {
		panic(fmt.Sprintf("claims parameter: %v", err))
	}
	return string(text)
}

func (g *generator) claimAsk(own any) any {
	switch g.IntN(6) {
	case 0:
		return map[string]any{"essential": true}
	case 1:
		return map[string]any{"value": own}
	case 2:
		return map[string]any{"value": "another"}
	case 3:
		return map[string]any{"values": []any{"another", own}, "essential": true}
	}
	return nil
}

func (g *generator) acr() string {
	var values []string
	for i := range g.catalog.ACR {
		values = append(values, g.catalog.ACR[i].Value)
		values = append(values, g.catalog.ACR[i].Aliases...)
	}
	values = append(values, "urn:no:such")
	list := []string{pick(g, values)}
	if g.chance(30) {
		list = append(list, pick(g, values))
	}
	return strings.Join(list, " ")
}

func (g *generator) resources() []string {
	known := []string{"https://nowhere.example/api", "relative", "https://nowhere.example/#x"}
	for i := range g.catalog.Servers {
		known = append(known, g.catalog.Servers[i].Audience, g.catalog.Servers[i].Name, g.catalog.Servers[i].Audience)
	}
	list := []string{pick(g, known)}
	if g.chance(25) {
		list = append(list, pick(g, known))
	}
	return list
}

func (g *generator) dialect(r *request) {
	if name := g.catalog.Request.Dialect; name != "" && g.chance(20) {
		r.Params.Set(name, pick(g, []string{"1", "2", "3", "4", "5", "v4"}))
	}
	for _, name := range g.catalog.Parameters() {
		if g.chance(3) {
			r.Params.Set(name, "value")
		}
	}
}

func (g *generator) way(r *request) {
	way := pick(g, g.ways[r.Person.Username])
	if g.chance(5) {
		way = pick(g, g.walkable()).Code
	}
	r.Way = way
	switch {
	case g.chance(15):
		r.Params.Set("login_hint", way+":")
	case g.chance(5):
		r.Params.Set("login_hint", pick(g, []string{":", "nobody", "no:such:way"}))
	case g.chance(5) && g.catalog.Request.IDPHint != "":
		r.Params.Set(g.catalog.Request.IDPHint, way)
	}
}

// walkable lists the ways whose pages can be walked here: without scripts no key
// answers. That a sign-in by one is what explain says is tried beside the server,
// with an authenticator.
func (g *generator) walkable() []tillit.Way {
	return slices.DeleteFunc(slices.Clone(g.catalog.Ways), func(w tillit.Way) bool { return w.Method == "passkey" })
}

// answers says what the person declines, or whether they leave.
func (g *generator) answers(r *request, scopes []string) {
	r.Deny = g.chance(3)
	for _, name := range scopes {
		if g.chance(15) {
			r.Decline = append(r.Decline, name)
		}
	}
	if g.chance(10) {
		r.Decline = append(r.Decline, string(pick(g, g.catalog.Claims).Name))
	}
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, list []T) T { return list[g.IntN(len(list))] }
