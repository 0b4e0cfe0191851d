package signdoc

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/rs"
)

// order finds the order that a request is about. What the token does not open is
// not there.
func (s *Service) order(k *kind, r *http.Request) (*tillit.Order, error) {
	token := rs.FromContext(r.Context())
	id := r.URL.Query().Get("sign_id")
	signs := token.Has(s.Scopes.Signing) && id != "" && s.bound(token) == id
	if !token.Has(s.Scopes.Orders) && !signs {
		return nil, refuse(http.StatusForbidden, "Not allowed: the token opens no order here, or another one")
	}
	if id == "" {
		return nil, refuse(http.StatusBadRequest, "Missing parameter: 'sign_id'")
	}
	o, err := s.Store.Order(r.Context(), s.Realm, id)
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return nil, err
	}
	if err != nil || !s.owns(tillit.ClientID(token.Client), o) || o.Kind != k.name {
		return nil, refuse(http.StatusNotFound, "No such order")
	}
	if o.At(s.now()) == tillit.OrderExpired {
		return nil, &refusal{status: http.StatusNotFound, state: tillit.OrderExpired, errors: []string{"The order has expired"}}
	}
	return o, nil
}

// bound gives the order that a person's token is bound to, "" for none.
func (s *Service) bound(token *rs.Token) string {
	raw := token.Claims
	for _, name := range s.Binding {
		var m members
		if json.Unmarshal(raw, &m) != nil {
			return ""
		}
		raw = m[name]
	}
	var id string
	if json.Unmarshal(raw, &id) != nil {
		return ""
	}
	return id
}

func (s *Service) read(k *kind, w http.ResponseWriter, r *http.Request) error {
	o, err := s.order(k, r)
	if err != nil {
		return err
	}
	return s.tell(k, w, r, o)
}

// remove gives the result for the last time, or takes back an order that nobody
// has come to sign.
func (s *Service) remove(k *kind, w http.ResponseWriter, r *http.Request) error {
	o, err := s.order(k, r)
	if err != nil {
		return err
	}
	if o.State == tillit.OrderSigning {
		return &refusal{status: http.StatusConflict, state: o.State, errors: []string{"The order is being signed"}}
	}
	if o.State != tillit.OrderReceived {
		if err := s.tell(k, w, r, o); err != nil {
			return err
		}
		// The result has left; that it goes at once is a courtesy, its time does it too.
		if err := s.Store.RemoveOrder(r.Context(), s.Realm, o.ID, o.State); err != nil && !errors.Is(err, tillit.ErrStale) {
			panic(http.ErrAbortHandler) // the answer must not look complete
		}
		return nil
	}
	err = s.Store.RemoveOrder(r.Context(), s.Realm, o.ID, o.State)
	if errors.Is(err, tillit.ErrStale) {
		return &refusal{status: http.StatusConflict, errors: []string{"The order is being signed"}}
	}
	if err != nil {
		return err
	}
	o.State = tillit.OrderCancelled
	return s.tell(k, w, r, o)
}

// tell writes an order's state and, once it is signed, what the client wanted.
// Documents are written as they are read.
func (s *Service) tell(k *kind, w http.ResponseWriter, r *http.Request, o *tillit.Order) error {
	j := &writer{out: w}
	j.member("signId", o.ID)
	j.member("clientId", o.Client)
	j.member("orderName", o.Name)
	j.member("orderState", o.State)
	if o.State == tillit.OrderCompleted {
		var result result
		if err := json.Unmarshal(o.Result, &result); err != nil {
			return err
		}
		if k.onlyPDF {
			s.signedPDFs(r.Context(), j, o, result)
		} else {
			signatures(j, o, result)
		}
	}
	headers(w, http.StatusOK)
	if err := j.end(); err != nil {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	return nil
}

// signatures tells what texts and PDFs of the plain kind came to: lists in the
// order of the documents.
func signatures(j *writer, o *tillit.Order, result result) {
	var hashes, ends, merchants, containers [][]byte
	for n, d := range result.Documents {
		hashes = append(hashes, o.Documents[n].SHA256)
		ends, merchants = append(ends, d.EndUser), append(merchants, d.Merchant)
		containers = append(containers, container(o, n, d))
	}
	if slices.Contains(o.Wanted, documentHash) {
		j.member("documentHashes", hashes)
	}
	if slices.Contains(o.Wanted, sdo) {
		j.member("sdos", containers)
	}
	if slices.Contains(o.Wanted, basicSignature) {
		j.member("merchantSignatures", merchants)
		j.member("endUserSignatures", ends)
	}
}

func (s *Service) signedPDFs(ctx context.Context, j *writer, o *tillit.Order, result result) {
	j.list("signingResults", len(result.Documents), func(n int, j *writer) {
		d, signed := o.Documents[n], result.Documents[n]
		j.member("description", d.Description)
		if slices.Contains(o.Wanted, documentHash) {
			j.member("unsignedDocumentSha256", d.SHA256)
			j.member("signedDocumentSha256", signed.SHA256)
		}
		if slices.Contains(o.Wanted, padesSignedPDF) {
			whole := io.MultiReader(io.NewSectionReader(s.reader(ctx, o.ID, d.Place, d.Size), 0, d.Size), bytes.NewReader(signed.Appendix))
			j.content(padesSignedPDF, whole)
		}
		if slices.Contains(o.Wanted, padesAppendix) {
			j.member(padesAppendix, signed.Appendix)
		}
	})
}

// A writer writes one JSON object. Nothing is written before end, so that what
// goes wrong before is still an answer of its own.
type writer struct {
	out   io.Writer
	steps []func() error
	first bool // nothing has been written yet
}

func (j *writer) member(name string, value any) {
	j.steps = append(j.steps, func() error {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		return j.named(name, string(text))
	})
}

func (j *writer) named(name, text string) error {
	comma := ","
	if j.first {
		comma, j.first = "", false
	}
	_, err := io.WriteString(j.out, comma+`"`+name+`":`+text)
	return err
}

// content writes a string of base64 as it is read.
func (j *writer) content(name string, in io.Reader) {
	j.steps = append(j.steps, func() error {
		if err := j.named(name, `"`); err != nil {
			return err
		}
		encoder := base64.NewEncoder(base64.StdEncoding, j.out)
		if _, err := io.CopyBuffer(struct{ io.Writer }{encoder}, in, make([]byte, 48<<10)); err != nil {
			return err
		}
		if err := encoder.Close(); err != nil {
			return err
		}
		_, err := io.WriteString(j.out, `"`)
		return err
	})
}

// list writes a list of objects.
func (j *writer) list(name string, count int, each func(n int, j *writer)) {
	j.steps = append(j.steps, func() error {
		if err := j.named(name, "["); err != nil {
			return err
		}
		for n := range count {
			if n > 0 {
				if _, err := io.WriteString(j.out, ","); err != nil {
					return err
				}
			}
			inner := &writer{out: j.out}
			each(n, inner)
			if err := inner.end(); err != nil {
				return err
			}
		}
		_, err := io.WriteString(j.out, "]")
		return err
	})
}

func (j *writer) end() error {
	j.first = true
	if _, err := io.WriteString(j.out, "{"); err != nil {
		return err
	}
	for _, step := range j.steps {
		if err := step(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(j.out, "}")
	return err
}
