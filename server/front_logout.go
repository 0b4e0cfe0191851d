package server

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"slices"

	"github.com/tillit/tillit"
)

// frameAddresses gives what the signed-out page loads so that clients forget the
// person in this browser (OIDC Front-Channel Logout §3). iss and sid are always
// there: a client that does not need them ignores them.
func (p *Provider) frameAddresses(ctx context.Context, realm *realm, sid string) ([]string, error) {
	ids, err := p.Store.SessionClients(ctx, realm.name, sid)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, id := range ids {
		client, err := p.Store.Client(ctx, realm.catalog.Registry, id)
		if errors.Is(err, tillit.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if client.Active && origin(client.FrontChannelLogoutURI) != "" && p.on("the browser tells clients of a sign-out") {
			list = append(list, withQuery(client.FrontChannelLogoutURI, url.Values{"iss": {realm.issuer}, "sid": {sid}}))
		}
	}
	return list, nil
}

// plainHost has nothing that means something in a content security policy.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// origin gives scheme, host and port of an address of the web; "" for any other.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !plainHost.MatchString(u.Host) {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// origins gives those of addresses, each once.
func origins(addresses []string) []string {
	var list []string
	for _, address := range addresses {
		if o := origin(address); o != "" && !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	return list
}
