package server

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tillit/tillit"
)

// show renders the page of the decision's first need.
func (p *Provider) show(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, decision *tillit.Decision, message string) error {
	need := &decision.Needs[0]
	form := Form{Action: a.realm.endpoint("/interact/" + i.ID), Step: i.Step}
	if message != "" {
		form.Error = p.Pages.Sentence(i.Language, message)
	}
	switch need.Kind {
	case tillit.NeedSignIn:
		return p.showSignIn(w, r, a, i, need.SignIn, form)
	case tillit.NeedConsent:
		return p.showConsent(w, r, a, i, decision, need, form)
	}
	page := p.Needs[need.Kind]
	if page == nil {
		return p.refuseIn(w, r, a, i, refuse("interaction_required", "what the scope asks for cannot be done here"))
	}
	act := p.act(a, i, need)
	act.Card, act.Name = p.clientCard(r.Context(), a.catalog, a.client, i.Language), p.displayName(r.Context(), a)
	if err := page.Begin(r.Context(), act); err != nil {
		return p.refuseIn(w, r, a, i, err)
	}
	template, model, err := page.Page(r.Context(), act, form)
	if err != nil {
		return err
	}
	return p.page(w, r, a.realm, http.StatusOK, template, i.Language, a.request.RedirectURI, model)
}

func (p *Provider) showSignIn(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, need *tillit.SignInNeed, form Form) error {
	client := p.clientCard(r.Context(), a.catalog, a.client, i.Language)
	way := p.chosenWay(a, need)
	if way == nil {
		model := Choose{Form: form, Client: client}
		for _, code := range need.Ways {
			model.Ways = append(model.Ways, wayCard(a.catalog.Way(code), i.Language))
		}
		return p.page(w, r, a.realm, http.StatusOK, "choose", i.Language, a.request.RedirectURI, model)
	}
	model := SignIn{
		Form: form, Client: client, Way: wayCard(way, i.Language), Username: a.typedInto(way), Named: masked(a.namedFor(way)),
		Other: len(need.Ways) > 1, Account: i.Purpose == "account",
	}
	if p.Login.ByKey(way) {
		return p.showPasskey(w, r, a, i, model)
	}
	for _, name := range p.Login.Fields(a.realm.name, way) {
		model.Fields = append(model.Fields, Field{Name: name, Label: p.Pages.Sentence(i.Language, "field."+name)})
	}
	if p.Dev && a.catalog.Environment == tillit.Test {
		model.People = p.Login.DemoPeople(a.realm.name, way)
	}
	return p.page(w, r, a.realm, http.StatusOK, "sign_in", i.Language, a.request.RedirectURI, model)
}

func wayCard(way *tillit.Way, language string) WayCard {
	return WayCard{Code: way.Code, Title: way.Title.In(language), Method: way.Method}
}

// showConsent shows the decided set. The values are for the person's eyes only:
// fetched after sign-in, shown, not kept.
func (p *Provider) showConsent(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, decision *tillit.Decision, need *tillit.Need, form Form) error {
	values, err := p.previewValues(r.Context(), a, need)
	if err != nil {
		return err
	}
	model := Consent{Form: form, Client: p.clientCard(r.Context(), a.catalog, a.client, i.Language), Person: p.displayName(r.Context(), a)}
	for _, item := range need.Items {
		shown := ConsentItem{
			Name: item.Name, Title: item.Title.In(i.Language), Longer: item.Longer.In(i.Language),
			Required: item.Required, Beta: item.State == tillit.Beta, Remember: p.remembers(a, item), Checked: true,
		}
		for _, name := range item.Claims {
			if claim := a.catalog.Claim(name); claim != nil {
				shown.Claims = append(shown.Claims, ConsentClaim{Name: claim.Wire(), Title: claim.Title.In(i.Language), Value: p.printed(values[name], i.Language)})
			}
		}
		model.Items = append(model.Items, shown)
	}
	if decision.Shape.Whole > 0 {
		model.Duration = (time.Duration(decision.Shape.Whole) * time.Second).String()
	}
	return p.page(w, r, a.realm, http.StatusOK, "consent", i.Language, a.request.RedirectURI, model)
}

// remembers reports whether agreeing to the item counts next time too.
func (p *Provider) remembers(a *authorization, item tillit.ConsentItem) bool {
	if item.Claim {
		claim := a.catalog.Claim(tillit.ClaimName(item.Name))
		return claim != nil && slices.ContainsFunc(claim.YieldedBy(), func(s *tillit.Scope) bool { return s.Consent == tillit.ConsentOnce })
	}
	s := a.catalog.Scope(tillit.ScopeName(item.Name))
	return s != nil && s.Consent == tillit.ConsentOnce
}

// printed writes a value for a person to read, on one line.
func (p *Provider) printed(value any, language string) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return strings.ReplaceAll(v, "\n", ", ")
	case map[string]any:
		if text, ok := v["formatted"].(string); ok {
			return p.printed(text, language)
		}
		return p.printedMembers(v, language)
	case []any:
		parts := make([]string, 0, len(v))
		for _, element := range v {
			parts = append(parts, p.printed(element, language))
		}
		return strings.Join(parts, "; ")
	case bool:
		if v {
			return p.Pages.Sentence(language, "value.yes")
		}
		return p.Pages.Sentence(language, "value.no")
	}
	return fmt.Sprint(value)
}

// printedMembers writes an object's members; what is true of it is ticked, since
// a bare yes or no among values says nothing.
func (p *Provider) printedMembers(members map[string]any, language string) string {
	parts, tick := make([]string, 0, len(members)), ""
	for _, name := range sortedKeys(members) {
		if yes, isBool := members[name].(bool); !isBool {
			parts = append(parts, p.printed(members[name], language))
		} else if yes {
			tick = " ✓"
		}
	}
	return strings.Join(parts, ", ") + tick
}

