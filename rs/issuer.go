package rs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxDocument  = 1 << 20 // bytes of metadata, a key set or an introspection
	maxKeys      = 100
	fetchTimeout = 10 * time.Second
)

// discovery is what is read of an issuer's metadata.
type discovery struct {
	Issuer        string `json:"issuer"`
	JWKSURI       string `json:"jwks_uri"`
	Introspection string `json:"introspection_endpoint"`
}

// issuerMetadata fetches an issuer's metadata, by the name of OIDC Discovery §4
// and, where there is none, by that of RFC 8414 §3.
func issuerMetadata(ctx context.Context, client *http.Client, issuer string) (*discovery, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("issuer %q is no address", issuer)
	}
	var d discovery
	err = get(ctx, client, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", &d)
	if errors.Is(err, errNotThere) {
		path := strings.TrimSuffix(u.EscapedPath(), "/")
		err = get(ctx, client, u.Scheme+"://"+u.Host+"/.well-known/oauth-authorization-server"+path, &d)
	}
	if err != nil {
		return nil, err
	}
	if d.Issuer != issuer {
		return nil, fmt.Errorf("metadata of %s names issuer %q", issuer, d.Issuer)
	}
	return &d, nil
}

// issuerKeys fetches the keys an issuer signs with.
func issuerKeys(ctx context.Context, client *http.Client, issuer string) ([]jose.JSONWebKey, error) {
	d, err := issuerMetadata(ctx, client, issuer)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(issuer, "https:") && !strings.HasPrefix(d.JWKSURI, "https:") {
		return nil, fmt.Errorf("jwks_uri of %s is not https", issuer)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := get(ctx, client, d.JWKSURI, &set); err != nil {
		return nil, err
	}
	var keys []jose.JSONWebKey
	for _, text := range set.Keys {
		var key jose.JSONWebKey
		// A key of a type we do not know is skipped (RFC 7517 §5).
		if err := json.Unmarshal(text, &key); err != nil || !key.IsPublic() || key.Use == "enc" {
			continue
		}
		if keys = append(keys, key); len(keys) == maxKeys {
			break
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no usable key", d.JWKSURI)
	}
	return keys, nil
}

var errNotThere = errors.New("no such document")

func get(ctx context.Context, client *http.Client, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return fmt.Errorf("%s: %w", address, errNotThere)
	default:
		return fmt.Errorf("%s answers %d", address, answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}

var plainClient = &http.Client{
	Timeout:       fetchTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func clientOr(client *http.Client) *http.Client {
	if client != nil {
		return client
	}
	return plainClient
}
