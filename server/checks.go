package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tillit/tillit"
)

// checks run in this order on every authorization request. The order is
// normative: until the redirect URI has passed, errors are shown to the person
// and never redirected.
var checks = []struct {
	name string
	run  func(*Provider, *http.Request, *authorization) error
}{
	{"a pushed request is read", (*Provider).readPushed},
	{"parameters that decide where to answer stand once", trustedOnce},
	{"client is known", knownClient},
	{"a request object is read", (*Provider).readRequestObject},
	{"redirect_uri is registered", registeredRedirect},
	{"redirect_uri suits the profile", profileRedirect},
	{"response_mode is known", knownResponseMode},
	{"parameters stand once", parametersOnce},
	{"no request object", noRequestObject},
	{"the request was pushed", profilePushed},
	{"dialect is known", knownDialect},
	{"response_type is supported", supportedResponseType},
	{"PKCE is present", pkcePresent},
	{"state and nonce are present", requiredPresent},
	{"prompt is consistent", promptConsistent},
	{"max_age is a number", maxAgeNumber},
	{"scope is well formed", scopeSyntax},
	{"claims is well formed", claimsSyntax},
	{"resource is a URI", resourceSyntax},
	{"authorization_details is well formed", detailsSyntax},
	{"private values come privately", privateValues},
	{"hints are read", readHints},
}

// check runs every check; the first that fails is told.
func (p *Provider) check(r *http.Request, a *authorization) error {
	a.ask.Endpoint = tillit.AtAuthorization
	for i := range checks {
		if !p.on(checks[i].name) {
			continue
		}
		if err := checks[i].run(p, r, a); err != nil {
			return err
		}
	}
	return nil
}

func trustedOnce(_ *Provider, _ *http.Request, a *authorization) error {
	if name := a.params.repeated; name == "client_id" || name == "redirect_uri" {
		return refuse("invalid_request", "the parameter %s stands more than once", name)
	}
	return nil
}

func knownClient(p *Provider, r *http.Request, a *authorization) error {
	id := a.params.Get("client_id")
	if id == "" {
		return refuse("invalid_request", "the parameter client_id is missing")
	}
	client, err := p.Store.Client(r.Context(), a.realm.catalog.Registry, tillit.ClientID(id))
	if errors.Is(err, tillit.ErrNotFound) || err == nil && (!client.Active || a.realm.catalog.ClientType(client.Type) == nil) {
		return refuse("invalid_client", "the client is not known here")
	}
	if err != nil {
		return err
	}
	if client.Dialect != "" {
		a.catalog = p.dialect(a.realm.name, client.Dialect)
		a.ask.Dialect = client.Dialect
	}
	a.client = client
	return nil
}

// registeredRedirect compares exactly; only the port of a loopback address is
// free (RFC 8252 §7.3, RFC 9700 §2.1).
func registeredRedirect(p *Provider, _ *http.Request, a *authorization) error {
	uri := a.params.Get("redirect_uri")
	if uri == "" {
		return refuse("invalid_request", "the parameter redirect_uri is missing")
	}
	if !registered(a.client.RedirectURIs, uri) && p.on("redirect_uri is one of the client's") {
		return refuse("invalid_request", "the redirect_uri is not registered for the client")
	}
	if !a.client.MayUse("authorization_code") && !a.client.MayUse("implicit") {
		return refuse("unauthorized_client", "the client may not use the authorization endpoint")
	}
	a.request.RedirectURI, a.request.trusted = uri, true
	a.request.State = a.params.Get("state")
	a.request.ResponseMode = defaultMode(sortedWords(a.params.Get("response_type")))
	return nil
}

func registered(uris []string, uri string) bool {
	return slices.ContainsFunc(uris, func(known string) bool { return known == uri || sameLoopback(known, uri) })
}

// loopbacks begin the addresses whose port is free.
var loopbacks = []string{"http://127.0.0.1", "http://[::1]", "http://localhost"}

// sameLoopback compares two loopback URIs letter by letter, but for the port. It
// does not parse them: two texts that a parser takes for the same are not.
func sameLoopback(known, uri string) bool {
	for _, host := range loopbacks {
		registered, ok1 := strings.CutPrefix(known, host)
		asked, ok2 := strings.CutPrefix(uri, host)
		if !ok1 || !ok2 {
			continue
		}
		want, ok1 := cutPort(registered)
		got, ok2 := cutPort(asked)
		if ok1 && ok2 && want == got {
			return true
		}
	}
	return false
}

// cutPort takes a port off the front, and reports whether a path, a query or
// nothing follows.
func cutPort(s string) (rest string, ok bool) {
	if after, found := strings.CutPrefix(s, ":"); found {
		digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
		if n, err := strconv.ParseUint(after[:digits], 10, 16); err != nil || n == 0 {
			return "", false
		}
		s = after[digits:]
	}
	return s, s == "" || s[0] == '/' || s[0] == '?'
}

