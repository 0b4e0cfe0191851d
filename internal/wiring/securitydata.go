package wiring

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/securitydata"
)

// securityData is the service that may be asked about sign-ins.
const securityData = "security_data"

// openSecurityData is the API by which clients ask about sign-ins of their own.
func (h *House) openSecurityData(at mount) (http.Handler, error) {
	settings := at.server.Service.Settings
	collects, err := time.ParseDuration(settings["collects"])
	if err != nil || collects < 0 {
		return nil, fmt.Errorf("collects: %q; right would be how long collecting takes, e.g. 2s", settings["collects"])
	}
	pause := time.Duration(0)
	if said := settings["pause"]; said != "" {
		if pause, err = time.ParseDuration(said); err != nil || pause < 0 || pause > time.Minute {
			return nil, fmt.Errorf("pause: %q; right would be how often a client may ask about a transaction, e.g. 1s", said)
		}
	}
	return securitydata.Handler(securitydata.Config{
		Guard: at.guard, Store: h.Store, Realm: at.realm, Read: at.scope("read"),
		ACR: strings.Fields(settings["acr"]), Prefix: settings["prefix"], Collects: collects, Pause: pause,
		Now: h.Now, Log: h.config.Log, Off: h.off(),
	}), nil
}

// keepTransaction keeps what a browser told at a sign-in, where somebody may ask
// about it.
func (h *House) keepTransaction(ctx context.Context, t *tillit.Transaction) error {
	c := h.Catalogs.Catalog(t.Realm, "")
	for i := range c.Servers {
		if s := c.Servers[i].Service; s != nil && s.Name == securityData {
			return h.Store.AddTransaction(ctx, t)
		}
	}
	return nil
}