func (p *Provider) clientCard(ctx context.Context, c *tillit.Catalog, client *tillit.Client, language string) ClientCard {
	card := ClientCard{ID: string(client.ID), Name: client.Name.In(language), LogoURI: client.LogoURI, URI: client.ClientURI}
	if card.Name == "" {
		card.Name = string(client.ID)
	}
	for i := range c.Organizations {
		if c.Organizations[i].Number == client.Organization {
			card.Organization = c.Organizations[i].Title.In(language)
		}
	}
	if card.Organization == "" && client.Organization != "" {
		// Whom nobody has registered is left out: the page is worth more than its caption.
		if o, err := p.Store.Organization(ctx, c.Registry, client.Organization); err == nil {
			card.Organization = o.Title.In(language)
		}
	}
	return card
}

// displayName is what a person is greeted by: the realm's claim name where it
// has one, else the user name.
func (p *Provider) displayName(ctx context.Context, a *authorization) string {
	if a.person == nil {
		return ""
	}
	f := &filling{
		realm: a.realm, catalog: a.catalog, client: a.client, person: a.person, ask: &a.ask, facts: &a.facts,
		context: &a.context, decision: &tillit.Decision{},
	}
	for _, name := range []tillit.ClaimName{"name", "given_name"} {
		values, _, err := p.evaluate(ctx, f, []tillit.ClaimName{name})
		if text, ok := values[name].(string); ok && err == nil {
			return text
		}
	}
	return a.person.Username
}

// page renders one page with the headers every page has. redirect is an address
// a form may end up at, "" for none: a form's redirect counts as its action.
func (p *Provider) page(w http.ResponseWriter, r *http.Request, realm *realm, status int, template, language, redirect string, model any) error {
	return p.framing(w, r, realm, status, template, language, redirect, nil, model)
}

// framing renders a page that may hold frames of the origins, and of no other.
func (p *Provider) framing(w http.ResponseWriter, r *http.Request, realm *realm, status int, template, language, redirect string, frames []string, model any) error {
	nonce := newID()
	frame := Frame{
		Realm: realm.name, Title: realm.catalog.Title.In(language), Language: language,
		Test: realm.catalog.Environment == tillit.Test, Nonce: nonce, Assets: p.Assets,
	}
	if r.Method == http.MethodGet {
		frame.Languages = languageLinks(realm, r.URL, language)
	}
	var b bytes.Buffer
	if err := p.Pages.Render(&b, template, frame, model); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", language)
	security := policy(nonce, redirect)
	if len(frames) > 0 {
		security += "; frame-src " + strings.Join(frames, " ")
	}
	if shows, ok := model.(interface{ embeds() bool }); ok && shows.embeds() {
		security += "; object-src 'self'; frame-src 'self'" // browsers show a PDF in a frame of the object
	}
	h.Set("Content-Security-Policy", security)
	w.WriteHeader(status)
	w.Write(b.Bytes())
	return nil
}

// policy admits our own styles and images, scripts with the nonce, and forms to
// ourselves and to where the answer will be sent.
func policy(nonce, redirect string) string {
	form := "'self'"
	if u, err := url.Parse(redirect); err == nil && u.Host != "" && u.Scheme != "" {
		form += " " + u.Scheme + "://" + u.Host
	} else if err == nil && u.Scheme != "" {
		form += " " + u.Scheme + ":"
	}
	return "default-src 'none'; style-src 'self'; img-src 'self' https: data:; script-src 'nonce-" + nonce +
		"'; form-action " + form + "; base-uri 'none'; frame-ancestors 'none'"
}

var languageNames = map[string]string{"nb": "Bokmål", "nn": "Nynorsk", "en": "English", "se": "Davvisámegiella"}

func languageLinks(realm *realm, at *url.URL, current string) []LanguageLink {
	var links []LanguageLink
	for _, language := range realm.catalog.Languages {
		query := at.Query()
		query.Set("ui_locales", language)
		links = append(links, LanguageLink{
			Language: language, Name: languageNames[language], URL: at.Path + "?" + query.Encode(), Current: language == current,
		})
	}
	return links
}

// language picks the language of pages: ui_locales, then what the browser
// prefers, then the realm's default.
func (p *Provider) language(r *http.Request, realm *realm, locales []string) string {
	preferences := slices.Clone(locales)
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		if tag != "" && len(preferences) < 20 {
			preferences = append(preferences, tag)
		}
	}
	return p.Pages.Language(realm.catalog.Languages, preferences...)
}

// errorPage tells a person what cannot be redirected.
func (p *Provider) errorPage(w http.ResponseWriter, r *http.Request, realm *realm, e *Error) {
	language := p.language(r, realm, words(r.URL.Query().Get("ui_locales")))
	model := ErrorPage{Code: e.Code, Description: e.Description, Correlation: newID()}
	p.Log.Info("error page", "realm", realm.name, "error", e.Code, "correlation", model.Correlation)
	status := e.status()
	if status == http.StatusUnauthorized || status == http.StatusForbidden && e.Status == 0 {
		status = http.StatusBadRequest // those are for clients, which are asked to authenticate
	}
	if err := p.page(w, r, realm, status, "error", language, "", model); err != nil {
		p.Log.Error("error page", "cause", err.Error())
		http.Error(w, e.Code, status)
	}
}

func (p *Provider) finalPage(w http.ResponseWriter, r *http.Request, realm *realm, key, language string) error {
	return p.page(w, r, realm, http.StatusOK, "done", language, "", Done{
		Title: p.Pages.Sentence(language, "done."+key+".title"), Text: p.Pages.Sentence(language, "done."+key+".text"),
	})
}
