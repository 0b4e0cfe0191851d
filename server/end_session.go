package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/tillit/tillit"
)

// A logoutRequest is a request at the end-session endpoint, as it is kept while
// the person is asked.
type logoutRequest struct {
	Redirect string   `json:"redirect,omitempty"` // where to go afterwards, already proven
	State    string   `json:"state,omitempty"`
	SID      string   `json:"sid,omitempty"` // of the hint
	Locales  []string `json:"ui_locales,omitempty"`
	Proven   bool     `json:"proven,omitempty"` // the hint names the session, or its person
}

// endSession serves RP-initiated logout (OIDC RP-Initiated Logout §2), GET and
// POST. It never redirects without proof that the client means this person, and
// asks the person unless the hint matches the session.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request, realm *realm) error {
	sent, err := readAuthorization(r)
	if err != nil {
		return err
	}
	if sent.repeated != "" {
		return refuse("invalid_request", "the parameter %s stands more than once", sent.repeated)
	}
	if r.Method == http.MethodPost && crossSite(r) {
		return p.park(w, r, realm, "logout", sent)
	}
	return p.beginLogout(w, r, realm, sent)
}

func (p *Provider) beginLogout(w http.ResponseWriter, r *http.Request, realm *realm, sent params) error {
	request, client, err := p.readLogout(r, realm, sent)
	if err != nil {
		return err
	}
	language := p.language(r, realm, request.Locales)
	session, err := p.sessionOf(r, realm, browserCookie, accountCookie)
	if err != nil {
		return err
	}
	matches := request.Proven && (session == nil || session.ID == request.SID)
	if matches || session == nil && request.SID == "" && request.Redirect == "" {
		return p.logout(w, r, realm, session, request, language)
	}
	return p.askLogout(w, r, realm, request, client, language)
}

// readLogout finds out who asks and where to go afterwards. A redirect URI
// counts only with a hint, or with a client_id that the person confirms.
func (p *Provider) readLogout(r *http.Request, realm *realm, sent params) (*logoutRequest, tillit.ClientID, error) {
	request := &logoutRequest{State: sent.Get("state"), Locales: words(sent.Get("ui_locales"))}
	client := tillit.ClientID(sent.Get("client_id"))
	if text := sent.Get("id_token_hint"); text != "" {
		h, err := p.readHint(r.Context(), realm, text)
		switch {
		case err != nil && !errors.Is(err, errNotOurs):
			return nil, "", err
		case err != nil || len(h.audience) == 0:
			return nil, "", refuse("invalid_request", "the id_token_hint is not an ID Token of this issuer")
		case client != "" && !slices.Contains(h.audience, string(client)):
			return nil, "", refuse("invalid_request", "the id_token_hint was issued to another client than client_id")
		}
		if request.SID, err = p.sessionOfHint(r.Context(), realm, h); err != nil {
			return nil, "", err
		}
		request.Proven = true
		if client == "" {
			client = tillit.ClientID(h.audience[0])
		}
	}
	if sent.Get("post_logout_redirect_uri") == "" || client == "" && p.on("a redirect after logout wants a client") {
		return request, client, nil
	}
	c, err := p.Store.Client(r.Context(), realm.catalog.Registry, client)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, "", refuse("invalid_client", "the client is not known here")
	}
	if err != nil {
		return nil, "", err
	}
	if !registered(c.PostLogoutRedirectURIs, sent.Get("post_logout_redirect_uri")) {
		return nil, "", refuse("invalid_request", "the post_logout_redirect_uri is not registered for the client")
	}
	request.Redirect = sent.Get("post_logout_redirect_uri")
	return request, client, nil
}

