package login

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/tillit/tillit"
)

// passkeyMethod signs people in by a key that only they can use (WebAuthn). The
// key says who it is: nobody types a name, and there is nothing to guess.
const passkeyMethod = "passkey"

// passkeyField is where the page's script puts what the key answered.
const passkeyField = "passkey"

// maxAnswer bounds what a key answers, in bytes.
const maxAnswer = 16 << 10

// Keys of refusals, see [tillit.SignInRefused].
const (
	passkeyMissing = "passkey_missing"
	passkeyRefused = "passkey_refused"
)

// Passkeys keeps people's keys.
type Passkeys interface {
	// Person gives a person by the internal id.
	Person(ctx context.Context, realm, id string) (*tillit.Person, error)
	// Passkey gives a key by its credential id.
	Passkey(ctx context.Context, realm string, id []byte) (*tillit.Passkey, error)
	// Passkeys lists a person's keys.
	Passkeys(ctx context.Context, realm, person string) ([]tillit.Passkey, error)
	// UsePasskey notes a signature; tillit.ErrStale for a count that does not rise.
	UsePasskey(ctx context.Context, realm string, id []byte, count int64, flags byte, at int64) error
}

// passkey is a key, and the PIN, finger or face that its holder unlocks it with.
// Its sign-in is [Book.signInByKey]; beside that it is found as a password is.
type passkey struct{ password }

func (passkey) fields(*tillit.Way) []string  { return nil }
func (passkey) factors(*tillit.Way) []string { return multiple([]string{"key", "user"}) }

func (passkey) missing(_ *tillit.Way, form url.Values) bool { return lacks(form, passkeyField) }

func (passkey) proves(*Book, claimant, *tillit.Way, url.Values) bool { return false }

// ByKey reports whether people sign in by keys in this way.
func (b *Book) ByKey(way *tillit.Way) bool { return way.Method == passkeyMethod }

// AskKey gives what a page asks of a key at sign-in, as
// PublicKeyCredentialRequestOptionsJSON; "" where the page's address has no name,
// which keys need.
func (b *Book) AskKey(c tillit.Ceremony) (string, error) {
	party, err := relyingParty(c)
	if party == nil || err != nil {
		return "", err
	}
	asked, _, err := party.BeginDiscoverableLogin(webauthn.WithChallenge(c.Challenge))
	if err != nil {
		return "", fmt.Errorf("ask for a passkey: %w", err)
	}
	text, err := json.Marshal(asked.Response)
	return string(text), err
}

// signInByKey checks what a key answered. The person is whoever the key belongs
// to. Every refusal reads alike.
func (b *Book) signInByKey(ctx context.Context, realm string, m passkey, way *tillit.Way, form url.Values, ask tillit.EvidenceAsk, at int64) (tillit.SignInOutcome, error) {
	person, err := b.keyHolder(ctx, realm, form.Get(passkeyField), ask.Ceremony, at)
	if errors.Is(err, tillit.ErrNotFound) || errors.Is(err, tillit.ErrStale) || errors.Is(err, errAnswer) {
		return tillit.SignInOutcome{}, &tillit.SignInRefused{Key: passkeyRefused}
	}
	if err != nil {
		return tillit.SignInOutcome{}, fmt.Errorf("sign-in by passkey in realm %s: %w", realm, err)
	}
	c, err := b.claimant(realm, person)
	if err != nil {
		return tillit.SignInOutcome{}, err
	}
	return b.outcome(ctx, realm, m, c, way, ask, b.Certificates)
}

// errAnswer is an answer that is not what it should be.
var errAnswer = errors.New("the answer of the key is not right")

// keyHolder gives whose key answered, and notes that it did.
func (b *Book) keyHolder(ctx context.Context, realm, answer string, c tillit.Ceremony, at int64) (*tillit.Person, error) {
	party, err := relyingParty(c)
	if party == nil || err != nil {
		return nil, errors.Join(err, errAnswer)
	}
	_, session, err := party.BeginDiscoverableLogin(webauthn.WithChallenge(c.Challenge))
	if err != nil {
		return nil, err
	}
	if len(answer) > maxAnswer {
		return nil, errAnswer
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return nil, errAnswer
	}
	key, err := b.Passkeys.Passkey(ctx, realm, parsed.RawID)
	if err != nil {
		return nil, err
	}
	person, err := b.Passkeys.Person(ctx, realm, key.Person)
	if err != nil {
		return nil, err
	}
	if person.Disabled {
		return nil, errAnswer
	}
	holder := holder{person: person, keys: []tillit.Passkey{*key}}
	_, used, err := party.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return holder, nil }, *session, parsed)
	if err != nil || used.Authenticator.CloneWarning {
		return nil, errAnswer
	}
	return person, b.Passkeys.UsePasskey(ctx, realm, key.ID, int64(used.Authenticator.SignCount), byte(used.Flags.ProtocolValue()), at)
}

