package wiring

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/operational"
)

// openOperationalStatus is the API that tells how a realm's parts are doing. It
// does not ask whether a token was revoked: the store that knows is one of the
// parts, and its failure is what has to be told.
func (h *House) openOperationalStatus(at mount) (http.Handler, error) {
	at.guard.Revoked = nil
	return operational.New(operational.Config{
		Guard: at.guard, Read: at.scope("read"), Now: h.Now, Log: h.config.Log,
		Parts: func() []operational.Part { return h.parts(at.realm) },
	}), nil
}

// parts are what clients of a realm depend on, and how each is tried: by what it
// does all day, without a person.
func (h *House) parts(realm string) []operational.Part {
	c := h.Catalogs.Catalog(realm, "")
	if c == nil {
		return nil
	}
	parts := []operational.Part{
		{ID: "store", Name: "Store", Try: h.Store.Ready},
		{ID: "token", Name: "Tokens", Try: func(ctx context.Context) error { return h.trySigning(ctx, realm, c.Settings.Algorithms) }},
	}
	for i := range c.Ways {
		way := &c.Ways[i]
		parts = append(parts, operational.Part{ID: strings.ToLower(way.Code), Name: way.Title.In("en"), Try: func(ctx context.Context) error { return h.tryWay(ctx, realm, way) }})
	}
	if len(c.Ways) > 0 {
		parts = append(parts, operational.Part{ID: "userinfo", Name: "UserInfo", Try: func(ctx context.Context) error {
			return h.tryAddress(ctx, "/"+realm+"/userinfo", http.StatusUnauthorized)
		}})
	}
	for i := range c.Servers {
		server := &c.Servers[i]
		if h.services.get(realm, server.Name) != nil {
			parts = append(parts, operational.Part{ID: server.Name, Name: server.Title.In("en"), Try: func(ctx context.Context) error { return h.tryServer(ctx, realm, server) }})
		}
	}
	return parts
}

// trySigning makes a signature with each key that signs now, and checks it.
func (h *House) trySigning(ctx context.Context, realm string, algorithms []string) error {
	for _, algorithm := range algorithms {
		signed, err := h.Keys.Sign(ctx, realm, algorithm, "", []byte(`{}`))
		if err == nil {
			_, _, _, err = h.Keys.Verify(ctx, realm, signed)
		}
		if err != nil {
			return fmt.Errorf("sign with %s: %w", algorithm, err)
		}
	}
	return nil
}

// tryWay looks somebody up as a sign-in does, and asks the authority that issues
// certificates for its own where the way brings one.
func (h *House) tryWay(ctx context.Context, realm string, way *tillit.Way) error {
	if _, err := h.Store.PersonByUsername(ctx, realm, ""); err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return err
	}
	if slices.Contains(way.Evidence, tillit.EvidenceCertificate) {
		_, err := h.PKI.TrustAnchor(ctx, realm)
		return err
	}
	return nil
}

// tryServer asks a resource server what it guards, and whether it has the keys
// to check tokens with; one that says more of itself is asked that too.
func (h *House) tryServer(ctx context.Context, realm string, server *tillit.Server) error {
	s := h.services.get(realm, server.Name)
	if s == nil {
		return errors.New("nothing answers")
	}
	keys, err := s.mount.guard.Keys.Keys(ctx, "")
	if err == nil && len(keys) == 0 {
		err = errors.New("no keys to check tokens with")
	}
	if more, ok := s.handler.(interface{ Ready(context.Context) error }); ok && err == nil {
		err = more.Ready(ctx)
	}
	if err != nil {
		return err
	}
	return h.tryAddress(ctx, s.mount.guard.MetadataPath(), http.StatusOK)
}

// tryAddress sends a request the way every request comes, past the counters.
func (h *House) tryAddress(ctx context.Context, path string, want int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	request.RemoteAddr = "127.0.0.1:0"
	answer := httptest.NewRecorder()
	h.inner.ServeHTTP(answer, request)
	if answer.Code != want {
		return fmt.Errorf("GET %s: %d; want %d", path, answer.Code, want)
	}
	return nil
}

// tend lets services do what they do without being asked.
func (h *House) tend(ctx context.Context) error {
	var failed []error
	h.services.each(func(s *running) {
		if busy, ok := s.handler.(interface{ Tend(context.Context) error }); ok {
			if err := busy.Tend(ctx); err != nil {
				failed = append(failed, err)
			}
		}
	})
	return errors.Join(failed...)
}
