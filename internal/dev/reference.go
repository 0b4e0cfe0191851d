package dev

import (
	"net/http"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog/reference"
)

// described gives the catalog of the realm in the path, telling where there is
// none.
func (p *playground) described(w http.ResponseWriter, r *http.Request) *tillit.Catalog {
	c := p.Catalog(r.PathValue("realm"))
	if c == nil {
		p.tell(w, http.StatusNotFound, message{Heading: "Unknown realm", Text: "No realm has this name."})
	}
	return c
}

// reference shows what a realm offers, scope by scope.
func (p *playground) reference(w http.ResponseWriter, r *http.Request) {
	if c := p.described(w, r); c != nil {
		page := reference.Of(c, "en")
		p.render(w, http.StatusOK, "reference", page.Title, page)
	}
}

// graph draws it.
func (p *playground) graph(w http.ResponseWriter, r *http.Request) {
	c := p.described(w, r)
	if c == nil {
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(reference.Graph(c, "en")) //nolint:errcheck // the browser has gone; there is nobody to tell
}
