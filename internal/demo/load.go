package demo

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"github.com/tillit/tillit"
)

// Password is the password of every demo person.
const Password = "skogen-er-dyp"

// redirectURIs are those of every demo client with a redirect URI. Both are
// loopback addresses, so any port will do (RFC 8252 §7.3).
var redirectURIs = []string{"http://127.0.0.1/callback", "http://localhost/callback"}

// The last two are the playground's.
var postLogoutRedirectURIs = []string{
	"http://localhost/signed-out", "http://127.0.0.1/signed-out",
	"http://localhost/dev/signed-out", "http://127.0.0.1/dev/signed-out",
}

// subjects is the name space of the demo people's subject identifiers, which
// are the same in every data directory.
var subjects = uuid.MustParse("6d0b6b8e-6a55-4d0c-9a5e-3f0f1c2a7e51")

// Store is what the loader needs of a store.
type Store interface {
	Client(ctx context.Context, registry string, id tillit.ClientID) (*tillit.Client, error)
	Person(ctx context.Context, realm, id string) (*tillit.Person, error)
	PutClient(ctx context.Context, registry string, client *tillit.Client) error
	PutPerson(ctx context.Context, person *tillit.Person) error
	PutOrganization(ctx context.Context, registry string, organization tillit.Organization) error
	PutDelegation(ctx context.Context, d *tillit.Delegation, given bool, record *tillit.AuditRecord) error
	PutCompletion(ctx context.Context, c *tillit.Completion, record *tillit.AuditRecord) error
	BeginAccess(ctx context.Context, registry string, scope tillit.ScopeName, organization string) error
}

// Catalogs gives the catalog of a realm, nil when dev does not serve the realm.
type Catalogs interface {
	Catalog(realm, dialect string) *tillit.Catalog
}

// Config is what Load needs.
type Config struct {
	Data     []Data
	Store    Store
	Catalogs Catalogs
	// Seed makes the client secrets: at least 16 bytes that belong to the data
	// directory and are as secret as its signing keys.
	Seed []byte
	// Key gives the private key of a client that signs, the same each time.
	// Certificate gives the key of an organization's certificate with its chain,
	// leaf first.
	Certificate func(ctx context.Context, realm, number, name string) (crypto.Signer, []*x509.Certificate, error)
	Key         func(ctx context.Context, registry string, id tillit.ClientID, algorithm string) (crypto.Signer, error)
	// HashPassword makes the stored form (a PHC string) of the one password.
	HashPassword func(password string) (string, error)
}

// Loaded is what stands in the store after Load, with what only dev may tell.
type Loaded struct{ Realms []LoadedRealm }

// LoadedRealm is the demo data of one realm as it was stored.
type LoadedRealm struct {
	Name          string
	Catalog       *tillit.Catalog
	Notes         map[string]string // for scopes that want one
	Organizations []tillit.Organization
	Clients       []LoadedClient
	Servers       []LoadedServer
	Delegations   []Delegation
	People        []Person
	Stored        []tillit.Person // the rows of People, in the same order
}

// LoadedClient is a client with its secret in clear.
type LoadedClient struct {
	*tillit.Client
	Secret string              // "" for a client without one
	Keys   *jose.JSONWebKeySet // private keys of a client that signs; nil: none
}

// LoadedServer is a resource server with its credentials.
type LoadedServer struct {
	Server *tillit.Server
	LoadedClient
}

// Load writes the demo data of every realm that has a catalog. Doing it again on
// a kept store changes nothing: clients follow the catalog, people who are there
// already keep what they changed.
func Load(ctx context.Context, c Config) (*Loaded, error) {
	if len(c.Seed) < 16 {
		return nil, fmt.Errorf("demo data: seed of %d bytes; right would be at least 16", len(c.Seed))
	}
	password, err := c.HashPassword(Password)
	if err != nil {
		return nil, fmt.Errorf("demo data: password: %w", err)
	}
	loaded := new(Loaded)
	for _, data := range c.Data {
		catalog := c.Catalogs.Catalog(data.Realm, "")
		if catalog == nil {
			continue
		}
		realm, err := load(ctx, c, catalog, data, password)
		if err != nil {
			return nil, fmt.Errorf("demo data of realm %s: %w", data.Realm, err)
		}
		loaded.Realms = append(loaded.Realms, realm)
	}
	return loaded, nil
}

