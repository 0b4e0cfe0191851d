package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// gatherConsent adds what the person agreed to earlier and has not taken back.
func (p *Provider) gatherConsent(ctx context.Context, a *authorization) error {
	if a.person == nil {
		return nil
	}
	remembered, err := p.Store.Remembered(ctx, a.realm.name, a.person.ID, a.client.ID)
	if err != nil {
		return err
	}
	for _, agreement := range remembered {
		agreement.Now = false
		a.facts.Consent.Agreed = append(a.facts.Consent.Agreed, agreement)
	}
	return nil
}

func (p *Provider) setPerson(ctx context.Context, a *authorization, id string) error {
	person, err := p.Store.Person(ctx, a.realm.name, id)
	if err != nil {
		return err
	}
	if person.Disabled {
		return tillit.ErrNotFound
	}
	a.person = person
	return nil
}

// subject is how a person is called towards a client (OIDC Core §8). Pairwise:
// HMAC-SHA-256 under the realm's secret over sector and person; the sector is
// the client's own unless it names one to share.
func (p *Provider) subject(ctx context.Context, realm *realm, c *tillit.Catalog, client *tillit.Client, person *tillit.Person) (tillit.Subject, error) {
	pairwise := len(c.Settings.Subject) > 0 && c.Settings.Subject[0] == "pairwise"
	if client.SubjectType != "" && slices.Contains(c.Settings.Subject, client.SubjectType) {
		pairwise = client.SubjectType == "pairwise"
	}
	if !pairwise {
		return person.Subject, nil
	}
	key, err := p.Secret(ctx, realm.name, "pairwise")
	if err != nil {
		return "", err
	}
	sector := client.SectorIdentifier
	if sector == "" {
		sector = string(client.ID)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(sector + "\x00" + person.ID))
	return tillit.Subject(base64.RawURLEncoding.EncodeToString(mac.Sum(nil))), nil
}

// A hint is an ID Token of ours that a client sent back.
type hint struct {
	jti      string
	subject  tillit.Subject
	audience []string
	sid      string
	expires  int64
}

var errNotOurs = errors.New("not an ID Token of this issuer")

// readHint verifies an ID Token; an expired one may identify, never sign in.
func (p *Provider) readHint(ctx context.Context, realm *realm, text string) (*hint, error) {
	claims, typ, _, err := p.Keys.Verify(ctx, realm.name, text)
	if err != nil || typ != idTokenType {
		return nil, errNotOurs
	}
	var c struct {
		Iss, Sub, Jti, Sid string
		Aud                json.RawMessage
		Exp                int64
	}
	if json.Unmarshal(claims, &c) != nil || c.Iss != realm.issuer || c.Sub == "" {
		return nil, errNotOurs
	}
	return &hint{jti: c.Jti, subject: tillit.Subject(c.Sub), audience: stringOrList(c.Aud), sid: c.Sid, expires: c.Exp}, nil
}

func stringOrList(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	return nil
}

// grantOf gives the id of the grant that a jti of ours belongs to, "" for a
// token without one.
func grantOf(jti string) string {
	id, _, found := strings.Cut(jti, ".")
	if !found {
		return ""
	}
	return id
}

// gatherHint lets an id_token_hint say who is meant and, where the realm says
// so, stand in for the sign-in: a living token of the same client, with the
// original acr and time and no evidence.
func (p *Provider) gatherHint(ctx context.Context, a *authorization) error {
	h := a.hint
	if h == nil {
		return nil
	}
	grant, err := p.Store.Grant(ctx, a.realm.name, grantOf(h.jti))
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return err
	}
	subject := h.subject
	if grant != nil && grant.Person != "" {
		if err := p.setPerson(ctx, a, grant.Person); err != nil && !errors.Is(err, tillit.ErrNotFound) {
			return err
		}
		if a.person != nil {
			if subject, err = p.subject(ctx, a.realm, a.catalog, a.client, a.person); err != nil {
				return err
			}
		}
	}
	if a.ask.Subject != "" && a.ask.Subject != subject {
		return refuse("login_required", "claims and id_token_hint name different people")
	}
	a.ask.Subject = subject
	live := grant != nil && a.person != nil && grant.Revoked == 0 && h.expires > p.now() && slices.Contains(h.audience, string(a.client.ID))
	if a.catalog.Settings.IDTokenHint != "signs_in" || !live || grant.Facts.SignIn == nil {
		a.person = nil
		return nil
	}
	signIn := *grant.Facts.SignIn
	signIn.Fresh, signIn.Hinted, signIn.Evidence, signIn.Subject = false, true, nil, subject
	nonce := a.context.Nonce
	a.facts.SignIn, a.context, a.sid = &signIn, grant.Context, grant.Session
	a.context.Nonce = nonce
	for _, agreement := range grant.Facts.Consent.Agreed {
		if !slices.Contains(grant.Withdrawn, agreement.Item) {
			agreement.Now = true
			a.facts.Consent.Agreed = append(a.facts.Consent.Agreed, agreement)
		}
	}
	return nil
}
