package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/tillit/tillit"
)

// A wrongEdit is a form of the account page that did not do: which, what was
// entered, and the sentence of what is wrong.
type wrongEdit struct {
	name, key, field string
	entered          func(field string) string
}

// accountEdits are the forms for what the person may change, with what is known.
func (p *Provider) accountEdits(ctx context.Context, realm *realm, person *tillit.Person, language string, wrong *wrongEdit) ([]AccountEdit, error) {
	var list []AccountEdit
	for i := range realm.catalog.Sources {
		source := &realm.catalog.Sources[i]
		if len(source.Edits) == 0 {
			continue
		}
		roots, err := p.Sources.Values(ctx, realm.catalog, person, []string{source.Name})
		if err != nil {
			return nil, err
		}
		for k := range source.Edits {
			list = append(list, editForm(source.Name, &source.Edits[k], roots, language, wrong))
		}
	}
	return list, nil
}

func editForm(source string, edit *tillit.Edit, roots map[string]any, language string, wrong *wrongEdit) AccountEdit {
	form := AccountEdit{Name: source + "." + edit.Name, ID: source + "-" + edit.Name, Title: edit.Title.In(language)}
	mine := wrong != nil && wrong.name == form.Name
	if mine {
		form.Error = wrong.key
	}
	for i := range edit.Fields {
		f := &edit.Fields[i]
		field := EditField{Name: f.Name, Title: f.Title.In(language), Required: f.Required, Autocomplete: f.Autocomplete}
		if mine {
			field.Value, field.Wrong = wrong.entered(f.Name), wrong.field == f.Name
		} else if f.Value != nil {
			if value, ok, err := f.Value.Eval(roots); ok && err == nil {
				field.Value = fmt.Sprint(value)
			}
		}
		form.Fields = append(form.Fields, field)
	}
	return form
}

// editFromAccount changes one element of what is known of the person. Who changed
// it elsewhere meanwhile sees that, and nothing is lost.
func (p *Provider) editFromAccount(w http.ResponseWriter, r *http.Request, realm *realm, session *tillit.Session, form params) error {
	name := form.Get("edit")
	source, edit := realm.catalog.Edit(name)
	if edit == nil {
		return refuse("invalid_request", "there is nothing of that name to change")
	}
	again := func(key, field string) error {
		return p.showAccount(w, r, realm, session, "", &wrongEdit{name: name, key: key, field: field, entered: form.Get})
	}
	input, missing, wrong := edit.Read(form.Get)
	switch {
	case wrong != "":
		return again("refused.field_wrong", wrong)
	case missing != "":
		return again("refused.fields_missing", missing)
	}
	ctx := r.Context()
	person, err := p.Store.Person(ctx, realm.name, session.Person)
	if err != nil {
		return err
	}
	attributes, err := p.edited(ctx, realm, person, source, edit, input)
	if err != nil {
		return err
	}
	pseudonym, err := p.Store.Pseudonym(ctx, realm.name, person.ID)
	if err != nil {
		return err
	}
	view, err := json.Marshal(map[string]string{"edited": name}) // which, not what
	if err != nil {
		return err
	}
	record := &tillit.AuditRecord{Realm: realm.name, Time: p.now(), Event: "edited", Subject: pseudonym, View: view}
	err = p.Store.ChangeAttributes(ctx, person, attributes, record)
	if errors.Is(err, tillit.ErrStale) {
		return again("refused.changed_elsewhere", "")
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, accountAddress(realm, "edited", r.URL.Query().Get("ui_locales")), http.StatusSeeOther)
	return nil
}

// edited gives the person's attributes with the element changed: what the realm
// sets, and when.
func (p *Provider) edited(ctx context.Context, realm *realm, person *tillit.Person, source string, edit *tillit.Edit, input map[string]any) (json.RawMessage, error) {
	roots, err := p.Sources.Values(ctx, realm.catalog, person, []string{source})
	if err != nil {
		return nil, err
	}
	all := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(person.Attributes))
	d.UseNumber()
	if len(person.Attributes) > 0 {
		if err := d.Decode(&all); err != nil {
			return nil, fmt.Errorf("attributes of person %s of realm %s are no JSON object", person.ID, person.Realm) // without the decoder's error: it quotes
		}
	}
	within, own := all[source].(map[string]any)
	if !own {
		within = all // a source without an attribute of its own is all of them
	}
	known, _ := roots[source].(map[string]any)
	if known == nil {
		known = map[string]any{}
	}
	for _, set := range edit.Sets {
		value, ok, err := set.Value.Eval(map[string]any{tillit.EditInput: input, source: known})
		if err != nil {
			return nil, err
		}
		object, is := value.(map[string]any)
		if !ok || is && len(input) == 0 { // what nothing was entered for is gone, whatever would be fixed in it
			delete(within, set.Member)
			continue
		}
		if is {
			object["updated_at"] = p.now()
		}
		within[set.Member] = value
	}
	within["updated_at"] = p.now()
	return json.Marshal(all)
}
