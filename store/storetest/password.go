package storetest

import (
	"encoding/json"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func changingPassword(t *testing.T, s *store.Store) {
	ctx := t.Context()
	p := person("p1", "kari", "s1")
	p.Password = "old"
	must(t, s.PutPerson(ctx, p))
	must(t, s.SaveSession(ctx, session("here", "sid1"), nil))
	must(t, s.SaveSession(ctx, session("elsewhere", "sid2"), nil))
	for _, id := range []string{"i1", "i2"} {
		i := begun(t, s, id)
		i.Person = "p1"
		must(t, s.StepInteraction(ctx, i, nil))
	}

	stale := *p
	stale.Password = "older"
	wants(t, s.ChangePassword(ctx, &stale, "new", "i1", "sid1", now, nil), tillit.ErrStale)
	abroad := *p
	abroad.Realm = elsewhere
	wants(t, s.ChangePassword(ctx, &abroad, "new", "i1", "sid1", now, nil), tillit.ErrStale)
	_, err := s.Act(ctx, realm, "i1", "change_password")
	wants(t, err, tillit.ErrNotFound)

	must(t, s.ChangePassword(ctx, p, "new", "i1", "sid1", now, record("password_changed", now)))
	got, err := s.Person(ctx, realm, "p1")
	must(t, err)
	if got.Password != "new" || got.Updated != now {
		t.Fatalf("person is %+v", got)
	}
	_, err = s.Session(ctx, realm, hash("here"), now)
	must(t, err)
	_, err = s.Session(ctx, realm, hash("elsewhere"), now)
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Interaction(ctx, realm, "i1", now)
	must(t, err)
	_, err = s.Interaction(ctx, realm, "i2", now)
	wants(t, err, tillit.ErrNotFound)
	_, err = s.Act(ctx, realm, "i1", "change_password")
	must(t, err)
	wants(t, s.ChangePassword(ctx, p, "newer", "i1", "sid1", now, nil), tillit.ErrStale)

	before := *got
	must(t, s.ChangeAttributes(ctx, got, json.RawMessage(`{"language":"nn"}`), record("language_changed", now)))
	wants(t, s.ChangeAttributes(ctx, &before, json.RawMessage(`{"language":"en"}`), nil), tillit.ErrStale)
	got, err = s.Person(ctx, realm, "p1")
	must(t, err)
	if got.Password != "new" || string(got.Attributes) != `{"language":"nn"}` {
		t.Fatalf("person is %+v", got)
	}
	away := *got
	away.Realm = elsewhere
	wants(t, s.ChangeAttributes(ctx, &away, json.RawMessage(`{}`), nil), tillit.ErrStale)
}
