package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tillit/tillit"
)

// accountClient stands in for a client where a person signs in to their own
// page: it may use every way and gets nothing.
var accountClient = &tillit.Client{ID: "account", Active: true, GrantTypes: []string{"authorization_code"}}

// account serves the person's own page: what each client got, when and why, how to
// take it back, and what the realm lets people change about themselves.
func (p *Provider) account(w http.ResponseWriter, r *http.Request, realm *realm) error {
	if len(realm.catalog.Ways) == 0 {
		return &Error{Code: "not_found", Description: "no person signs in to this realm", Status: http.StatusNotFound}
	}
	session, err := p.accountSession(r, realm)
	if err != nil {
		return err
	}
	if session == nil {
		return p.accountSignIn(w, r, realm)
	}
	if r.Method == http.MethodGet {
		return p.showAccount(w, r, realm, session, r.URL.Query().Get("told"), nil)
	}
	return p.accountForm(w, r, realm, session)
}

// accountSession is the account page's own, or the realm's single sign-on
// session where it keeps one.
func (p *Provider) accountSession(r *http.Request, realm *realm) (*tillit.Session, error) {
	kinds := []string{accountCookie}
	if realm.catalog.Settings.SingleSignOn != nil {
		kinds = append(kinds, browserCookie)
	}
	return p.sessionOf(r, realm, kinds...)
}

// accountSignIn begins an interaction that asks for nothing but the person.
func (p *Provider) accountSignIn(w http.ResponseWriter, r *http.Request, realm *realm) error {
	now := p.now()
	i := &tillit.Interaction{
		Realm: realm.name, ID: newID(), Browser: p.browser(w, r, realm), Purpose: "account", Client: accountClient.ID,
		Request: json.RawMessage("{}"), Ask: accountAsk(), Catalog: realm.catalog.Version,
		Language: p.language(r, realm, words(r.URL.Query().Get("ui_locales"))), Created: now, Expires: now + interactionLifetime,
	}
	if err := p.Store.SaveInteraction(r.Context(), i); err != nil {
		return err
	}
	return p.back(w, r, realm, i)
}

func accountAsk() tillit.Ask {
	return tillit.Ask{Endpoint: tillit.AtAuthorization, ResponseType: "code", Scopes: []tillit.ScopeName{tillit.OpenID}}
}

// openAccount ends that interaction with a session of the account page's own.
func (p *Provider) openAccount(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction) error {
	now := p.now()
	session := &tillit.Session{
		Realm: a.realm.name, Hash: p.newCookie(w, a.realm, accountCookie), ID: a.sid, Person: a.person.ID, SignIn: *a.facts.SignIn,
		Context: a.context, Account: true, Created: now, LastSeen: now, Expires: now + accountLifetime,
	}
	record, err := p.record(r.Context(), a, "signed_in", nil)
	if err != nil {
		return err
	}
	err = p.Store.FinishInteraction(r.Context(), i, nil, nil, nil, record)
	if err != nil && !errors.Is(err, tillit.ErrStale) {
		return err
	}
	if err := p.Store.SaveSession(r.Context(), session, a.realm.cookie(r, accountCookie)); err != nil {
		return err
	}
	chosen := ""
	if i.Language != p.language(r, a.realm, nil) {
		chosen = i.Language
	}
	http.Redirect(w, r, accountAddress(a.realm, "", chosen), http.StatusSeeOther)
	return nil
}

