package wiring

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/aml"
	"github.com/tillit/tillit/token"
)

// monitors are what a server's clients may have watched; nil where the realm names
// no scope for it.
func (h *House) monitors(at mount, registry string) (*aml.Monitors, error) {
	people, organizations := at.scope("watch_people"), at.scope("watch_organizations")
	if people == "" && organizations == "" {
		return nil, nil
	}
	settings := at.server.Service.Settings
	templates, err := readTemplates(settings["templates"])
	if err != nil {
		return nil, err
	}
	most, mostWatched := int64(10), int64(10_000)
	for word, bound := range map[string]*int64{"monitors": &most, "watched": &mostWatched} {
		if said := settings[word]; said != "" {
			if *bound, err = strconv.ParseInt(said, 10, 32); err != nil || *bound < 1 {
				return nil, fmt.Errorf("setting %s: %q; right would be how many there may be", word, said)
			}
		}
	}
	return &aml.Monitors{
		Store: h.Store, Vault: &vault{house: h, realm: at.realm}, Realm: at.realm, Server: at.server.Name,
		WatchPeople: people, WatchOrganizations: organizations, Templates: templates, Guarded: strings.Fields(settings["guarded"]),
		Most: most, MostWatched: mostWatched, Admits: h.Fetch.Admits, Nudge: func() { nudge(h.watching) }, NewID: uuid.NewString, Now: h.Now,
		Permitted: func(ctx context.Context, client tillit.ClientID, scope string) (bool, error) {
			known, err := h.Store.Client(ctx, registry, client)
			if err != nil {
				return false, err
			}
			has := scope == "" || slices.ContainsFunc(known.Scopes, func(p tillit.Provision) bool { return string(p.Scope) == scope })
			return known.Active && has, nil
		},
		Post: func(ctx context.Context, address string, header http.Header, body []byte) error {
			_, err := h.Fetch.Post(ctx, address, header, body)
			return err
		},
	}, nil
}

// readTemplates reads "Word=List,List Other=List".
func readTemplates(text string) (map[string][]string, error) {
	templates := map[string][]string{}
	for _, field := range strings.Fields(text) {
		word, lists, found := strings.Cut(field, "=")
		if !found || word == "" || lists == "" || templates[word] != nil {
			return nil, fmt.Errorf("setting templates: %q; right would be words with the lists they stand for, e.g. All=EU,UN", text)
		}
		templates[word] = strings.Split(lists, ",")
	}
	if len(templates) == 0 {
		return nil, fmt.Errorf("setting templates is missing; right would be words with the lists they stand for, e.g. All=EU,UN")
	}
	return templates, nil
}

// A vault seals under a key of the realm's own, which is sealed under the master
// key: a change of that one leaves what is sealed here as it is.
type vault struct {
	house *House
	realm string

	mu  sync.Mutex
	raw []byte
	key token.MasterKey
}

// load gives the realm's key, read once.
func (v *vault) load(ctx context.Context) (token.MasterKey, []byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.raw == nil {
		raw, err := v.house.secret(ctx, v.realm, "monitors")
		if err != nil {
			return token.MasterKey{}, nil, err
		}
		if v.key, err = token.NewMasterKey(derived(raw, "seal")); err != nil {
			return token.MasterKey{}, nil, err
		}
		v.raw = raw
	}
	return v.key, v.raw, nil
}

func derived(raw []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, raw)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// Seal encrypts for a purpose.
func (v *vault) Seal(ctx context.Context, plain []byte, purpose string) ([]byte, error) {
	key, _, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	return key.Seal(plain, purpose), nil
}

// Open decrypts what Seal made for the purpose.
func (v *vault) Open(ctx context.Context, sealed []byte, purpose string) ([]byte, error) {
	key, _, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	return key.Open(sealed, purpose)
}

// Derive gives 32 bytes for a purpose.
func (v *vault) Derive(ctx context.Context, purpose string) ([]byte, error) {
	_, raw, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	return derived(raw, "derive\x00"+purpose), nil
}

// keepWatch has services compare those who are watched, also with lists that were
// imported elsewhere.
func (h *House) keepWatch(ctx context.Context) {
	h.services.each(func(s *running) {
		watcher, ok := s.handler.(interface{ Watch(context.Context) error })
		if !ok {
			return
		}
		if err := watcher.Watch(ctx); err != nil && ctx.Err() == nil {
			h.config.Log.Error("comparing those who are watched", "realm", s.mount.realm, "cause", err.Error())
		}
	})
}
