package wiring

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
	"github.com/tillit/tillit/services/aml"
)

// openAML is the API that compares names with lists.
func (h *House) openAML(at mount) (http.Handler, error) {
	c := h.Catalogs.Catalog(at.realm, "")
	wire := func(word string) string {
		if claim := c.Claim(at.server.Service.Claims[word]); claim != nil {
			return claim.Wire()
		}
		return ""
	}
	monitors, err := h.monitors(at, c.Registry)
	if err != nil {
		return nil, err
	}
	return aml.New(aml.Config{
		Monitors: monitors, Off: h.off(),
		Guard: at.guard, Screener: &aml.Screener{Store: h.Store, Realm: at.realm}, Log: h.config.Log,
		Person: at.scope("person"), Organization: at.scope("organization"), Sanctions: at.scope("sanctions"),
		Number: wire("number"), Name: wire("name"), Birthdate: wire("birthdate"), Source: c.Title.In("en"),
		Introspect: func(ctx context.Context, token string) (json.RawMessage, error) {
			return h.Provider.Introspect(ctx, at.realm, at.server.Name, token)
		},
		Find: func(ctx context.Context, number string) (*tillit.Organization, error) {
			return h.Store.Organization(ctx, c.Registry, number)
		},
	}), nil
}

// loadLists stores the invented lists of the demo data. One that was imported
// since stays.
func (h *House) loadLists(ctx context.Context, data []demo.Data) error {
	for i := range data {
		if h.Catalogs.Catalog(data[i].Realm, "") == nil {
			continue
		}
		there, err := h.Store.Lists(ctx, data[i].Realm)
		if err != nil {
			return err
		}
		for name, list := range data[i].Lists {
			if slices.ContainsFunc(there, func(l tillit.ScreeningList) bool { return l.Name == name && l.Current }) {
				continue
			}
			files := map[string][]byte{}
			for file, text := range list.Files {
				files[file] = []byte(text)
			}
			l := &tillit.ScreeningList{Realm: data[i].Realm, Name: name, Version: list.Version}
			if err := aml.Import(ctx, h.Store, l, files, h.Now().Unix(), func(int64, int64) {}); err != nil {
				return err
			}
		}
	}
	return nil
}