// accountAddress is the account page, telling what was done, in a language that
// the person chose.
func accountAddress(realm *realm, told, language string) string {
	query := url.Values{}
	if told != "" {
		query.Set("told", told)
	}
	if language != "" {
		query.Set("ui_locales", language)
	}
	address := realm.endpoint("/account")
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

func (p *Provider) showAccount(w http.ResponseWriter, r *http.Request, realm *realm, session *tillit.Session, told string, wrong *wrongEdit) error {
	ctx := r.Context()
	language := p.language(r, realm, words(r.URL.Query().Get("ui_locales")))
	person, err := p.Store.Person(ctx, realm.name, session.Person)
	if errors.Is(err, tillit.ErrNotFound) {
		return p.accountSignIn(w, r, realm)
	}
	if err != nil {
		return err
	}
	token, err := p.formToken(ctx, realm, session)
	if err != nil {
		return err
	}
	model := Account{Action: accountAddress(realm, "", r.URL.Query().Get("ui_locales")), Token: token}
	model.Person = p.displayName(ctx, &authorization{realm: realm, catalog: realm.catalog, client: accountClient, person: person, context: session.Context})
	if slices.Contains([]string{"revoked", "withdrawn", "revoked_client", "revoked_all", "ended", "passkey_added", "passkey_removed", "passkey_refused", "edited"}, told) {
		model.Told = p.Pages.Sentence(language, "told."+told)
	}
	if model.Edits, err = p.accountEdits(ctx, realm, person, language, wrong); err != nil {
		return err
	}
	if model.Grants, err = p.accountGrants(ctx, realm, person, language); err != nil {
		return err
	}
	if model.Clients, err = p.accountClients(ctx, realm, person, language); err != nil {
		return err
	}
	if model.SignIns, err = p.accountSignIns(ctx, realm, person, language); err != nil {
		return err
	}
	if model.Passkeys, err = p.accountPasskeys(ctx, realm, session, person, model.Person, language); err != nil {
		return err
	}
	if model.Sessions, err = p.accountSessions(r, realm, session, language); err != nil {
		return err
	}
	return p.page(w, r, realm, http.StatusOK, "account", language, "", model)
}

func (p *Provider) accountGrants(ctx context.Context, realm *realm, person *tillit.Person, language string) ([]AccountGrant, error) {
	grants, err := p.Store.Grants(ctx, realm.name, person.ID, p.now())
	if err != nil {
		return nil, err
	}
	var list []AccountGrant
	for i := range grants {
		g := &grants[i]
		catalog := p.dialect(realm.name, g.Ask.Dialect)
		entry := AccountGrant{ID: g.ID, Client: p.cardOf(ctx, realm, g.Client, language), Created: p.date(language, g.Created)}
		if g.Expires > 0 {
			entry.Expires = p.date(language, g.Expires)
		}
		for _, name := range g.Shape.Scopes {
			entry.Items = append(entry.Items, p.scopeOf(catalog, g, name, language))
		}
		for _, agreement := range g.Facts.Consent.Agreed {
			if catalog.Scope(tillit.ScopeName(agreement.Item)) == nil {
				entry.Items = append(entry.Items, p.claimOf(catalog, g, agreement, language))
			}
		}
		list = append(list, entry)
	}
	return list, nil
}

func (p *Provider) scopeOf(catalog *tillit.Catalog, g *tillit.Grant, name tillit.ScopeName, language string) AccountItem {
	item := AccountItem{Name: string(name), Title: string(name), Withdrawn: contains(g.Withdrawn, string(name))}
	scope := catalog.Scope(name)
	if scope == nil {
		return item
	}
	item.Title, item.Claims = scope.Title.In(language), titles(catalog, received(g, scope.Claims), language)
	for _, agreement := range g.Facts.Consent.Agreed {
		if agreement.Item == string(scope.Name) {
			item.Withdraws = !item.Withdrawn
			item.Why = p.Pages.SentenceWith(language, "why.agreed", map[string]string{"date": p.date(language, agreement.At)})
			return item
		}
	}
	if scope.Eligible == tillit.EligibleAny {
		item.Why = p.Pages.SentenceWith(language, "why.any_client", map[string]string{"realm": catalog.Title.In(language)})
	} else {
		item.Why = p.Pages.Sentence(language, "why.provisioned")
	}
	return item
}

// received leaves the claims that the grant lets out: a scope may name others,
// which this client does not get.
func received(g *tillit.Grant, claims []tillit.ClaimName) []tillit.ClaimName {
	var list []tillit.ClaimName
	for _, name := range claims {
		if slices.ContainsFunc(g.Shape.Claims, func(s tillit.SinkClaims) bool { return slices.Contains(s.Claims, name) }) {
			list = append(list, name)
		}
	}
	return list
}

func (p *Provider) claimOf(catalog *tillit.Catalog, g *tillit.Grant, agreement tillit.Agreement, language string) AccountItem {
	withdrawn := contains(g.Withdrawn, agreement.Item)
	item := AccountItem{
		Name: agreement.Item, Title: agreement.Item, Claims: titles(catalog, agreement.Claims, language), Withdrawn: withdrawn, Withdraws: !withdrawn,
		Why: p.Pages.SentenceWith(language, "why.agreed", map[string]string{"date": p.date(language, agreement.At)}),
	}
	if claim := catalog.Claim(tillit.ClaimName(agreement.Item)); claim != nil {
		item.Title = claim.Title.In(language)
	} else if detail := g.Ask.DetailOf(agreement.Item); detail != nil {
		if t := catalog.DetailType(detail.Type); t != nil {
			item.Title, item.Claims = t.Title.In(language), []string{t.Says(detail).In(language)}
		}
	}
	return item
}

// accountClients lists what is remembered, client by client.
func (p *Provider) accountClients(ctx context.Context, realm *realm, person *tillit.Person, language string) ([]AccountClient, error) {
	remembered, err := p.Store.AllRemembered(ctx, realm.name, person.ID)
	if err != nil {
		return nil, err
	}
	var list []AccountClient
	for _, r := range remembered {
		if len(list) == 0 || list[len(list)-1].Client.ID != string(r.Client) {
			list = append(list, AccountClient{Client: p.cardOf(ctx, realm, r.Client, language)})
		}
		title := r.Agreement.Item
		if scope := realm.catalog.Scope(tillit.ScopeName(title)); scope != nil {
			title = scope.Title.In(language)
		} else if claim := realm.catalog.Claim(tillit.ClaimName(title)); claim != nil {
			title = claim.Title.In(language)
		}
		last := &list[len(list)-1]
		last.Items = append(last.Items, AccountItem{
			Name: r.Agreement.Item, Title: title, Claims: titles(realm.catalog, r.Agreement.Claims, language), Withdraws: true,
			Why: p.Pages.SentenceWith(language, "why.agreed", map[string]string{"date": p.date(language, r.Agreement.At)}),
		})
	}
	return list, nil
}

func (p *Provider) accountSignIns(ctx context.Context, realm *realm, person *tillit.Person, language string) ([]AccountSignIn, error) {
	records, err := p.Store.SignIns(ctx, realm.name, person.ID, 10)
	if err != nil {
		return nil, err
	}
	var list []AccountSignIn
	for i := range records {
		entry := AccountSignIn{Time: p.date(language, records[i].Time), Client: p.cardOf(ctx, realm, records[i].Client, language).Name}
		var view tillit.View
		if json.Unmarshal(records[i].View, &view) == nil {
			if way := realm.catalog.Way(view.Way); way != nil {
				entry.Way = way.Title.In(language)
			}
		}
		list = append(list, entry)
	}
	return list, nil
}

func (p *Provider) cardOf(ctx context.Context, realm *realm, id tillit.ClientID, language string) ClientCard {
	if id == accountClient.ID {
		return ClientCard{ID: string(id), Name: p.Pages.Sentence(language, "account.title")}
	}
	client, err := p.Store.Client(ctx, realm.catalog.Registry, id)
	if err != nil {
		return ClientCard{ID: string(id), Name: string(id)}
	}
	return p.clientCard(ctx, realm.catalog, client, language)
}

func (p *Provider) date(language string, at int64) string {
	return p.Pages.Date(language, time.Unix(at, 0))
}

// accountForm takes something back. The form proves that it is from this session.
func (p *Provider) accountForm(w http.ResponseWriter, r *http.Request, realm *realm, session *tillit.Session) error {
	if err := sameSiteForm(r); err != nil {
		return err
	}
	form, err := parseForm(r)
	if err != nil {
		return err
	}
	ctx, now := r.Context(), p.now()
	want, err := p.formToken(ctx, realm, session)
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(form.Get("token")), []byte(want)) {
		return &Error{Code: "cross_site", Description: "the form is not from this session", Status: http.StatusForbidden}
	}
	action := form.Get("action")
	if action == "logout" {
		return p.logout(w, r, realm, session, &logoutRequest{}, p.language(r, realm, nil))
	}
	if action == "edit" {
		return p.editFromAccount(w, r, realm, session, form)
	}
	if action == "end_session" {
		return p.endFromAccount(w, r, realm, session, form.Get("session"))
	}
	if action == "sign_in_again" {
		return p.accountSignIn(w, r, realm)
	}
	if isPasskeyAction(action) {
		told, err := p.takePasskey(ctx, realm, session, form)
		if err != nil {
			return err
		}
		http.Redirect(w, r, accountAddress(realm, told, r.URL.Query().Get("ui_locales")), http.StatusSeeOther)
		return nil
	}
	record, err := p.withdrawal(ctx, realm, session.Person, action, form)
	if err != nil {
		return err
	}
	told := ""
	switch action {
	case "revoke":
		told, err = "revoked", p.Store.WithdrawGrant(ctx, realm.name, session.Person, form.Get("grant"), now, record)
	case "withdraw":
		told, err = "withdrawn", p.Store.WithdrawItem(ctx, realm.name, session.Person, tillit.ClientID(form.Get("client")), form.Get("item"), now, record)
	case "revoke_client":
		told = "revoked_client"
		if form.Get("client") == "" {
			return refuse("invalid_request", "the field client is missing")
		}
		err = p.Store.WithdrawClient(ctx, realm.name, session.Person, tillit.ClientID(form.Get("client")), now, record)
	case "revoke_all":
		told, err = "revoked_all", p.Store.WithdrawClient(ctx, realm.name, session.Person, "", now, record)
	default:
		return refuse("invalid_request", "the action is not known")
	}
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return err
	}
	http.Redirect(w, r, accountAddress(realm, told, r.URL.Query().Get("ui_locales")), http.StatusSeeOther)
	return nil
}

func (p *Provider) withdrawal(ctx context.Context, realm *realm, person, action string, form params) (*tillit.AuditRecord, error) {
	pseudonym, err := p.Store.Pseudonym(ctx, realm.name, person)
	if err != nil {
		return nil, err
	}
	record := &tillit.AuditRecord{Realm: realm.name, Time: p.now(), Event: "withdrawn", Subject: pseudonym}
	if action == "revoke" {
		record.Grant = form.Get("grant")
	} else if client, err := p.Store.Client(ctx, realm.catalog.Registry, tillit.ClientID(form.Get("client"))); err == nil {
		record.Client = client.ID
	}
	return record, nil
}

// formToken proves that a form was rendered for the session.
func (p *Provider) formToken(ctx context.Context, realm *realm, session *tillit.Session) (string, error) {
	key, err := p.Secret(ctx, realm.name, "account")
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("account form\x00" + realm.name + "\x00"))
	mac.Write(session.Hash)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}
