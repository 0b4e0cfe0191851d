package server

import (
	"context"
	"encoding/json"

	"github.com/tillit/tillit"
)

// record makes the audit record of what happened in an authorization. It is
// written in the same commit as what it tells of.
func (p *Provider) record(ctx context.Context, a *authorization, event string, decision *tillit.Decision) (*tillit.AuditRecord, error) {
	if decision == nil {
		d := tillit.Decide(a.catalog, a.client, &a.ask, &a.facts)
		decision = &d
	}
	return p.recordOf(ctx, a.realm.name, event, a.catalog, a.client, &a.ask, &a.facts, a.person, decision)
}

func (p *Provider) recordOf(ctx context.Context, realm, event string, c *tillit.Catalog, client *tillit.Client, ask *tillit.Ask, facts *tillit.Facts, person *tillit.Person, decision *tillit.Decision) (*tillit.AuditRecord, error) {
	record := &tillit.AuditRecord{Realm: realm, Time: p.now(), Event: event, Client: client.ID}
	if person != nil {
		pseudonym, err := p.Store.Pseudonym(ctx, realm, person.ID)
		if err != nil {
			return nil, err
		}
		record.Subject = pseudonym
	}
	view, err := json.Marshal(decision.View(c, client, ask, facts))
	record.View = view
	return record, err
}

// recordRefusal writes what was refused to somebody who is known. What strangers
// are refused is logged and not written: they could fill the chain. That the
// record could not be written does not change the refusal.
func (p *Provider) recordRefusal(ctx context.Context, a *authorization, decision *tillit.Decision) {
	if a.person == nil {
		return
	}
	record, err := p.record(ctx, a, "refused", decision)
	if err == nil {
		err = p.Store.Record(ctx, record)
	}
	if err != nil {
		p.Log.Error("audit", "realm", a.realm.name, "cause", err.Error())
	}
}
