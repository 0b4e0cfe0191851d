package wiring

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/authlevel"
	"github.com/tillit/tillit/services/authorizations"
	"github.com/tillit/tillit/services/krr"
	"github.com/tillit/tillit/services/personal"
	"github.com/tillit/tillit/services/selfservice"
	"github.com/tillit/tillit/services/userlog"
)

// openRegister is the register of how people may be reached.
func (h *House) openRegister(at mount) (http.Handler, error) {
	realm, door, err := h.personalDoor(at)
	if err != nil {
		return nil, err
	}
	return krr.Handler(krr.Config{
		Door: door, Store: h.Store, Attribute: at.setting("register", "register"),
		Scopes: krr.Scopes{
			Contact: at.scope("contact"), Mailbox: at.scope("mailbox"), Language: at.scope("language"),
			AllContact: at.scope("all_contact"), AllMailbox: at.scope("all_mailbox"),
		},
		Sign: func(ctx context.Context, claims []byte) (string, error) {
			return h.Provider.Keys.Sign(ctx, realm, h.Catalogs.Catalog(realm, "").Settings.Algorithms[0], "JWT", claims)
		},
	}), nil
}

// openAuthorizations is where people see what they agreed to, and end it.
func (h *House) openAuthorizations(at mount) (http.Handler, error) {
	realm, door, err := h.personalDoor(at)
	if err != nil {
		return nil, err
	}
	return authorizations.Handler(authorizations.Config{
		Door: door, Store: h.Store, Realm: realm, Catalog: func() *tillit.Catalog { return h.judging().Catalog(realm, "") },
		Scopes: authorizations.Scopes{All: at.scope("all"), Read: at.scope("read"), Write: at.scope("write")},
	}), nil
}

// openUserLog tells people of their sign-ins.
func (h *House) openUserLog(at mount) (http.Handler, error) {
	realm, door, err := h.personalDoor(at)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(at.setting("zone", "UTC"))
	if err != nil {
		return nil, fmt.Errorf("setting zone: %w; right would be a name such as Europe/Oslo", err)
	}
	return userlog.Handler(userlog.Config{Door: door, Store: h.Store, Realm: realm, Scope: at.scope("read"), Zone: zone}), nil
}

// openAuthLevel answers whether a person has signed in at a level.
func (h *House) openAuthLevel(at mount) (http.Handler, error) {
	realm, door, err := h.personalDoor(at)
	if err != nil {
		return nil, err
	}
	level, err := strconv.Atoi(at.setting("level", "4"))
	if err != nil {
		return nil, fmt.Errorf("setting level: %w; right would be a number", err)
	}
	return authlevel.Handler(authlevel.Config{
		Door: door, Store: h.Store, Realm: realm, Scope: at.scope("read"), Level: level,
		Catalog: func() *tillit.Catalog { return h.judging().Catalog(realm, "") },
	}), nil
}

// setting gives what the realm says, or what is meant where it says nothing.
func (m mount) setting(word, usual string) string {
	if said := m.server.Service.Settings[word]; said != "" {
		return said
	}
	return usual
}

// personalDoor is what the APIs about people put in front. They take tokens of
// every realm of the registry, in whichever they answer; people are those of one
// of these realms.
func (h *House) personalDoor(at mount) (realm string, door *personal.Door, err error) {
	realm = at.setting("people", at.realm)
	own, c := h.Catalogs.Catalog(at.realm, ""), h.Catalogs.Catalog(realm, "")
	if c == nil || c.Registry != own.Registry || len(c.Ways) == 0 {
		return "", nil, fmt.Errorf("setting people: %q; right would be a realm of the same registry in which people sign in", realm)
	}
	door = &personal.Door{
		Desk: &selfservice.Desk{Now: h.Now, Log: h.config.Log}, Clients: h.Store, Registry: c.Registry, Off: h.off(),
		People: &directory{store: h.Store, realm: realm, attribute: at.setting("number", "number")},
	}
	if claim := c.Claim(at.server.Service.Claims["person"]); claim != nil {
		door.Claim = claim.Wire()
	}
	first := at.realm
	if at.server.Issuer != "" {
		first = at.server.Issuer
	}
	door.Issuers = append(door.Issuers, personal.Issuer{Guard: at.guard, People: h.signsIn(first)})
	for _, other := range h.Catalogs.Realms() {
		if other == first || h.Catalogs.Catalog(other, "").Registry != c.Registry {
			continue
		}
		guard := h.guard(other, audience(at.server))
		guard.Resource, guard.Name = at.guard.Resource, at.guard.Name
		door.Issuers = append(door.Issuers, personal.Issuer{Guard: guard, People: h.signsIn(other)})
	}
	return realm, door, nil
}

// signsIn reports whether people sign in at a realm.
func (h *House) signsIn(realm string) bool {
	c := h.Catalogs.Catalog(realm, "")
	return c != nil && len(c.Ways) > 0
}
