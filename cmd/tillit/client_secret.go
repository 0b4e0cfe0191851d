package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

type clientSecretCommand struct {
	place
	Realm string        `help:"Realm." required:"" env:"TILLIT_REALM"`
	Keep  time.Duration `help:"How long the present secret works beside the new one." default:"24h" env:"TILLIT_KEEP"`
	ID    string        `arg:"" name:"client" help:"Client to give a new secret."`
}

// A renewed secret is shown this once.
type renewed struct {
	ID     tillit.ClientID `json:"client_id"`
	Secret string          `json:"client_secret"`
	Until  int64           `json:"present_secret_until"` // unix seconds; 0: there was none
}

// Run gives a client a new secret. The present one lives on for a while, so that
// the client can change over: two are alive, never more.
func (s *clientSecretCommand) Run(c *console) error {
	if s.Keep < 0 {
		return misused("--keep: right would be a time such as 24h, or 0s")
	}
	p, err := s.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	client, catalog, err := p.client(c, s.Realm, s.ID)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(client.AuthMethod, "client_secret_") {
		return fmt.Errorf("client %s: it authenticates by %s and has no secret", s.ID, client.AuthMethod)
	}
	now := time.Now()
	changed := *client
	result := renewed{ID: client.ID}
	var present []tillit.SecretHash
	if n := len(client.Secrets); n > 0 && s.Keep > 0 {
		kept := client.Secrets[n-1] // the newest
		if until := now.Add(s.Keep).Unix(); kept.Expires == 0 || kept.Expires > until {
			kept.Expires = until
		}
		present, result.Until = []tillit.SecretHash{kept}, kept.Expires
	}
	if result.Secret, err = s.place.giveSecret(c.ctx, catalog.Registry, &changed); err != nil {
		return err
	}
	changed.Secrets = append(present, changed.Secrets...)
	err = p.store.ReplaceClient(c.ctx, catalog.Registry, &changed, &tillit.AuditRecord{Realm: s.Realm, Time: now.Unix(), Event: "client_secret_changed", Client: client.ID})
	if errors.Is(err, tillit.ErrStale) {
		return fmt.Errorf("client %s: somebody changed it at the same time; right would be to try again", s.ID)
	}
	if err != nil {
		return err
	}
	return c.print(result, func(w io.Writer) {
		fmt.Fprintln(w, "client_secret", result.Secret)
		if result.Until != 0 {
			fmt.Fprintln(w, "The present one works until", time.Unix(result.Until, 0).UTC().Format(time.RFC3339)+".")
		}
	})
}

// giveSecret makes a client's secret and notes what is kept of it: its hash, or
// where HMACs are made with it, itself, sealed under the master key.
func (p *place) giveSecret(ctx context.Context, registry string, client *tillit.Client) (string, error) {
	secret, _ := token.NewSecret(token.Client, rand.Reader)
	if client.AuthMethod != "client_secret_jwt" {
		hash, err := token.NewClientSecrets(rand.Reader).HashSecret(secret)
		client.Secrets = []tillit.SecretHash{hash}
		return secret, err
	}
	settings, err := p.settings()
	if err != nil {
		return "", err
	}
	master, err := settings.master(ctx)
	if err != nil {
		return "", err
	}
	sealed, err := token.SealSecret(master, registry, client.ID, secret)
	client.Secrets = []tillit.SecretHash{sealed}
	return secret, err
}

type clientInviteCommand struct {
	place
	Realm   string        `help:"Realm." required:"" env:"TILLIT_REALM"`
	Clients int64         `help:"How many clients may be registered with it." default:"1" env:"TILLIT_CLIENTS"`
	For     time.Duration `help:"How long it works." default:"168h" env:"TILLIT_FOR"`
}

// Run makes an initial access token, with which clients register themselves
// (RFC 7591 §3).
func (i *clientInviteCommand) Run(c *console) error {
	if i.Clients < 1 || i.For <= 0 {
		return misused("--clients and --for: right would be at least one client, and a time such as 168h")
	}
	p, err := i.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	catalog := p.catalogs.Catalog(i.Realm, "")
	if catalog == nil {
		return p.noRealm(i.Realm)
	}
	if !slices.Contains(catalog.Request.Features, "registration") {
		return fmt.Errorf("realm %s: no client registers itself there; right would be registration among the features of its request", i.Realm)
	}
	value, hash := token.NewSecret(token.Initial, rand.Reader)
	until := time.Now().Add(i.For)
	if err := p.store.SaveInitialToken(c.ctx, i.Realm, hash, i.Clients, until.Unix()); err != nil {
		return err
	}
	result := map[string]any{"initial_access_token": value, "clients": i.Clients, "expires": until.Unix()}
	return c.print(result, func(w io.Writer) {
		fmt.Fprintln(w, "initial_access_token", value)
		fmt.Fprintln(w, "It is good until", until.UTC().Format(time.RFC3339)+", is not kept and cannot be shown again.")
	})
}
