package facts

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
)

// Leaflet is a PDF of one page, as small as one can be.
const Leaflet = "%PDF-1.4\n1 0 obj\n<</Type /Catalog /Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type /Pages /Kids [3 0 R] /Count 1>>\nendobj\n" +
	"3 0 obj\n<</Type /Page /Parent 2 0 R /MediaBox [0 0 300 144]>>\nendobj\nxref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n" +
	"0000000056 00000 n \n0000000111 00000 n \ntrailer\n<</Size 4 /Root 1 0 R>>\nstartxref\n180\n%%EOF\n"

// An Order is the JSON of one, to be changed by a check.
type Order map[string]any

// PDFOrder is an order of one PDF that becomes a signed PDF.
func PDFOrder(pdf string) Order {
	return Order{
		"signProperties":      Order{"orderName": "Loan agreement 4711"},
		"padesSignProperties": Order{"addVisualSeals": false},
		"documents":           []Order{{"description": "Loan agreement", "pdf": base64.StdEncoding.EncodeToString([]byte(pdf))}},
		"resultContent":       []string{"padesSignedPdf", "padesAppendix", "documentHash"},
	}
}

// TextOrder is an order of plain texts.
func TextOrder(texts ...string) Order {
	documents := []Order{}
	for _, text := range texts {
		documents = append(documents, Order{"text": text})
	}
	return Order{
		"signProperties": Order{"orderName": "Terms"}, "documents": documents,
		"resultContent": []string{"documentHash", "basicSignature", "sdo"},
	}
}

// Orders is a client at the service for documents to sign.
type Orders struct {
	e      *Env
	base   string
	bearer string
}

// Orders gives a client's way in, by a token of its own.
func (e *Env) Orders(client string) Orders {
	e.t.Helper()
	base := e.API("signdoc")
	if base == "" {
		e.t.Fatalf("fixtures of %s: no API signdoc", e.realm.Name)
	}
	return Orders{e, base, e.Succeeded(e.Machine(client, "signdoc/read_write")).Access()}
}

// As gives the same way in with another token.
func (o Orders) As(bearer string) Orders { return Orders{o.e, o.base, bearer} }

// Do sends a request below the service's address and gives the JSON answered.
func (o Orders) Do(method, path string, body any) (status int, answer map[string]any) {
	o.e.t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			o.e.t.Fatalf("order: %v", err)
		}
	}
	req := o.e.request(method, o.base+path, bytes.NewReader(text))
	req.Header.Set("Authorization", "Bearer "+o.bearer)
	req.Header.Set("Content-Type", "application/json")
	status, _, raw := o.e.send(req)
	if json.Unmarshal(raw, &answer) != nil && len(raw) > 0 {
		o.e.t.Errorf("%s %s: %d with %.100q; want JSON", method, path, status, raw)
	}
	return status, answer
}

// Leave leaves an order and gives its id.
func (o Orders) Leave(path string, body Order) string {
	o.e.t.Helper()
	status, answer := o.Do(http.MethodPost, path, body)
	id, _ := answer["sign_id"].(string)
	if status != http.StatusCreated || id == "" {
		o.e.t.Fatalf("POST %s: %d %v; want 201 and a sign_id", path, status, answer)
	}
	return id
}

// LeaveText leaves an order that is text already, and gives its id.
func (o Orders) LeaveText(path string, body []byte) string {
	o.e.t.Helper()
	req := o.e.request(http.MethodPost, o.base+path, bytes.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+o.bearer)
	status, _, raw := o.e.send(req)
	var answer map[string]any
	if json.Unmarshal(raw, &answer) != nil || status != http.StatusCreated {
		o.e.t.Fatalf("POST %s: %d %.200s; want 201", path, status, raw)
	}
	id, _ := answer["sign_id"].(string)
	return id
}

// Collect reads an order's result to its end and gives how long it is, however
// long.
func (o Orders) Collect(path, id string) (bytes int64) {
	o.e.t.Helper()
	req := o.e.request(http.MethodGet, o.base+path+"?sign_id="+url.QueryEscape(id), nil)
	req.Header.Set("Authorization", "Bearer "+o.bearer)
	resp, err := o.e.httpClient(nil).Do(req)
	if err != nil {
		o.e.t.Fatalf("GET %s: %v", path, err)
	}
	defer resp.Body.Close()
	if bytes, err = io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		o.e.t.Fatalf("GET %s: %d, %v after %d bytes", path, resp.StatusCode, err, bytes)
	}
	return bytes
}

// Read reads an order.
func (o Orders) Read(path, id string) (status int, answer map[string]any) {
	o.e.t.Helper()
	return o.Do(http.MethodGet, path+"?sign_id="+url.QueryEscape(id), nil)
}

// State demands a state of an order.
func (o Orders) State(path, id, want string) {
	o.e.t.Helper()
	if status, answer := o.Read(path, id); answer["orderState"] != want {
		o.e.t.Errorf("order: %d, state %v; want %s", status, answer["orderState"], want)
	}
}
