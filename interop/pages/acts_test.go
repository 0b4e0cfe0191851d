package pages_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2/clientcredentials"
)

// tourActs meets the pages on which something is done: a PDF is signed, a password
// is changed, contact details are.
func (e *eye) tourActs(w *tab) {
	w.Helper()
	w.forget()
	bank := newSite(w.T, "bankid", "demo-bank")
	kari := bank.realm.Person(w, "kari")
	w.open(bank.ask("openid sign", "sign_id", bank.order()).address)
	w.signIn(kari)
	w.demand("sign", `object[type="application/pdf"]`)
	e.at(w, "sign", w.language)
	w.press(`button[value="cancel"]`)
	w.forget()
	w.open(newSite(w.T, "bankid", "demo-web").ask("openid chgpwd").address)
	w.signIn(kari)
	w.demand("change_password", `input[name="new_password"]`)
	e.at(w, "change_password", w.language)
	w.forget()
	w.open(bank.realm.Issuer + "/account")
	w.press(wayButtons)
	w.signIn(kari)
	w.demand("contact details", `input[name="edit"][value="tinfo.phone"]`)
	evaluate[chromedp.Void](w, `document.querySelector('input[name="postal_code"]').value = "95"`)
	w.press(`form:has(input[value="tinfo.address"]) button[value="edit"]`)
	w.demand("what is wrong with a postal code", `[role="alert"]`)
	e.at(w, "contact", w.language)
}

// order leaves a PDF to be signed and gives its id.
func (s *site) order() string {
	s.t.Helper()
	credentials := clientcredentials.Config{
		ClientID: s.config.ClientID, ClientSecret: s.config.ClientSecret, TokenURL: s.config.Endpoint.TokenURL, Scopes: []string{"signdoc/read_write"},
	}
	body, err := json.Marshal(map[string]any{
		"signProperties": map[string]any{"orderName": "Loan agreement 4711"}, "padesSignProperties": map[string]any{"addVisualSeals": false},
		"documents":     []any{map[string]any{"description": "Loan agreement", "pdf": base64.StdEncoding.EncodeToString(letter())}},
		"resultContent": []string{"padesSignedPdf"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := credentials.Client(s.t.Context()).Post(s.realm.APIs["signdoc"]+"/signdoc/pades", "application/json", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var left struct {
		ID string `json:"sign_id"`
	}
	if err := json.NewDecoder(response.Body).Decode(&left); err != nil || response.StatusCode != http.StatusCreated {
		s.t.Fatalf("leaving an order: %d, %v", response.StatusCode, err)
	}
	return left.ID
}

// letter is a PDF of one page on which something stands.
func letter() []byte {
	text := "BT /F1 20 Tf 60 760 Td (Loan agreement 4711) Tj /F1 12 Tf 0 -40 Td (Kari Skogheim borrows 250 000 kroner of Granlund Savings Bank.) Tj ET"
	objects := []string{
		"<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
		"<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text),
		"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
	}
	var file, table strings.Builder
	file.WriteString("%PDF-1.4\n")
	for i, object := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", file.Len())
		fmt.Fprintf(&file, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	at := file.Len()
	fmt.Fprintf(&file, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table.String(), len(objects)+1, at)
	return []byte(file.String())
}