func load(ctx context.Context, c Config, catalog *tillit.Catalog, data Data, password string) (LoadedRealm, error) {
	realm := LoadedRealm{Name: data.Realm, Catalog: catalog, Notes: data.Notes, Delegations: data.Delegations, People: data.People}
	var err error
	if realm.Organizations, err = loadOrganizations(ctx, c.Store, catalog, data); err != nil {
		return realm, err
	}
	if realm.Clients, err = loadClients(ctx, c, catalog, data); err != nil {
		return realm, err
	}
	if realm.Servers, err = loadServers(ctx, c, catalog, data); err != nil {
		return realm, err
	}
	if err := loadGiven(ctx, c.Store, catalog, data); err != nil {
		return realm, err
	}
	for _, p := range data.People {
		stored, err := loadPerson(ctx, c.Store, data.Realm, p, password)
		if err != nil {
			return realm, fmt.Errorf("person %s: %w", p.Username, err)
		}
		realm.Stored = append(realm.Stored, *stored)
	}
	return realm, nil
}

// loadOrganizations stores the catalog's organizations and those of the data,
// and whom the owners of scopes let in.
func loadOrganizations(ctx context.Context, store Store, catalog *tillit.Catalog, data Data) ([]tillit.Organization, error) {
	all := slices.Clone(catalog.Organizations)
	for _, o := range data.Organizations {
		all = append(all, tillit.Organization{Number: o.Number, Title: o.Title, Prefixes: o.Prefixes})
	}
	for _, o := range all {
		if err := store.PutOrganization(ctx, catalog.Registry, o); err != nil {
			return nil, fmt.Errorf("organization %s: %w", o.Number, err)
		}
	}
	for _, access := range []map[tillit.ScopeName][]string{catalog.Access, data.Access} {
		for scope, numbers := range access {
			for _, number := range numbers {
				if err := store.BeginAccess(ctx, catalog.Registry, scope, number); err != nil {
					return nil, fmt.Errorf("access to %s: %w", scope, err)
				}
			}
		}
	}
	return all, nil
}

func loadClients(ctx context.Context, c Config, catalog *tillit.Catalog, data Data) ([]LoadedClient, error) {
	ids := make([]tillit.ClientID, 0, len(data.Clients))
	for id := range data.Clients {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	list := make([]LoadedClient, 0, len(ids))
	for _, id := range ids {
		client, err := register(catalog, id, data.Clients[id], data.Notes)
		if err != nil {
			return nil, fmt.Errorf("client %s: %w", id, err)
		}
		loaded, err := putClient(ctx, c, catalog.Realm, catalog.Registry, data.Clients[id].Keys, client)
		if err != nil {
			return nil, fmt.Errorf("client %s: %w", id, err)
		}
		list = append(list, loaded)
	}
	return list, nil
}

// register makes the client that the data describes.
func register(catalog *tillit.Catalog, id tillit.ClientID, d Client, notes map[string]string) (*tillit.Client, error) {
	if catalog.ClientType(d.Type) == nil {
		return nil, fmt.Errorf("type: no client type %q in realm %s", d.Type, catalog.Realm)
	}
	names, err := scopes(catalog, d)
	if err != nil {
		return nil, err
	}
	provided, err := provisions(catalog, names, notes)
	if err != nil {
		return nil, err
	}
	client := &tillit.Client{
		ID: id, Active: true, Name: d.Title, Type: d.Type, Application: d.Application,
		Organization: d.Organization, AuthMethod: d.Auth, GrantTypes: d.GrantTypes,
		Scopes: provided, Claims: claims(catalog, names, d.AllClaimsBut), Placements: d.Placements,
		Dialect: d.Dialect, SubjectType: d.SubjectType, SectorIdentifier: d.Sector,
	}
	if client.Application == "" {
		client.Application = "web"
	}
	if client.SubjectType == "" && len(catalog.Settings.Subject) > 0 {
		client.SubjectType = catalog.Settings.Subject[0]
	}
	if client.MayUse("authorization_code") || client.MayUse("implicit") {
		client.ResponseTypes = d.ResponseTypes
		if len(client.ResponseTypes) == 0 {
			client.ResponseTypes = []string{"code"}
		}
		client.RedirectURIs, client.PostLogoutRedirectURIs = redirectURIs, postLogoutRedirectURIs
		if len(d.RedirectURIs) > 0 {
			client.RedirectURIs = d.RedirectURIs
		}
		if len(d.PostLogoutRedirectURIs) > 0 {
			client.PostLogoutRedirectURIs = d.PostLogoutRedirectURIs
		}
	}
	return client, nil
}

func loadServers(ctx context.Context, c Config, catalog *tillit.Catalog, data Data) ([]LoadedServer, error) {
	list := make([]LoadedServer, 0, len(data.ResourceServers))
	for _, d := range data.ResourceServers {
		server := catalog.Server(d.ID)
		if server == nil {
			return nil, fmt.Errorf("resource server %s: the realm has no server of that name", d.ID)
		}
		loaded, err := putClient(ctx, c, catalog.Realm, catalog.Registry, "", &tillit.Client{
			ID: d.ClientID, Active: true, Name: server.Title, Type: d.Type, Application: "web",
			Organization: d.Organization, AuthMethod: "client_secret_basic", Server: d.ID,
		})
		if err != nil {
			return nil, fmt.Errorf("resource server %s: %w", d.ID, err)
		}
		list = append(list, LoadedServer{Server: server, LoadedClient: loaded})
	}
	return list, nil
}

// byCertificate stands for the algorithm of a client that signs with the
// certificate of its organization.
const byCertificate = "certificate"

// putClient gives the client its secret and stores it unless it stands there as
// it should, so that a restart leaves its revision alone.
func putClient(ctx context.Context, c Config, realm, registry, algorithm string, client *tillit.Client) (LoadedClient, error) {
	loaded := LoadedClient{Client: client}
	switch {
	case client.Public():
	case algorithm == byCertificate:
		if err := loaded.addCertificate(ctx, c, realm, client.Name.In("nb")); err != nil {
			return loaded, err
		}
	case algorithm != "":
		if err := loaded.addKey(ctx, c, registry, algorithm); err != nil {
			return loaded, err
		}
	default:
		loaded.Secret = secret(c.Seed, registry, client.ID)
		digest := sha256.Sum256([]byte(loaded.Secret))
		client.Secrets = []tillit.SecretHash{{Method: "sha256", Hash: base64.RawURLEncoding.EncodeToString(digest[:])}}
	}
	stored, err := c.Store.Client(ctx, registry, client.ID)
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return loaded, err
	}
	if err == nil && same(stored, client) {
		return loaded, nil
	}
	return loaded, c.Store.PutClient(ctx, registry, client)
}