// responseModes lists the modes this provider answers in.
var responseModes = []string{"query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"}

func knownResponseMode(_ *Provider, _ *http.Request, a *authorization) error {
	mode := a.params.Get("response_mode")
	if mode == "" {
		return nil
	}
	if !slices.Contains(responseModes, mode) || len(a.client.ResponseModes) > 0 && !slices.Contains(a.client.ResponseModes, mode) {
		return refuse("invalid_request", "the response_mode is not supported; right would be %s", strings.Join(responseModes, ", "))
	}
	if tokens := defaultMode(sortedWords(a.params.Get("response_type"))) == "fragment"; tokens && strings.HasPrefix(mode, "query") {
		return refuse("invalid_request", "tokens never go into the query: response_mode must be fragment or form_post")
	}
	a.request.ResponseMode = mode
	return nil
}

func parametersOnce(_ *Provider, _ *http.Request, a *authorization) error {
	if a.params.repeated != "" {
		return refuse("invalid_request", "the parameter %s stands more than once", a.params.repeated)
	}
	return nil
}

func noRequestObject(_ *Provider, _ *http.Request, a *authorization) error {
	switch {
	case a.params.Get("request") != "":
		return refuse("request_not_supported", "request objects are not supported")
	case a.params.Get("request_uri") != "":
		return refuse("request_uri_not_supported", "request objects by reference are not supported")
	case a.params.Get("registration") != "":
		return refuse("registration_not_supported", "the parameter registration is not supported")
	}
	return nil
}

// knownDialect lets a request pick the dialect, where the realm names a
// parameter for it.
func knownDialect(p *Provider, _ *http.Request, a *authorization) error {
	name := a.catalog.Request.Dialect
	if name == "" || a.params.Get(name) == "" {
		return nil
	}
	catalog := p.Catalogs.Catalog(a.realm.name, a.params.Get(name))
	if catalog == nil {
		return refuse("invalid_request", "the parameter %s names no version that is spoken here", name)
	}
	a.catalog, a.ask.Dialect = catalog, a.params.Get(name)
	return nil
}

// responseTypes lists the response types this provider answers.
var responseTypes = []string{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}

func supportedResponseType(_ *Provider, _ *http.Request, a *authorization) error {
	wanted := sortedWords(a.params.Get("response_type"))
	switch {
	case wanted == "":
		return refuse("invalid_request", "the parameter response_type is missing")
	case !slices.Contains(responseTypes, wanted):
		return refuse("unsupported_response_type", "the response_type is not supported; right would be %s", strings.Join(responseTypes, ", "))
	case !slices.ContainsFunc(a.client.Answers(), func(s string) bool { return sortedWords(s) == wanted }):
		return refuse("unauthorized_client", "the client is not registered for this response_type")
	}
	a.ask.ResponseType = wanted
	return nil
}

var challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// pkcePresent admits S256 alone: a missing method would mean plain (RFC 7636
// §4.3), which RFC 9700 §2.1.1 rules out.
func pkcePresent(_ *Provider, _ *http.Request, a *authorization) error {
	challenge, method := a.params.Get("code_challenge"), a.params.Get("code_challenge_method")
	if challenge == "" && method == "" && !a.ask.Answers("code") {
		return nil // nothing to redeem
	}
	if challenge == "" && method == "" {
		if a.client.Public() || a.client.FAPI2() || slices.Contains(a.catalog.Request.Require, "pkce") && !a.client.PKCEOptional {
			return refuse("invalid_request", "PKCE is required: code_challenge and code_challenge_method=S256")
		}
		return nil
	}
	if method != "S256" {
		return refuse("invalid_request", "code_challenge_method must be S256")
	}
	if !challengePattern.MatchString(challenge) {
		return refuse("invalid_request", "code_challenge must be 43 characters of base64url without padding")
	}
	a.request.Challenge = challenge
	return nil
}

func requiredPresent(_ *Provider, _ *http.Request, a *authorization) error {
	for _, name := range []string{"state", "nonce"} {
		if slices.Contains(a.catalog.Request.Require, name) && a.params.Get(name) == "" {
			return refuse("invalid_request", "the parameter %s is missing", name)
		}
	}
	if a.params.Get("nonce") == "" && a.ask.Answers("id_token") { // Core §3.2.2.1, §3.3.2.11
		return refuse("invalid_request", "the parameter nonce is missing; an ID Token from the authorization endpoint needs one")
	}
	a.request.Nonce = a.params.Get("nonce")
	a.context.Nonce = a.request.Nonce
	return nil
}

// prompts lists the values of prompt that have a meaning here; others are
// ignored (OIDC Core §3.1.2.1).
var prompts = []string{"none", "login", "consent", "select_account"}

