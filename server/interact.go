package server

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/tillit/tillit"
)

// A NeedPage carries out an act that a scope declares, e.g. signing. The
// provider knows no act by name; the wiring connects them (docs/decisions/0004).
type NeedPage interface {
	// Begin prepares the act; it is called each time the page is about to be
	// shown and must be idempotent. A refusal ends the request.
	Begin(ctx context.Context, act *Act) error
	// Page gives the template and model of the page; form is what its form needs.
	Page(ctx context.Context, act *Act, form Form) (template string, model any, err error)
	// Finish reads the form. done is false when the person must see the page
	// again, with the sentence of the key message.
	Finish(ctx context.Context, act *Act, form map[string][]string) (outcome ActOutcome, message string, err error)
}

// A NeedGate is a NeedPage that also looks at the request before anybody signs
// in: what it refuses is refused without a page.
type NeedGate interface {
	// Check says whether the act could be done. It changes nothing; explanations
	// ask it too.
	Check(ctx context.Context, act *Act) error
	// Admit takes the act on: the interaction begins, nobody has signed in. until
	// is when the interaction ends at the latest, 0: as usual.
	Admit(ctx context.Context, act *Act) (until int64, err error)
}

// NeedFiles is a NeedPage whose page shows files, below the form's own address
// and for the browser of the interaction alone.
type NeedFiles interface {
	// File gives a file by its name; tillit.ErrNotFound for none.
	File(ctx context.Context, act *Act, name string) (*File, error)
}

// A File is shown on the page of an act, or downloaded from it.
type File struct {
	Type    string // media type
	Size    int64
	Content io.ReadSeeker
}

// An Act is one need in one interaction.
type Act struct {
	Realm       string
	Interaction string // identifies the act, also across retries
	Client      *tillit.Client
	Card        ClientCard     // how the page calls the client; set when the page is shown
	Person      *tillit.Person // nil before anybody has signed in
	Name        string         // how the page calls the person; as Card
	Scope       tillit.ScopeName
	Detail      *tillit.Detail     // whose type asks for the act; nil where a scope does
	DetailType  *tillit.DetailType // of Detail
	Variant     *tillit.Variant    // of the scope, that the request asked for; nil without one
	Parameters  map[string]string
	SignIn      tillit.SignIn
	Session     string      // sid of the sign-in
	Way         *tillit.Way // signed in by; nil before
	Language    string
	At          int64
}

// An ActOutcome is what an act came to. Values is what expressions read below
// act.
type ActOutcome struct {
	Done   bool // false: declined
	Values json.RawMessage
}

// interact serves the pages of an interaction. A form only names the interaction
// and its step; everything else is read from the row.
func (p *Provider) interact(w http.ResponseWriter, r *http.Request, realm *realm) error {
	ctx := r.Context()
	i, err := p.Store.Interaction(ctx, realm.name, r.PathValue("id"), p.now())
	if errors.Is(err, tillit.ErrNotFound) || err == nil && i.Purpose == pushed {
		return expired()
	}
	if err != nil {
		return err
	}
	if i.Purpose == parked {
		return p.unpark(w, r, realm, i)
	}
	if err := p.ofBrowser(r, realm, i); err != nil {
		return err
	}
	if language := r.URL.Query().Get("ui_locales"); r.Method == http.MethodGet && language != "" && i.Done == 0 {
		i.Language = p.Pages.Language(realm.catalog.Languages, language)
		if err := p.Store.StepInteraction(ctx, i, nil); err != nil && !errors.Is(err, tillit.ErrStale) {
			return err
		}
		return p.back(w, r, realm, i)
	}
	if i.Purpose == "logout" {
		return p.interactLogout(w, r, realm, i)
	}
	a, err := p.resume(ctx, realm, i)
	if errors.Is(err, tillit.ErrNotFound) { // client or person are gone, or switched off
		return expired()
	}
	if err != nil {
		return err
	}
	if i.Done != 0 {
		return p.answerAgain(w, r, a, i)
	}
	if r.Method == http.MethodGet {
		return p.proceed(w, r, a, i)
	}
	return p.interactForm(w, r, a, i)
}

func expired() *Error {
	return &Error{Code: "expired", Description: "this page has expired", Status: http.StatusBadRequest}
}

