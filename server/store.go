package server

import (
	"context"
	"encoding/json"

	"github.com/tillit/tillit"
)

// Store is what the provider needs kept. Every verb is atomic, takes the realm
// (or registry) first, and has committed durably when it returns nil. Verbs that
// issue take the audit record along: one commit per token request. Times are
// unix seconds and always arguments.
//
// Errors are tillit.ErrNotFound, ErrSpent, ErrStale and ErrBusy, wrapped.
type Store interface {
	// Client gives a prepared client, tillit.ErrNotFound for an unknown one. Clients
	// are cached by revision.
	Client(ctx context.Context, registry string, id tillit.ClientID) (*tillit.Client, error)
	// FreshClient gives the same as it stands in the store now, never from memory.
	FreshClient(ctx context.Context, registry string, id tillit.ClientID) (*tillit.Client, error)
	// InitialToken is tillit.ErrNotFound for a token with which no client may be
	// registered at the instant.
	InitialToken(ctx context.Context, realm string, hash []byte, at int64) error
	// RegisterClient uses an initial token once and stores a new client with who
	// may change it. A token used up or expired is ErrSpent.
	RegisterClient(ctx context.Context, registry string, client *tillit.Client, registration *tillit.Registration, initial []byte, record *tillit.AuditRecord) error
	// Registration says who may change a client that registered itself in the realm.
	Registration(ctx context.Context, registry, realm string, client tillit.ClientID) (*tillit.Registration, error)
	// ReplaceClient stores a client that is still at its revision, else ErrStale.
	ReplaceClient(ctx context.Context, registry string, client *tillit.Client, record *tillit.AuditRecord) error
	// RemoveRegistered removes a client and who may change it.
	RemoveRegistered(ctx context.Context, registry string, id tillit.ClientID, record *tillit.AuditRecord) error
	// Organization gives who is behind a client; ErrNotFound where nobody is known.
	Organization(ctx context.Context, registry, number string) (*tillit.Organization, error)
	// Access gives those of the scopes that the organization was let in to.
	Access(ctx context.Context, registry, organization string, scopes []tillit.ScopeName) ([]tillit.ScopeName, error)

	// Delegated gives those of the scopes that the consumer lets the supplier use.
	Delegated(ctx context.Context, registry, source, consumer, supplier string, scopes []tillit.ScopeName) ([]tillit.ScopeName, error)
	// Completion gives what a source adds to an authorization detail, expired or
	// not; ErrNotFound where nothing does.
	Completion(ctx context.Context, registry, source, organization, key string) (*tillit.Completion, error)

	Person(ctx context.Context, realm, id string) (*tillit.Person, error)
	// Passkeys lists the keys that a person signs in with.
	Passkeys(ctx context.Context, realm, person string) ([]tillit.Passkey, error)
	// AddPasskey stores a key; ErrConflict for a credential id that is there already.
	AddPasskey(ctx context.Context, k *tillit.Passkey, record *tillit.AuditRecord) error
	// RemovePasskey removes a person's key; ErrNotFound for another's.
	RemovePasskey(ctx context.Context, realm, person string, id []byte, record *tillit.AuditRecord) error
	PersonBySubject(ctx context.Context, realm string, subject tillit.Subject) (*tillit.Person, error)
	// ChangeAttributes replaces a person's attributes if they are still those the
	// person was read with, else ErrStale.
	ChangeAttributes(ctx context.Context, p *tillit.Person, attributes json.RawMessage, record *tillit.AuditRecord) error

	// SaveInteraction inserts a new interaction (Step 0).
	SaveInteraction(ctx context.Context, i *tillit.Interaction) error
	// Interaction gives an interaction that is not expired at the instant.
	Interaction(ctx context.Context, realm, id string, at int64) (*tillit.Interaction, error)
	// StepInteraction stores the interaction if the stored step is still the
	// one it was read with (i.Step), and raises it; else ErrStale.
	StepInteraction(ctx context.Context, i *tillit.Interaction, record *tillit.AuditRecord) error
	// FinishInteraction ends an interaction (if its step is i.Step and it is
	// open, else ErrStale) and stores, in one commit, the code that answers it
	// (nil: none), the grant of tokens issued at once (nil: none), what the
	// person agreed to that is remembered, and the record.
	FinishInteraction(ctx context.Context, i *tillit.Interaction, code *tillit.Code, grant *tillit.Grant, remembered []tillit.Remembered, record *tillit.AuditRecord) error
	// MoveBrowser gives every open interaction of one browser cookie to another:
	// the cookie changes at sign-in.
	MoveBrowser(ctx context.Context, realm string, from, to []byte) error

	// SaveSession inserts a session and, when old is not nil, ends that one in
	// the same commit (the cookie is renewed at sign-in and step-up). When old is
	// another person's, it ends as in EndSession.
	SaveSession(ctx context.Context, s *tillit.Session, old []byte) error
	// Session gives a session that is neither ended nor expired at the instant.
	Session(ctx context.Context, realm string, hash []byte, at int64) (*tillit.Session, error)
	// TouchSession notes that the session was used.
	TouchSession(ctx context.Context, realm string, hash []byte, at, expires int64) error
	// EndSession ends the session and revokes its grants that do not outlive it
	// (Shape.Offline). Its clients are then to be told, each once.
	EndSession(ctx context.Context, realm, sid string, at int64, record *tillit.AuditRecord) error
	// Sessions lists a person's living sessions, the one used last first.
	Sessions(ctx context.Context, realm, person string, at int64) ([]tillit.Session, error)
	// SessionClients lists the clients that took part in a session, ended or not.
	SessionClients(ctx context.Context, realm, sid string) ([]tillit.ClientID, error)
	// TakeLogouts gives clients that are to be told now, to nobody else until the
	// instant lease.
	TakeLogouts(ctx context.Context, at, lease int64, limit int) ([]tillit.Logout, error)
	// DelayLogout lets one be taken again at the instant due.
	DelayLogout(ctx context.Context, l tillit.Logout, due int64) error
	// LogoutDone ends one: told, or given up.
	LogoutDone(ctx context.Context, l tillit.Logout, at int64) error

	// Code gives a code by its hash, spent or not, with its grant.
	Code(ctx context.Context, realm string, hash []byte) (*tillit.Code, error)
	// RedeemCode spends the code in one conditional statement and stores the
	// grant, its first refresh token (nil: none), its opaque access token (nil:
	// none) and the record. A code spent before, or expired at the instant, is
	// ErrSpent and changes nothing.
	RedeemCode(ctx context.Context, code *tillit.Code, grant *tillit.Grant, refresh *tillit.Refresh, opaque *tillit.OpaqueToken, record *tillit.AuditRecord) error

	// Grant gives a grant, revoked or not. What it refers to is shared with others
	// that read it.
	Grant(ctx context.Context, realm, id string) (*tillit.Grant, error)
	// RevokeGrant ends a grant and all its tokens. Doing it twice is no error.
	RevokeGrant(ctx context.Context, realm, id string, at int64, record *tillit.AuditRecord) error

	// Refresh gives a refresh token by its hash, spent or not.
	Refresh(ctx context.Context, realm string, hash []byte) (*tillit.Refresh, error)
	// Rotate spends a refresh token in one conditional statement, stores its
	// successor (nil: the token is used again and only its expiry moves), the
	// opaque token and the record. Spent before: ErrSpent.
	Rotate(ctx context.Context, old *tillit.Refresh, next *tillit.Refresh, opaque *tillit.OpaqueToken, grant *tillit.Grant, record *tillit.AuditRecord) error
	// Replace is Rotate within the grace window: it stores another successor of
	// a spent token if the one it had is still unused, and spends that one, so
	// that one refresh token never becomes two living lines. Used: ErrSpent.
	Replace(ctx context.Context, old *tillit.Refresh, next *tillit.Refresh, opaque *tillit.OpaqueToken, record *tillit.AuditRecord) error

	// SaveToken stores what a token without a person leaves: its grant (nil: it
	// rests on the client alone), the opaque token (nil for a JWT) and the record.
	SaveToken(ctx context.Context, grant *tillit.Grant, opaque *tillit.OpaqueToken, record *tillit.AuditRecord) error
	OpaqueToken(ctx context.Context, realm string, hash []byte) (*tillit.OpaqueToken, error)
	// RevokeToken ends one access token by its jti until it expires.
	RevokeToken(ctx context.Context, realm, jti string, expires int64, record *tillit.AuditRecord) error
	TokenRevoked(ctx context.Context, realm, jti string) (bool, error)
	// GrantOfToken is Grant for the access token of that jti; one that was taken
	// back by itself is ErrNotFound.
	GrantOfToken(ctx context.Context, realm, id, jti string) (*tillit.Grant, error)

	// Spend uses something single-use up until the instant until: the jti of an
	// assertion or proof. Within it, a second time is ErrSpent.
	Spend(ctx context.Context, realm, kind string, key []byte, at, until int64) error

	// Remembered gives what a person agreed to for a client and has not taken back.
	Remembered(ctx context.Context, realm, person string, client tillit.ClientID) ([]tillit.Agreement, error)
	// AllRemembered gives it for every client, in the order of clients.
	AllRemembered(ctx context.Context, realm, person string) ([]tillit.Remembered, error)
	// Grants lists a person's living grants, newest first.
	Grants(ctx context.Context, realm, person string, at int64) ([]tillit.Grant, error)
	// WithdrawItem takes one item back from a client: the remembered consent is
	// forgotten and the living grants note it in Withdrawn.
	WithdrawItem(ctx context.Context, realm, person string, client tillit.ClientID, item string, at int64, record *tillit.AuditRecord) error
	// WithdrawGrant revokes one grant and forgets the consent it rests on.
	WithdrawGrant(ctx context.Context, realm, person, grant string, at int64, record *tillit.AuditRecord) error
	// WithdrawClient revokes every grant of the client ("": of every client) and
	// forgets every consent it has.
	WithdrawClient(ctx context.Context, realm, person string, client tillit.ClientID, at int64, record *tillit.AuditRecord) error
	// SignIns lists a person's last sign-ins, newest first, as audit records.
	SignIns(ctx context.Context, realm, person string, limit int) ([]tillit.AuditRecord, error)

	// Record appends to the audit chain.
	Record(ctx context.Context, record *tillit.AuditRecord) error
	// AuditByJTI gives the record that was written with a token.
	AuditByJTI(ctx context.Context, realm, jti string) (*tillit.AuditRecord, error)
	// Pseudonym gives the realm's pseudonym of a person in audit records, making
	// one at first use.
	Pseudonym(ctx context.Context, realm, person string) (string, error)
	// Ready reports whether the store can be read and written.
	Ready(ctx context.Context) error
}