func promptConsistent(_ *Provider, _ *http.Request, a *authorization) error {
	for _, value := range words(a.params.Get("prompt")) {
		if slices.Contains(prompts, value) && !slices.Contains(a.ask.Prompt, value) {
			a.ask.Prompt = append(a.ask.Prompt, value)
		}
	}
	if len(a.ask.Prompt) > 1 && a.ask.Prompts("none") {
		return refuse("invalid_request", "prompt=none excludes every other value")
	}
	return nil
}

func maxAgeNumber(_ *Provider, _ *http.Request, a *authorization) error {
	text := a.params.Get("max_age")
	if text == "" {
		return nil
	}
	age, err := strconv.ParseInt(text, 10, 64)
	if err != nil || age < 0 {
		return refuse("invalid_request", "max_age must be a number of seconds, 0 or more")
	}
	a.ask.MaxAge = &age
	return nil
}

func scopeSyntax(_ *Provider, _ *http.Request, a *authorization) error {
	scopes, err := tillit.ParseScopes(a.params.Get("scope"), a.catalog.Settings.ScopeLetters)
	if err != nil {
		return fromSyntax("invalid_scope", err)
	}
	if len(scopes) > 100 {
		return refuse("invalid_scope", "too many scopes")
	}
	a.ask.Scopes = scopes
	a.ask.ACRValues = words(a.params.Get("acr_values"))
	a.ask.Languages = words(a.params.Get("claims_locales"))
	a.request.UILocales = words(a.params.Get("ui_locales"))
	if feature(a.catalog, "dpop") {
		a.context.JKT = a.params.Get("dpop_jkt")
	}
	for _, name := range a.catalog.Parameters() {
		if value := a.params.Get(name); value != "" {
			if a.ask.Parameters == nil {
				a.ask.Parameters = map[string]string{}
			}
			a.ask.Parameters[name] = value
		}
	}
	return nil
}

func claimsSyntax(_ *Provider, _ *http.Request, a *authorization) error {
	text := a.params.Get("claims")
	if text == "" {
		return nil
	}
	claims, err := tillit.ParseClaims(text)
	if err != nil {
		return fromSyntax("invalid_request", err)
	}
	a.ask.Claims = claims
	for _, entry := range claims.IDToken {
		if entry.Name != "sub" || len(entry.Values) == 0 {
			continue
		}
		var sub string
		if json.Unmarshal(entry.Values[0], &sub) != nil {
			return refuse("invalid_request", "claims.id_token.sub.value must be a string")
		}
		a.ask.Subject = tillit.Subject(sub)
	}
	return nil
}

func resourceSyntax(_ *Provider, _ *http.Request, a *authorization) error {
	resources, err := readResources(a.params)
	a.ask.Resources = resources
	return err
}

func readResources(p params) ([]string, error) {
	var list []string
	for _, value := range p.Values["resource"] {
		if value == "" {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || !u.IsAbs() || strings.Contains(value, "#") || len(list) >= 20 {
			return nil, refuse("invalid_target", "a resource must be an absolute URI without fragment, at most 20")
		}
		if !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list, nil
}

func detailsSyntax(_ *Provider, _ *http.Request, a *authorization) error {
	text := a.params.Get("authorization_details")
	if text == "" {
		return nil
	}
	details, err := tillit.ParseDetails(text)
	if err != nil {
		return fromSyntax("invalid_authorization_details", err)
	}
	a.ask.Details = details
	return nil
}

// privateValues refuses a login_hint that holds a value the realm calls private,
// unless it was pushed or encrypted: queries end up in histories and logs.
func privateValues(_ *Provider, _ *http.Request, a *authorization) error {
	hint := a.params.Get("login_hint")
	if hint == "" || a.ask.Pushed || a.sealed || len(a.catalog.Request.Private) == 0 {
		return nil
	}
	if tells(a.catalog, hint) {
		return refuse("invalid_request", "the login_hint holds a private value: push the request, or encrypt it")
	}
	return nil
}

// readHints never refuses for a login_hint: it is advice. An id_token_hint must
// be ours (OIDC Core §3.1.2.1).
func readHints(p *Provider, r *http.Request, a *authorization) error {
	hint := readLoginHint(a.catalog, a.params.Get("login_hint"))
	a.request.Hinted, a.request.Named, a.request.Username, a.request.HintTyped = hint.way, hint.named, hint.typed, hint.typed != ""
	if code := a.catalog.Request.IDPHint; code != "" && a.catalog.Way(a.params.Get(code)) != nil {
		a.request.Hinted = a.params.Get(code)
	}
	text := a.params.Get("id_token_hint")
	if text == "" {
		return nil
	}
	h, err := p.readHint(r.Context(), a.realm, text)
	if err != nil {
		return refuse("invalid_request", "the id_token_hint is not an ID Token of this issuer")
	}
	a.hint = h
	return nil
}