// OfferKey gives what a page asks of an authenticator that is to make a key for
// the person, as PublicKeyCredentialCreationOptionsJSON; "" as for [Book.AskKey].
func (b *Book) OfferKey(ctx context.Context, person *tillit.Person, name string, c tillit.Ceremony) (string, error) {
	party, err := relyingParty(c)
	if party == nil || err != nil {
		return "", err
	}
	keys, err := b.Passkeys.Passkeys(ctx, person.Realm, person.ID)
	if err != nil {
		return "", err
	}
	offered, _, err := party.BeginRegistration(holder{person, name, keys}, begins(c, keys)...)
	if err != nil {
		return "", fmt.Errorf("offer a passkey: %w", err)
	}
	text, err := json.Marshal(offered.Response)
	return string(text), err
}

// NewKey checks a key that was made for the person and gives it as it is stored.
// An answer that is not right is a *tillit.SignInRefused.
func (b *Book) NewKey(person *tillit.Person, answer string, c tillit.Ceremony) (*tillit.Passkey, error) {
	refused := &tillit.SignInRefused{Key: passkeyRefused}
	party, err := relyingParty(c)
	if err != nil {
		return nil, err
	}
	if party == nil || len(answer) > maxAnswer {
		return nil, refused
	}
	user := holder{person: person}
	_, session, err := party.BeginRegistration(user, begins(c, nil)...)
	if err != nil {
		return nil, fmt.Errorf("new passkey: %w", err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return nil, refused
	}
	made, err := party.CreateCredential(user, *session, parsed)
	if err != nil {
		return nil, refused
	}
	return &tillit.Passkey{
		Realm: person.Realm, ID: made.ID, Person: person.ID, Key: made.PublicKey,
		Flags: byte(made.Flags.ProtocolValue()), Count: int64(made.Authenticator.SignCount),
	}, nil
}

func begins(c tillit.Ceremony, keys []tillit.Passkey) []webauthn.RegistrationOption {
	return []webauthn.RegistrationOption{
		func(o *protocol.PublicKeyCredentialCreationOptions) error {
			o.Challenge = c.Challenge
			return nil
		},
		webauthn.WithExclusions(webauthn.Credentials(holder{keys: keys}.WebAuthnCredentials()).CredentialDescriptors()),
	}
}

// relyingParty is the page's host, with its origin alone; nil for an address that
// is a number. Keys must be kept where they can be found without a name, and be
// unlocked by their holder. Extensions are neither asked for nor read.
func relyingParty(c tillit.Ceremony) (*webauthn.WebAuthn, error) {
	origin, err := url.Parse(c.Origin)
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	if net.ParseIP(origin.Hostname()) != nil {
		return nil, nil
	}
	return webauthn.New(&webauthn.Config{
		RPID: origin.Hostname(), RPDisplayName: c.Title, RPOrigins: []string{c.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
}

// A holder is a person as the library sees one.
type holder struct {
	person *tillit.Person
	name   string // what the authenticator shows
	keys   []tillit.Passkey
}

// WebAuthnID tells people apart and says nothing of them.
func (h holder) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("passkey\x00" + h.person.Realm + "\x00" + h.person.ID))
	return sum[:]
}

// WebAuthnName is what people sign in with otherwise.
func (h holder) WebAuthnName() string { return h.person.Username }

// WebAuthnDisplayName is what the authenticator calls the person.
func (h holder) WebAuthnDisplayName() string { return h.name }

// WebAuthnCredentials are the person's keys.
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	list := make([]webauthn.Credential, 0, len(h.keys))
	for i := range h.keys {
		k := &h.keys[i]
		list = append(list, webauthn.Credential{
			ID: k.ID, PublicKey: k.Key, Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(k.Flags)),
			Authenticator: webauthn.Authenticator{SignCount: uint32(k.Count)},
		})
	}
	return list
}
