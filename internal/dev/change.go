package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/goccy/go-yaml"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// A Changer changes the demo data of a running provider. What it does not know
// is tillit.ErrNotFound.
type Changer interface {
	PutDemoPerson(ctx context.Context, realm string, p demo.Person) error
	RemoveDemoPerson(ctx context.Context, realm, username string) error
	PutDemoClient(ctx context.Context, realm string, id tillit.ClientID, c demo.Client) (demo.FixtureClient, error)
	RemoveDemoClient(ctx context.Context, realm string, id tillit.ClientID) error
}

// maxChange bounds what is said of a person or client, in bytes.
const maxChange = 64 << 10

func (c Config) changes(mux *http.ServeMux) {
	if c.Change == nil {
		return
	}
	mux.HandleFunc("PUT /dev/realms/{realm}/people/{username}", c.putPerson)
	mux.HandleFunc("DELETE /dev/realms/{realm}/people/{username}", c.removePerson)
	mux.HandleFunc("PUT /dev/realms/{realm}/clients/{client}", c.putClient)
	mux.HandleFunc("DELETE /dev/realms/{realm}/clients/{client}", c.removeClient)
}

// putPerson takes {"name", "attributes", "sign_in", "updated"} of a person, as
// files of demo data have it.
func (c Config) putPerson(w http.ResponseWriter, r *http.Request) {
	var p demo.Person
	if err := readChange(w, r, &p); err != nil {
		http.Error(w, "person: "+err.Error(), http.StatusBadRequest)
		return
	}
	p.Username = r.PathValue("username")
	if err := c.Change.PutDemoPerson(r.Context(), r.PathValue("realm"), p); err != nil {
		unchanged(w, err)
		return
	}
	writeJSON(w, map[string]string{"username": p.Username, "password": demo.Password})
}

func (c Config) removePerson(w http.ResponseWriter, r *http.Request) {
	if err := c.Change.RemoveDemoPerson(r.Context(), r.PathValue("realm"), r.PathValue("username")); err != nil {
		unchanged(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// putClient takes what files of demo data say of a client, and answers with its
// fixture.
func (c Config) putClient(w http.ResponseWriter, r *http.Request) {
	var d demo.Client
	if err := readChange(w, r, &d); err != nil {
		http.Error(w, "client: "+err.Error(), http.StatusBadRequest)
		return
	}
	made, err := c.Change.PutDemoClient(r.Context(), r.PathValue("realm"), tillit.ClientID(r.PathValue("client")), d)
	if err != nil {
		unchanged(w, err)
		return
	}
	writeJSON(w, made)
}

func (c Config) removeClient(w http.ResponseWriter, r *http.Request) {
	if err := c.Change.RemoveDemoClient(r.Context(), r.PathValue("realm"), tillit.ClientID(r.PathValue("client"))); err != nil {
		unchanged(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// readChange reads a JSON object with the members that the files have. JSON is
// YAML, and a member that nobody knows is an error in both.
func readChange(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxChange))
	if err != nil {
		return err
	}
	if body = bytes.TrimSpace(body); !json.Valid(body) || body[0] != '{' {
		return errors.New("the body is no JSON object")
	}
	return yaml.UnmarshalWithOptions(body, into, yaml.Strict())
}

func unchanged(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, tillit.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, tillit.ErrConflict):
		status = http.StatusConflict
	}
	http.Error(w, err.Error(), status)
}
