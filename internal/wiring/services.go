package wiring

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/rs"
	"github.com/tillit/tillit/services/dataapi"
)

// services are the APIs of the product. A realm says by name which of them
// answers for a resource server of its own (servers.NAME.service); what they
// guard and read it says too, for they know no realm.
var services = map[string]func(h *House, at mount) (http.Handler, error){
	"scopes":             (*House).openScopes,
	"clients":            (*House).openClients,
	"delegations":        (*House).openDelegations,
	"aml":                (*House).openAML,
	"security_data":      (*House).openSecurityData,
	"operational_status": (*House).openOperationalStatus,
	"data": func(_ *House, at mount) (http.Handler, error) {
		return dataapi.Handler(at.guard, dataapi.Scopes{Read: at.scope("read"), Write: at.scope("write"), Delete: at.scope("delete")}), nil
	},
	"signdoc": openSigning,

	"krr":            (*House).openRegister,
	"authorizations": (*House).openAuthorizations,
	"userlog":        (*House).openUserLog,
	"authlevel":      (*House).openAuthLevel,
}

// A mount is where a service answers: one resource server of one realm.
type mount struct {
	realm   string
	server  *tillit.Server
	address string    // base URL, without a slash at the end
	guard   *rs.Guard // of the server's audience, or of its first designator
	claims  map[string]string
}

// scope gives what the realm calls something that the service guards, "" where
// it does not say.
func (m mount) scope(word string) string { return string(m.server.Service.Scopes[word]) }

// claim gives the member of a token that the realm has for something that the
// service reads, "" where it does not say.
func (m mount) claim(word string) string { return m.claims[word] }

// A running service, and what it was made from.
type running struct {
	handler http.Handler
	mount   mount
}

// A runner holds the services that answer, by realm and server. It is swapped
// with the catalogs, and keeps those whose words have not changed: what they hold
// in memory stays.
type runner struct {
	current atomic.Pointer[map[string]map[string]*running]
}

// each calls for every service that answers.
func (r *runner) each(call func(s *running)) {
	if all := r.current.Load(); all != nil {
		for _, servers := range *all {
			for _, s := range servers {
				call(s)
			}
		}
	}
}

// get gives what answers for a server, nil for nothing.
func (r *runner) get(realm, server string) *running {
	if all := r.current.Load(); all != nil {
		return (*all)[realm][server]
	}
	return nil
}

// addresses gives the base URLs of a realm's services, by server.
func (r *runner) addresses(realm string) map[string]string {
	addresses := map[string]string{}
	if all := r.current.Load(); all != nil {
		for name, s := range (*all)[realm] {
			addresses[name] = s.mount.address
		}
	}
	return addresses
}

// address gives the base URL of one service, "" for none.
func (r *runner) address(realm, server string) string {
	if s := r.get(realm, server); s != nil {
		return s.mount.address
	}
	return ""
}

// serve hands a request below /{realm}/api/{server}/ to the service there.
func (r *runner) serve(w http.ResponseWriter, request *http.Request) {
	realm, server := request.PathValue("realm"), request.PathValue("server")
	s := r.get(realm, server)
	if s == nil {
		http.NotFound(w, request)
		return
	}
	http.StripPrefix("/"+realm+"/api/"+server, s.handler).ServeHTTP(w, request)
}

// tell hands out what the service at an address guards (RFC 9728).
func (r *runner) tell(w http.ResponseWriter, request *http.Request) {
	s := r.get(request.PathValue("realm"), request.PathValue("server"))
	if s == nil {
		http.NotFound(w, request)
		return
	}
	s.mount.guard.Metadata().ServeHTTP(w, request)
}

// runServices makes the services of a set of realms. One that the product does not
// have is refused, and those that run stay.
func (h *House) runServices(set *catalog.Set) error {
	all := map[string]map[string]*running{}
	for _, realm := range set.Realms() {
		c := set.Catalog(realm, "")
		for i := range c.Servers {
			server := &c.Servers[i]
			if server.Service == nil {
				continue
			}
			s, err := h.runService(realm, c, server)
			if err != nil {
				return fmt.Errorf("realm %s: server %s: %w", realm, server.Name, err)
			}
			if all[realm] == nil {
				all[realm] = map[string]*running{}
			}
			all[realm][server.Name] = s
		}
	}
	h.services.current.Store(&all)
	return nil
}

func (h *House) runService(realm string, c *tillit.Catalog, server *tillit.Server) (*running, error) {
	claims := map[string]string{}
	for word, name := range server.Service.Claims {
		if claim := c.Claim(name); claim != nil {
			claims[word] = claim.Wire()
		}
	}
	if s := h.services.get(realm, server.Name); s != nil && reflect.DeepEqual(s.mount.server, server) && maps.Equal(s.mount.claims, claims) {
		return s, nil
	}
	open := services[server.Service.Name]
	if open == nil {
		return nil, fmt.Errorf("no service %q; right would be one of %s", server.Service.Name, strings.Join(sorted(services), ", "))
	}
	at := mount{realm: realm, server: server, address: h.config.Base + "/" + realm + "/api/" + server.Name, claims: claims}
	if server.Issuer != "" {
		realm = server.Issuer
	}
	at.guard = h.guard(realm, audience(server))
	at.guard.Also = server.Designators
	at.guard.Resource, at.guard.Name = at.address, server.Title.In()
	handler, err := open(h, at)
	if err != nil {
		return nil, err
	}
	return &running{handler, at}, nil
}

// audience is what a token for the server bears.
func audience(server *tillit.Server) string {
	if server.Audience != "" {
		return server.Audience
	}
	return server.Designators[0]
}

// guard checks a realm's tokens as any API would, and asks whether they were
// revoked.
func (h *House) guard(realm, audience string) *rs.Guard {
	c := h.Catalogs.Catalog(realm, "")
	return &rs.Guard{
		Issuer: h.issuer(realm), Audience: audience, Unrestricted: c != nil && c.Settings.Audience == "asked",
		ByScope: c != nil && c.Settings.Audience == "servers", Now: h.Now,
		Keys: &ownKeys{house: h, realm: realm}, Proof: h.proof(realm), Certificate: h.shown,
		Revoked: func(ctx context.Context, token *rs.Token) (bool, error) {
			return h.Provider.TokenRevoked(ctx, realm, token.ID)
		},
	}
}

// issuer gives the issuer identifier of a realm.
func (h *House) issuer(realm string) string {
	if issuer := h.config.Issuers[realm]; issuer != "" {
		return issuer
	}
	return h.config.Base + "/" + realm
}