// ofBrowser refuses whoever is not in the browser that the interaction is in.
func (p *Provider) ofBrowser(r *http.Request, realm *realm, i *tillit.Interaction) error {
	browser := realm.cookie(r, browserCookie)
	if subtle.ConstantTimeCompare(browser, i.Browser) != 1 && p.on("interaction belongs to browser") {
		return &Error{Code: "other_browser", Description: "this page belongs to another browser", Status: http.StatusBadRequest}
	}
	return nil
}

// resume reads an interaction back. What may have changed since is looked up
// again: the client, the catalog, access. A client or person who is gone or
// switched off is tillit.ErrNotFound.
func (p *Provider) resume(ctx context.Context, realm *realm, i *tillit.Interaction) (*authorization, error) {
	a := &authorization{realm: realm, catalog: p.dialect(realm.name, i.Ask.Dialect), ask: i.Ask, facts: i.Facts, context: i.Context}
	if err := json.Unmarshal(i.Request, &a.request); err != nil {
		return nil, err
	}
	a.request.trusted = i.Purpose == "authorize"
	a.sid = a.request.SID
	a.facts.Now = p.now()
	if i.Purpose == "account" {
		a.client = accountClient
		a.catalog = realm.catalog
	} else {
		client, err := p.Store.Client(ctx, realm.catalog.Registry, i.Client)
		if err == nil && !client.Active {
			err = tillit.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		a.client = client
		if err := p.gatherAccess(ctx, realm, a.catalog, client, &a.ask, &a.facts); err != nil {
			return nil, err
		}
	}
	if i.Person != "" {
		if err := p.setPerson(ctx, a, i.Person); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// interactForm takes one form. A stale step changes nothing: the person sees
// where the interaction stands now.
func (p *Provider) interactForm(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction) error {
	if err := sameSiteForm(r); err != nil {
		return err
	}
	form, err := parseForm(r)
	if err != nil {
		return err
	}
	if step, err := strconv.Atoi(form.Get("step")); err != nil || step != i.Step {
		return p.back(w, r, a.realm, i)
	}
	decision := p.decide(r.Context(), a.catalog, a.client, &a.ask, &a.facts)
	if decision.Refused != nil || len(decision.Needs) == 0 {
		return p.proceed(w, r, a, i)
	}
	if form.Get("action") == "cancel" {
		return p.cancel(w, r, a, i, &decision)
	}
	need := &decision.Needs[0]
	switch need.Kind {
	case tillit.NeedSignIn:
		return p.takeSignIn(w, r, a, i, &decision, form)
	case tillit.NeedConsent:
		return p.takeConsent(w, r, a, i, need, form)
	}
	return p.takeAct(w, r, a, i, &decision, form)
}

// sameSiteForm refuses a form that another site's page sent.
func sameSiteForm(r *http.Request) error {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	foreign := origin != "" && !sameOrigin(r)
	if foreign || site == "cross-site" || site == "same-site" {
		return &Error{Code: "cross_site", Description: "the form was sent from another site", Status: http.StatusForbidden}
	}
	return nil
}

// back sends the browser to the interaction's page as it stands now.
func (p *Provider) back(w http.ResponseWriter, r *http.Request, realm *realm, i *tillit.Interaction) error {
	http.Redirect(w, r, realm.endpoint("/interact/"+i.ID), http.StatusSeeOther)
	return nil
}

// step stores what a page brought. When another answer came first, that one
// stands.
func (p *Provider) step(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, record *tillit.AuditRecord) error {
	stored, err := json.Marshal(a.request)
	if err != nil {
		return err
	}
	i.Request, i.Facts, i.Context, i.Ask = stored, a.facts, a.context, a.ask
	i.Facts.Access = nil
	if a.person != nil {
		i.Person = a.person.ID
	}
	err = p.Store.StepInteraction(r.Context(), i, record)
	if err != nil && !errors.Is(err, tillit.ErrStale) {
		return err
	}
	return p.back(w, r, a.realm, i)
}

func (p *Provider) cancel(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, decision *tillit.Decision) error {
	for n := range decision.Needs {
		need := &decision.Needs[n]
		if page := p.Needs[need.Kind]; page != nil {
			if _, _, err := page.Finish(r.Context(), p.act(a, i, need), map[string][]string{"action": {"cancel"}}); err != nil {
				return err
			}
		}
	}
	if i.Purpose == "account" {
		return p.finalPage(w, r, a.realm, "cancelled", i.Language)
	}
	return p.refuseIn(w, r, a, i, refuse("access_denied", "the person cancelled"))
}

// takeSignIn chooses a way, or checks the form of the chosen one.
func (p *Provider) takeSignIn(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, decision *tillit.Decision, form params) error {
	need := decision.Needs[0].SignIn
	switch form.Get("action") {
	case "other":
		a.request.Way, a.request.Hinted, a.request.Named = "", "", ""
		return p.step(w, r, a, i, nil)
	case "somebody_else":
		a.request.Named = ""
		return p.step(w, r, a, i, nil)
	}
	if code := form.Get("idp"); code != "" {
		if !slices.Contains(need.Ways, code) {
			return p.show(w, r, a, i, decision, "refused.not_for_this_way")
		}
		a.request.Way = code
		return p.step(w, r, a, i, nil)
	}
	way := p.chosenWay(a, need)
	if way == nil {
		return p.back(w, r, a.realm, i)
	}
	a.request.Username, a.request.HintTyped = form.Get("username"), false
	values := form.Values
	if named := a.namedFor(way); named != "" {
		values = maps.Clone(values)
		values.Set("username", named)
		a.request.Username = ""
	}
	ask := a.evidence(need)
	if p.Login.ByKey(way) {
		var err error
		if ask.Ceremony, err = p.signInCeremony(r.Context(), a.realm, i); err != nil {
			return err
		}
	}
	outcome, err := p.Login.SignIn(r.Context(), a.realm.name, way, values, ask, p.now())
	var refused *tillit.SignInRefused
	if errors.As(err, &refused) {
		p.metrics().SignInRefused(a.realm.name, refused.Key)
		p.Log.Info("sign-in refused", "realm", a.realm.name, "way", way.Code, "why", refused.Key)
		return p.show(w, r, a, i, decision, "refused."+refused.Key)
	}
	if err != nil {
		return err
	}
	return p.signedIn(w, r, a, i, way, outcome)
}

// evidence is what the request is after of a sign-in; explain asks the same.
func (a *authorization) evidence(need *tillit.SignInNeed) tillit.EvidenceAsk {
	return tillit.EvidenceAsk{Kinds: need.Evidence, Nonce: a.context.Nonce}
}

// signedIn notes who signed in and how, and renews the browser's cookie.
func (p *Provider) signedIn(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, way *tillit.Way, outcome tillit.SignInOutcome) error {
	ctx := r.Context()
	a.keepSession(outcome.Person)
	before, err := p.besides(r, a, outcome.Person)
	if err != nil {
		return err
	}
	if before != nil && a.sid == "" {
		a.sid = before.ID
	}
	if err := p.setPerson(ctx, a, outcome.Person); err != nil {
		return err
	}
	if err := p.noteSignIn(ctx, a, way, outcome, i.Language); err != nil {
		return err
	}
	a.keepApart(before)
	if i.Purpose == "account" {
		return p.openAccount(w, r, a, i)
	}
	if err := p.gatherConsent(ctx, a); err != nil {
		return err
	}
	if err := p.tellTransaction(r, a); err != nil {
		return err
	}
	record, err := p.record(ctx, a, "signed_in", nil)
	if err != nil {
		return err
	}
	if err := p.renewSession(w, r, a, i); err != nil {
		return err
	}
	return p.step(w, r, a, i, record)
}

// keepSession lets who signs in again in a session stay in it, so that signing
// out later ends the grants of before as well; everybody else gets a new one.
// explain does the same.
func (a *authorization) keepSession(person string) {
	if a.catalog.Settings.SingleSignOn == nil || a.person == nil || a.person.ID != person {
		a.sid = ""
	}
}

// noteSignIn turns an outcome into facts; explain does the same.
func (p *Provider) noteSignIn(ctx context.Context, a *authorization, way *tillit.Way, outcome tillit.SignInOutcome, language string) error {
	subject, err := p.subject(ctx, a.realm, a.catalog, a.client, a.person)
	if err != nil {
		return err
	}
	acr := a.catalog.FindACR(outcome.ACR)
	if acr == nil {
		return errors.New("the way " + way.Code + " yielded an acr that the realm does not know")
	}
	a.facts.SignIn = &tillit.SignIn{
		Way: way.Code, ACR: acr.Value, Level: acr.Level, Used: outcome.Used, AuthTime: p.now(),
		Fresh: true, Evidence: outcome.Evidence, Subject: subject,
	}
	a.facts.Consent = tillit.Consent{}
	if a.sid == "" {
		a.sid = newID()
	}
	a.request.SID = a.sid
	values, err := withMembers(outcome.Values, map[string]any{"session": a.sid, "language": language})
	if err != nil {
		return err
	}
	a.context.SignIn = values
	a.context.AMR, a.context.AMRWord = told(way, outcome.Used), way.AMRWord
	return nil
}

// told is what amr says: the way's values and one per factor used (RFC 8176).
func told(way *tillit.Way, used []string) []string {
	list := slices.Clone(way.AMR)
	for _, factor := range used {
		if value := way.Factors[factor]; value != "" && !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list
}

func withMembers(object json.RawMessage, more map[string]any) (json.RawMessage, error) {
	members := map[string]any{}
	if len(object) > 0 {
		if err := json.Unmarshal(object, &members); err != nil {
			return nil, err
		}
	}
	for name, value := range more {
		if value != "" {
			members[name] = value
		}
	}
	return json.Marshal(members)
}

// chosenWay is the way whose form is shown: the only one left, the one chosen on
// the page, or the one a hint chose.
func (p *Provider) chosenWay(a *authorization, need *tillit.SignInNeed) *tillit.Way {
	for _, code := range []string{a.request.Way, a.request.Hinted} {
		if code != "" && slices.Contains(need.Ways, code) {
			return a.catalog.Way(code)
		}
	}
	if len(need.Ways) == 1 {
		return a.catalog.Way(need.Ways[0])
	}
	return nil
}

// takeConsent reads the boxes. What has no box was agreed to by pressing allow.
func (p *Provider) takeConsent(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, need *tillit.Need, form params) error {
	if form.Get("action") != "allow" {
		return p.refuseIn(w, r, a, i, refuse("access_denied", "the person did not agree"))
	}
	ticked := form.Values["consent"]
	a.noteConsent(need, func(item string) bool { return slices.Contains(ticked, item) }, p.now())
	record, err := p.record(r.Context(), a, "consented", nil)
	if err != nil {
		return err
	}
	return p.step(w, r, a, i, record)
}

// noteConsent turns an answered page into facts; explain does the same.
func (a *authorization) noteConsent(need *tillit.Need, agrees func(item string) bool, at int64) {
	consent := &a.facts.Consent
	consent.Asked = true
	for _, item := range need.Items {
		if !item.Required && !agrees(item.Name) {
			consent.Declined = append(consent.Declined, item.Name)
			continue
		}
		consent.Agreed = append(consent.Agreed, tillit.Agreement{
			Item: item.Name, Claims: item.Claims, Text: item.Text, Now: true, At: at,
		})
	}
}

func (p *Provider) act(a *authorization, i *tillit.Interaction, need *tillit.Need) *Act {
	act := &Act{
		Realm: a.realm.name, Interaction: i.ID, Client: a.client, Person: a.person, Scope: need.Scope,
		Parameters: a.ask.Parameters, Session: a.sid, Language: i.Language, At: p.now(),
	}
	if a.facts.SignIn != nil {
		act.SignIn, act.Way = *a.facts.SignIn, a.catalog.Way(a.facts.SignIn.Way)
	}
	if scope := a.catalog.Scope(need.Scope); scope != nil {
		act.Variant = scope.Variant(a.ask.Parameters)
	}
	for n := range a.ask.Details {
		if d := &a.ask.Details[n]; d.Type == need.Detail {
			act.Detail, act.DetailType = d, a.catalog.DetailType(d.Type)
		}
	}
	return act
}

// takeAct hands the form to whoever carries the act out.
func (p *Provider) takeAct(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, decision *tillit.Decision, form params) error {
	need := &decision.Needs[0]
	page := p.Needs[need.Kind]
	if page == nil {
		return p.refuseIn(w, r, a, i, refuse("interaction_required", "what the scope asks for cannot be done here"))
	}
	outcome, message, err := page.Finish(r.Context(), p.act(a, i, need), form.Values)
	if refused, ok := errors.AsType[*Error](err); ok {
		told := *refused // it may be one for all
		return p.refuseIn(w, r, a, i, a.realm.inWords(told.Reason, &told))
	}
	if err != nil {
		return err
	}
	if message != "" {
		return p.show(w, r, a, i, decision, message)
	}
	if a.facts.Acts == nil {
		a.facts.Acts = map[string]bool{}
	}
	a.facts.Acts[string(need.Kind)] = outcome.Done
	if len(outcome.Values) > 0 {
		a.context.Act = outcome.Values
		if err := p.completeDetail(r.Context(), a, need); err != nil {
			return err
		}
	}
	return p.step(w, r, a, i, nil)
}