// sessionOfHint gives the session that a hint is of. Realms that keep sid out of
// the ID Token know it by the grant.
func (p *Provider) sessionOfHint(ctx context.Context, realm *realm, h *hint) (string, error) {
	id := grantOf(h.jti)
	if h.sid != "" || id == "" {
		return h.sid, nil
	}
	grant, err := p.Store.Grant(ctx, realm.name, id)
	if errors.Is(err, tillit.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return grant.Session, nil
}

// askLogout keeps the request and sends the browser to its page.
func (p *Provider) askLogout(w http.ResponseWriter, r *http.Request, realm *realm, request *logoutRequest, client tillit.ClientID, language string) error {
	stored, err := json.Marshal(request)
	if err != nil {
		return err
	}
	now := p.now()
	i := &tillit.Interaction{
		Realm: realm.name, ID: newID(), Browser: p.browser(w, r, realm), Purpose: "logout", Client: client, Request: stored,
		Catalog: realm.catalog.Version, Language: language, Created: now, Expires: now + interactionLifetime,
	}
	if err := p.Store.SaveInteraction(r.Context(), i); err != nil {
		return err
	}
	return p.back(w, r, realm, i)
}

// interactLogout shows and takes the page that asks.
func (p *Provider) interactLogout(w http.ResponseWriter, r *http.Request, realm *realm, i *tillit.Interaction) error {
	var request logoutRequest
	if err := json.Unmarshal(i.Request, &request); err != nil {
		return err
	}
	session, err := p.sessionOf(r, realm, browserCookie, accountCookie)
	if err != nil {
		return err
	}
	proven := request.Proven && (session == nil || session.ID == request.SID)
	if r.Method == http.MethodGet && !proven && i.Done == 0 {
		model := Logout{Form: Form{Action: realm.endpoint("/interact/" + i.ID), Step: i.Step}}
		if client, err := p.Store.Client(r.Context(), realm.catalog.Registry, i.Client); err == nil {
			model.Client = p.clientCard(r.Context(), realm.catalog, client, i.Language)
		}
		return p.page(w, r, realm, http.StatusOK, "logout", i.Language, request.Redirect, model)
	}
	if r.Method == http.MethodPost {
		if err := sameSiteForm(r); err != nil {
			return err
		}
		form, err := parseForm(r)
		if err != nil {
			return err
		}
		if step, err := strconv.Atoi(form.Get("step")); err != nil || step != i.Step {
			return p.back(w, r, realm, i)
		}
		if form.Get("action") != "logout" {
			return p.finalPage(w, r, realm, "cancelled", i.Language)
		}
	}
	err = p.Store.FinishInteraction(r.Context(), i, nil, nil, nil, nil)
	if err != nil && !errors.Is(err, tillit.ErrStale) {
		return err
	}
	return p.logout(w, r, realm, session, &request, i.Language)
}

// logout ends the session and what hangs on it; then the browser goes where the
// client may send it, or sees that it is done.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request, realm *realm, session *tillit.Session, request *logoutRequest, language string) error {
	var sessions []string
	if request.Proven && request.SID != "" {
		sessions = append(sessions, request.SID)
	}
	if session != nil && !slices.Contains(sessions, session.ID) {
		sessions = append(sessions, session.ID)
	}
	var frames []string
	for _, sid := range sessions {
		more, err := p.endOne(r.Context(), realm, sid)
		if err != nil {
			return err
		}
		frames = append(frames, more...)
	}
	realm.clearCookie(w, browserCookie)
	realm.clearCookie(w, accountCookie)
	return p.signedOut(w, r, realm, request, frames, language)
}

// endOne ends a session and gives the addresses by which its clients forget it in
// this browser.
func (p *Provider) endOne(ctx context.Context, realm *realm, sid string) ([]string, error) {
	now := p.now()
	record := &tillit.AuditRecord{Realm: realm.name, Time: now, Event: "signed_out"}
	if err := p.Store.EndSession(ctx, realm.name, sid, now, record); err != nil {
		return nil, err
	}
	p.sessionEnded()
	return p.frameAddresses(ctx, realm, sid)
}

// frameSeconds is how long the signed-out page gives clients before the browser
// goes on by itself.
const frameSeconds = "3"

// signedOut sends the browser on, at once where no client has to hear of it here.
func (p *Provider) signedOut(w http.ResponseWriter, r *http.Request, realm *realm, request *logoutRequest, frames []string, language string) error {
	target := request.Redirect
	if target != "" && request.State != "" {
		target = withQuery(target, map[string][]string{"state": {request.State}})
	}
	if target != "" && len(frames) == 0 {
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	model := Done{
		Title: p.Pages.Sentence(language, "done.signed_out.title"), Text: p.Pages.Sentence(language, "done.signed_out.text"), Frames: frames, Link: target,
	}
	if target != "" {
		w.Header().Set("Refresh", frameSeconds+"; url="+target)
	}
	return p.framing(w, r, realm, http.StatusOK, "done", language, "", origins(frames), model)
}