func same(a, b *tillit.Client) bool {
	x, err := json.Marshal(a)
	if err != nil {
		return false
	}
	y, err := json.Marshal(b)
	return err == nil && bytes.Equal(x, y)
}

// secret derives a client's secret: 256 bits, nothing anyone chose.
func secret(seed []byte, registry string, id tillit.ClientID) string {
	mac := hmac.New(sha256.New, seed)
	mac.Write([]byte("demo client secret\x00" + registry + "\x00" + string(id)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// loadPerson stores a person who is not there yet, and gives the row.
func loadPerson(ctx context.Context, store Store, realm string, p Person, password string) (*tillit.Person, error) {
	id := personID(realm, p.Username)
	there, err := store.Person(ctx, realm, id)
	if err == nil || !errors.Is(err, tillit.ErrNotFound) {
		return there, err
	}
	person, err := row(realm, p, password)
	if err != nil {
		return nil, err
	}
	return person, store.PutPerson(ctx, person)
}

// personID is the id of the person of that user name, the same in every store.
func personID(realm, username string) string {
	return uuid.NewSHA1(subjects, []byte("person\x00"+realm+"\x00"+username)).String()
}

// row makes the row of a person.
func row(realm string, p Person, password string) (*tillit.Person, error) {
	attributes := make(map[string]any, len(p.Attributes)+3)
	for name, value := range p.Attributes {
		attributes[name] = value
	}
	attributes["display_name"], attributes["sign_in"] = p.Name, p.SignIn
	text, err := json.Marshal(attributes)
	if err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	person := &tillit.Person{
		Realm: realm, ID: personID(realm, p.Username), Username: p.Username, Password: password, Attributes: text,
		Subject: tillit.Subject(uuid.NewSHA1(subjects, []byte("subject\x00"+realm+"\x00"+p.Username)).String()),
	}
	for _, at := range p.Updated {
		person.Updated = max(person.Updated, at)
	}
	return person, nil
}

// addCertificate gives the client the certificate of its organization: nothing to
// the registration, key and chain to the fixtures.
func (l *LoadedClient) addCertificate(ctx context.Context, c Config, realm string, name string) error {
	signer, chain, err := c.Certificate(ctx, realm, l.Organization, name)
	if err != nil {
		return fmt.Errorf("certificate of client %s: %w", l.ID, err)
	}
	l.Keys = &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: signer, Certificates: chain, Algorithm: "RS256", Use: "sig"}}}
	return nil
}

// addKey gives the client its key: the public half to the registration, the
// private half to the fixtures.
func (l *LoadedClient) addKey(ctx context.Context, c Config, registry, algorithm string) error {
	signer, err := c.Key(ctx, registry, l.ID, algorithm)
	if err != nil {
		return fmt.Errorf("key of client %s: %w", l.ID, err)
	}
	private := jose.JSONWebKey{Key: signer, KeyID: string(l.ID), Algorithm: algorithm, Use: "sig"}
	public, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}})
	if err != nil {
		return fmt.Errorf("key of client %s: %w", l.ID, err)
	}
	l.JWKS, l.Keys = string(public), &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private}}
	return nil
}
