package wiring

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/login"
	"github.com/tillit/tillit/server"
)

// changePassword lets a person choose a new password on the way through an
// authorization.
type changePassword struct {
	house *House
	book  *login.Book
}

func (c changePassword) Begin(context.Context, *server.Act) error { return nil }

func (c changePassword) Page(_ context.Context, act *server.Act, form server.Form) (string, any, error) {
	name := act.Client.Name.In(act.Language)
	if name == "" {
		name = string(act.Client.ID)
	}
	return "change_password", server.ChangePassword{
		Form: form, Client: server.ClientCard{ID: string(act.Client.ID), Name: name},
	}, nil
}

// Finish changes the password once for the interaction: a form that is sent again
// after the change finds it done.
func (c changePassword) Finish(ctx context.Context, act *server.Act, form map[string][]string) (server.ActOutcome, string, error) {
	fields := url.Values(form)
	if fields.Get("action") == "cancel" {
		return server.ActOutcome{}, "", nil
	}
	kind := string(tillit.NeedChangePassword)
	if _, err := c.house.Store.Act(ctx, act.Realm, act.Interaction, kind); err == nil || !errors.Is(err, tillit.ErrNotFound) {
		return server.ActOutcome{Done: err == nil}, "", err
	}
	hash, err := c.book.NewPassword(ctx, act.Person, fields.Get("new_password"), fields.Get("new_password_again"), act.At)
	if refused, ok := errors.AsType[*tillit.SignInRefused](err); ok {
		return server.ActOutcome{}, "refused." + refused.Key, nil
	}
	if err != nil {
		return server.ActOutcome{}, "", err
	}
	record, err := c.record(ctx, act)
	if err != nil {
		return server.ActOutcome{}, "", err
	}
	err = c.house.Store.ChangePassword(ctx, act.Person, hash, act.Interaction, act.Session, act.At, record)
	if errors.Is(err, tillit.ErrStale) { // changed elsewhere since the person was read
		return server.ActOutcome{}, "refused.password_stale", nil
	}
	return server.ActOutcome{Done: err == nil}, "", err
}

func (c changePassword) record(ctx context.Context, act *server.Act) (*tillit.AuditRecord, error) {
	pseudonym, err := c.house.Store.Pseudonym(ctx, act.Realm, act.Person.ID)
	if err != nil {
		return nil, err
	}
	view, err := json.Marshal(map[string]any{"scope": act.Scope, "way": act.SignIn.Way})
	return &tillit.AuditRecord{
		Realm: act.Realm, Time: act.At, Event: "password_changed", Client: act.Client.ID, Subject: pseudonym, View: view,
	}, err
}
