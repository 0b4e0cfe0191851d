package login

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/tillit/tillit"
)

// Keys of refusals, see [tillit.SignInRefused].
const (
	wrongCredentials = "wrong_credentials"
	throttled        = "throttled"
	fieldMissing     = "field_missing"
	notForThisWay    = "not_for_this_way"
)

// A Directory knows the people of every realm.
type Directory interface {
	// PersonByUsername gives a person, or an error that is tillit.ErrNotFound.
	PersonByUsername(ctx context.Context, realm, username string) (*tillit.Person, error)
}

// Config is what a [Book] is made of.
type Config struct {
	Directory Directory
	Attempts  Attempts
	Hasher    *Hasher
	Random    io.Reader
	// Test reports whether the realm's environment is test. Nil: none is.
	Test func(realm string) bool
	// Certificates issues a person's certificate for ways that bring one. Nil:
	// only what the directory says of certificates is told.
	Certificates Certificates
	// ByNumber finds a person by national number, for ways where that is what
	// people type. Nil: user names only.
	ByNumber func(ctx context.Context, realm, number string) (*tillit.Person, error)
	// Passkeys keeps people's keys. Nil: there is no such method.
	Passkeys Passkeys
	// Demo lists who is offered on the sign-in page, in dev. Nil: nobody.
	Demo func(realm string) []Demo
}

// Certificates tells of a person's sign-in certificate, making one at first
// need.
type Certificates interface {
	// PersonFacts gives what expressions read below sign_in.certificate. A revoked
	// certificate is a *tillit.SignInRefused.
	PersonFacts(ctx context.Context, realm string, person *tillit.Person) (map[string]any, error)
	Prover
}

// A Prover lets a person sign.
type Prover interface {
	// PersonProof gives what expressions read below sign_in.proof: the person's
	// signature over a request's nonce, with all it takes to check it.
	PersonProof(ctx context.Context, realm string, person *tillit.Person, nonce string) (map[string]any, error)
}

// A Book knows every method and carries out a sign-in.
type Book struct {
	Config
	methods    map[string]method
	confirming chan struct{} // who confirms waits for the one before: who signs in is not kept waiting by many
}

// A method is what a way's Method names.
type method interface {
	// testOnly methods play what in production is somebody else's.
	testOnly() bool
	// brings reports whether the method can bring a certificate.
	brings() bool
	// fields lists the form fields beyond username and password.
	fields(way *tillit.Way) []string
	// find gives who the name stands for, or tillit.ErrNotFound.
	find(ctx context.Context, b *Book, realm, name string) (*tillit.Person, error)
	// missing reports whether the form lacks something that the method wants.
	missing(way *tillit.Way, form url.Values) bool
	// factors lists what a person who succeeds has used.
	factors(way *tillit.Way) []string
	// proves reports whether the form proves that the person is there. An
	// unknown person costs as much as a known one.
	proves(b *Book, c claimant, way *tillit.Way, form url.Values) bool
}

// New makes a Book.
func New(config Config) *Book {
	methods := map[string]method{
		"password":   password{},
		"test-eid":   testEID{},
		"email-code": emailCode{},
	}
	if config.Passkeys != nil {
		methods[passkeyMethod] = passkey{}
	}
	return &Book{Config: config, confirming: make(chan struct{}, 1), methods: methods}
}

// Fields lists the form fields of a way beyond username and password.
func (b *Book) Fields(realm string, way *tillit.Way) []string {
	m, err := b.method(realm, way)
	if err != nil {
		return nil
	}
	return m.fields(way)
}

