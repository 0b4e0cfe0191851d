package wiring

import "github.com/tillit/tillit/source"

// unconnected warns of sources that realms name and nobody connected: they fail
// whenever a claim wants them.
func (h *House) unconnected() {
	set := h.Catalogs.Set()
	for _, realm := range set.Realms() {
		for _, use := range set.Catalog(realm, "").Sources {
			if use.From != "directory" && h.config.Sources[source.Place{Realm: realm, Source: use.Name}] == nil {
				h.config.Log.Warn("a source of claims is not connected", "realm", realm, "source", use.Name, "from", use.From)
			}
		}
	}
}
