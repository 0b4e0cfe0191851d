package server

import (
	"context"
	"crypto/x509"
	"net/url"

	"github.com/tillit/tillit"
)

// Keys signs for a realm and tells its public keys.
type Keys interface {
	// Sign makes a compact JWS of the claims (JSON) with the realm's current key
	// for the algorithm. typ is the header's type, "" for none.
	Sign(ctx context.Context, realm, algorithm, typ string, claims []byte) (string, error)
	// Verify checks a compact JWS of ours against every published key of the
	// realm and gives its claims, header type and algorithm. It does not look
	// at exp.
	Verify(ctx context.Context, realm, jws string) (claims []byte, typ, algorithm string, err error)
	// Decrypt opens a JWE that was encrypted to one of the realm's keys.
	Decrypt(ctx context.Context, realm, jwe string) ([]byte, error)
	// JWKS gives the realm's published public keys as a JWK Set.
	JWKS(ctx context.Context, realm string) ([]byte, error)
}

// Login is how a person proves who they are.
type Login interface {
	// Fields lists the form fields of a way beyond username and password.
	Fields(realm string, way *tillit.Way) []string
	// SignIn checks a form. A refusal is a *tillit.SignInRefused; any other error is our
	// fault. hint fields (login_hint) are not credentials.
	SignIn(ctx context.Context, realm string, way *tillit.Way, form url.Values, ask tillit.EvidenceAsk, at int64) (tillit.SignInOutcome, error)
	// Assume gives what a successful sign-in of the person by the way would come
	// to, without credentials: for explanations alone.
	Assume(ctx context.Context, realm string, way *tillit.Way, username string, ask tillit.EvidenceAsk) (tillit.SignInOutcome, error)
	// ByKey reports whether people sign in by keys in the way, which ask for nothing
	// that is typed.
	ByKey(way *tillit.Way) bool
	// AskKey gives what a page asks of a key (PublicKeyCredentialRequestOptionsJSON);
	// "" where no key works at the page's address.
	AskKey(c tillit.Ceremony) (string, error)
	// OfferKey gives what a page asks of an authenticator that is to make a key for
	// the person, whom it will call by the name; "" as for AskKey.
	OfferKey(ctx context.Context, person *tillit.Person, name string, c tillit.Ceremony) (string, error)
	// NewKey checks the key that was made. A refusal is a *tillit.SignInRefused.
	NewKey(person *tillit.Person, answer string, c tillit.Ceremony) (*tillit.Passkey, error)
	// DemoPeople lists who can sign in with the way, in dev only; else nothing.
	DemoPeople(realm string, way *tillit.Way) []tillit.DemoPerson
}

// Sources gives the roots that expressions read about a person.
type Sources interface {
	// Values gives the named roots ("person" and the realm's sources), asked
	// only for what was granted. A source that fails and whose realm says
	// on_error: deny is an error.
	Values(ctx context.Context, catalog *tillit.Catalog, person *tillit.Person, roots []string) (map[string]any, error)
}

// Catalogs gives the catalogs of the present snapshot.
type Catalogs interface {
	// Catalog gives a dialect of a realm, "" for the realm's own; nil when there
	// is none.
	Catalog(realm, dialect string) *tillit.Catalog
	// Realms lists the realms' names, in order.
	Realms() []string
}

// Organizations judge the certificates that organizations sign with.
type Organizations interface {
	// OrganizationOf gives the number of the organization whose certificate stands
	// first in the chain. One that is not valid now, or was revoked, is
	// tillit.ErrNotTrusted.
	OrganizationOf(ctx context.Context, realm string, chain []*x509.Certificate) (number string, err error)
}