// SignIn checks a form at the instant (unix seconds). A refusal is a
// *tillit.SignInRefused; any other error is our fault.
func (b *Book) SignIn(ctx context.Context, realm string, way *tillit.Way, form url.Values, ask tillit.EvidenceAsk, at int64) (tillit.SignInOutcome, error) {
	m, err := b.method(realm, way)
	if err != nil {
		return tillit.SignInOutcome{}, err
	}
	key, byKey := m.(passkey)
	switch missing := m.missing(way, form); {
	case missing && byKey:
		return tillit.SignInOutcome{}, &tillit.SignInRefused{Key: passkeyMissing}
	case missing:
		return tillit.SignInOutcome{}, &tillit.SignInRefused{Key: fieldMissing}
	case byKey:
		return b.signInByKey(ctx, realm, key, way, form, ask, at)
	}
	person, err := m.find(ctx, b, realm, name(form))
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return tillit.SignInOutcome{}, fmt.Errorf("find a person of realm %s: %w", realm, err)
	}
	c, err := b.claimant(realm, person)
	if err != nil {
		return tillit.SignInOutcome{}, err
	}
	if err := b.prove(ctx, realm, m, c, way, form, at); err != nil {
		return tillit.SignInOutcome{}, err
	}
	// Only who has proved to be the person learns which ways that person has.
	if !c.has(way.Code) {
		return tillit.SignInOutcome{}, &tillit.SignInRefused{Key: notForThisWay}
	}
	return b.outcome(ctx, realm, m, c, way, ask, b.Certificates)
}

// prove checks the form unless the name was tried too often. All of it holds a
// slot of the hasher, so that parallel guesses pass the limit by no more than
// the slots.
func (b *Book) prove(ctx context.Context, realm string, m method, c claimant, way *tillit.Way, form url.Values, at int64) error {
	if err := b.Hasher.enter(ctx); err != nil {
		return err
	}
	defer b.Hasher.leave()
	gate := gate{b.Attempts, realm, attemptKind, attemptKey(c, name(form))}
	failed, err := gate.open(ctx, at)
	if err != nil {
		return err
	}
	if !m.proves(b, c, way, form) || c.person == nil || c.person.Disabled {
		return gate.fail(ctx, at)
	}
	return gate.clear(ctx, failed)
}

// outcome tells what the sign-in found out, and adds the evidence that is asked
// for.
func (b *Book) outcome(ctx context.Context, realm string, m method, c claimant, way *tillit.Way, ask tillit.EvidenceAsk, prover Prover) (tillit.SignInOutcome, error) {
	values, err := b.values(ctx, realm, m, c, way)
	if err != nil {
		return tillit.SignInOutcome{}, err
	}
	delete(values, tillit.EvidenceProof) // nobody's directory can say what was signed just now
	if m.brings() && prover != nil && slices.Contains(ask.Kinds, tillit.EvidenceProof) && slices.Contains(way.Evidence, tillit.EvidenceProof) {
		if values[tillit.EvidenceProof], err = prover.PersonProof(ctx, realm, c.person, ask.Nonce); err != nil {
			return tillit.SignInOutcome{}, fmt.Errorf("proof by person %s of realm %s: %w", c.person.ID, realm, err)
		}
	}
	out := tillit.SignInOutcome{Person: c.person.ID, ACR: c.acr(way), Used: m.factors(way)}
	if out.Values, err = encode(values); err != nil {
		return tillit.SignInOutcome{}, fmt.Errorf("sign-in of realm %s: %w", realm, err)
	}
	for _, kind := range way.Evidence {
		if _, there := values[kind]; there {
			out.Evidence = append(out.Evidence, kind)
		}
	}
	return out, nil
}

// method gives the method of a way if the realm may have it.
func (b *Book) method(realm string, way *tillit.Way) (method, error) {
	m := b.methods[way.Method]
	if m == nil {
		return nil, fmt.Errorf("sign_in.%s.method of realm %s: no method %q; right would be one of %v", way.Code, realm, way.Method, b.Methods())
	}
	if (m.testOnly() || way.TestOnly) && !b.test(realm) {
		return nil, fmt.Errorf("sign_in.%s of realm %s: %s exists in test realms only", way.Code, realm, way.Method)
	}
	return m, nil
}

// Methods lists the methods a realm's ways can name, in order.
func (b *Book) Methods() []string {
	names := make([]string, 0, len(b.methods))
	for name := range b.methods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (b *Book) test(realm string) bool { return b.Test != nil && b.Test(realm) }
