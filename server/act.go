package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tillit/tillit"
)

// admit lets those who carry acts out look at a request that is about to become
// an interaction, before anybody signs in.
func (p *Provider) admit(ctx context.Context, a *authorization, i *tillit.Interaction, needs []tillit.Need) error {
	return p.eachGate(a, i, needs, func(gate NeedGate, act *Act) error {
		until, err := gate.Admit(ctx, act)
		i.Expires = max(i.Expires, until)
		return err
	})
}

// checkActs is admit without taking anything on.
func (p *Provider) checkActs(ctx context.Context, a *authorization, needs []tillit.Need) error {
	return p.eachGate(a, p.unasked(contextRequest(ctx), a), needs, func(gate NeedGate, act *Act) error {
		return gate.Check(ctx, act)
	})
}

func (p *Provider) eachGate(a *authorization, i *tillit.Interaction, needs []tillit.Need, do func(NeedGate, *Act) error) error {
	for n := range needs {
		gate, ok := p.Needs[needs[n].Kind].(NeedGate)
		if !ok {
			continue
		}
		if err := do(gate, p.act(a, i, &needs[n])); err != nil {
			return err
		}
	}
	return nil
}

// filePolicy lets the page itself show a file, and lets nothing inside the file
// load anything. Browsers lay a PDF out with a style of their own, and Safari
// applies object-src to the file's own bytes.
const filePolicy = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// actFile serves a file that the page of an act shows, to the browser the
// interaction is in and while that page is what comes next.
func (p *Provider) actFile(w http.ResponseWriter, r *http.Request, realm *realm) error {
	ctx := r.Context()
	i, err := p.Store.Interaction(ctx, realm.name, r.PathValue("id"), p.now())
	if errors.Is(err, tillit.ErrNotFound) || err == nil && (i.Purpose != "authorize" || i.Done != 0) {
		return expired()
	}
	if err != nil {
		return err
	}
	if err := p.ofBrowser(r, realm, i); err != nil {
		return err
	}
	a, err := p.resume(ctx, realm, i)
	if errors.Is(err, tillit.ErrNotFound) {
		return expired()
	}
	if err != nil {
		return err
	}
	decision := tillit.Decide(a.catalog, a.client, &a.ask, &a.facts)
	if decision.Refused != nil || len(decision.Needs) == 0 {
		return expired()
	}
	need := &decision.Needs[0]
	shows, ok := p.Needs[need.Kind].(NeedFiles)
	if !ok {
		return expired()
	}
	file, err := shows.File(ctx, p.act(a, i, need), r.PathValue("name"))
	if errors.Is(err, tillit.ErrNotFound) {
		return &Error{Code: "not_found", Description: "there is no such file", Status: http.StatusNotFound}
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", file.Type)
	h.Set("X-Frame-Options", "SAMEORIGIN") // shown inside the page itself
	h.Set("Content-Security-Policy", filePolicy)
	http.ServeContent(w, r, "", time.Time{}, file.Content)
	return nil
}
