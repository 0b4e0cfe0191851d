package facts

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// The checks of this file are about signing: orders, the page, results.

// signer can sign by the way that orders are signed by.
func signer(e *Env) Manners { return Manners{Person: e.Named("kari"), Way: "BID"} }

func signing(e *Env, client, id string) Request {
	return Request{Client: client, Scope: "openid sign", Params: map[string]string{"sign_id": id}, Manners: signer(e)}
}

func bankIDSignsOrder(t TB, e *Env) {
	own := e.Orders("demo-bank")
	id := own.Leave("/signdoc/pades", PDFOrder(Leaflet))
	own.State("/signdoc/pades", id, "ORDER_RECEIVED")
	tokens := e.Login(signing(e, "demo-bank", id))
	e.Equal("pages that ask to sign", tokens.Browser.Met("sign"), 1)
	e.Granted(tokens, "openid sign")
	claims := e.AccessClaims(tokens)
	e.Equal("access token: aud", Words(claims["aud"]), []string{"signdoc"})
	e.Equal("access token: roles at signdoc", Words(Dig(claims, "resource_access", "signdoc", "roles")), []string{"sign"})
	if bound, _ := json.Marshal(claims["resource_claims"]); !bytes.Contains(bound, []byte(`"sign_id":"`+id+`"`)) {
		t.Errorf("access token: resource_claims %s; want the order in it", bound)
	}
	for whose, way := range map[string]Orders{"the person's token": own.As(tokens.Access()), "the client's own": own} {
		status, answer := way.Read("/signdoc/pades", id)
		e.Equal("result by "+whose+": status and state", []any{status, answer["orderState"]}, []any{200, "SIGN_COMPLETED"})
		checkSignedPDF(e, answer)
	}
	other := own.Leave("/signdoc/pades", PDFOrder(Leaflet))
	if status, answer := own.As(tokens.Access()).Read("/signdoc/pades", other); status != http.StatusForbidden {
		t.Errorf("another order by the person's token: %d %v; want 403", status, answer)
	}
	e.Refused(e.Authorize(signing(e, "demo-bank", id)), "invalid_request")
	if status, _ := own.Do(http.MethodDelete, "/signdoc/pades?sign_id="+id, nil); status != 200 {
		t.Errorf("collecting for the last time: %d; want 200", status)
	}
	if status, _ := own.Read("/signdoc/pades", id); status != http.StatusNotFound {
		t.Errorf("after the last time: %d; want 404", status)
	}
}

// checkSignedPDF demands the file that was left, with the signature behind it.
func checkSignedPDF(e *Env, answer map[string]any) (signed []byte) {
	e.t.Helper()
	results, _ := answer["signingResults"].([]any)
	if len(results) != 1 {
		e.t.Fatalf("signingResults: %v; want one", answer)
	}
	result, _ := results[0].(map[string]any)
	signed = decode(e, result["padesSignedPdf"])
	before, after := sha256.Sum256([]byte(Leaflet)), sha256.Sum256(signed)
	if !bytes.HasPrefix(signed, []byte(Leaflet)) || !bytes.Equal(signed[len(Leaflet):], decode(e, result["padesAppendix"])) {
		e.t.Errorf("padesSignedPdf is not the file that was left with the appendix behind it")
	}
	e.Equal("unsignedDocumentSha256", decode(e, result["unsignedDocumentSha256"]), before[:])
	e.Equal("signedDocumentSha256", decode(e, result["signedDocumentSha256"]), after[:])
	e.Equal("description", result["description"], "Loan agreement")
	return signed
}

func decode(e *Env, value any) []byte {
	e.t.Helper()
	text, _ := value.(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		e.t.Errorf("%.40q: want base64", text)
	}
	return raw
}

func bankIDOrderOfAnother(t TB, e *Env) {
	own := e.Orders("demo-bank")
	id := own.Leave("/signdoc", TextOrder("I owe you 4711."))
	a := e.Authorize(signing(e, "demo-web", id))
	e.Refused(a, "invalid_request")
	e.Equal("pages", len(a.Browser.Pages), 0)
	own.State("/signdoc", id, "ORDER_RECEIVED")
	other := e.Orders("demo-service")
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		unknown, unknownAnswer := other.Do(method, "/signdoc?sign_id=00000000-0000-4000-8000-000000000000", nil)
		status, answer := other.Do(method, "/signdoc?sign_id="+id, nil)
		if status != http.StatusNotFound || unknown != status {
			t.Errorf("%s of another client's order: %d, of none: %d; want 404 for both", method, status, unknown)
		}
		e.Equal(method+" of another client's order", answer, unknownAnswer)
	}
	own.State("/signdoc", id, "ORDER_RECEIVED")
}

func bankIDOrderDies(t TB, e *Env) {
	own := e.Orders("demo-bank")
	id := own.Leave("/signdoc", TextOrder("I owe you 4711."))
	e.Advance(89 * time.Second)
	own.State("/signdoc", id, "ORDER_RECEIVED")
	e.Advance(2 * time.Second)
	if status, answer := own.Read("/signdoc", id); status != http.StatusNotFound || answer["orderState"] != "EXPIRED" {
		t.Errorf("after 91 s: %d %v; want 404 and EXPIRED", status, answer)
	}
	e.Refused(e.Authorize(signing(e, "demo-bank", id)), "invalid_request")
}

const shortText = "I owe you 4711 kr."

func signingText(e *Env, text string) Request {
	return Request{
		Scope: "openid sign", Params: map[string]string{"sign_txt": base64.StdEncoding.EncodeToString([]byte(text))}, Manners: signer(e),
	}
}

func bankIDSignsText(t TB, e *Env) {
	tokens := e.Login(signingText(e, shortText))
	page := tokens.Browser.Pages[len(tokens.Browser.Pages)-1]
	if page.Kind != "sign" || !strings.Contains(page.Text, shortText) {
		t.Errorf("the last page is %s; want the one that shows the text and asks to sign", page.Kind)
	}
	result, _ := e.IDClaims(tokens)["sign_result"].(map[string]any)
	digest := sha256.Sum256([]byte(shortText))
	e.Equal("sign_result: hash", decode(e, result["hash"]), digest[:])
	for _, who := range []string{"endUser", "merchant"} {
		if cms := decode(e, result[who]); !bytes.Contains(cms, []byte(shortText)) {
			t.Errorf("sign_result: %s does not hold what was signed", who)
		}
	}
	claims := e.AccessClaims(tokens)
	e.Absent("access token", claims, "sign_result")
	e.Equal("access token: roles", Dig(claims, "resource_access", "signdoc"), nil)
	declining := signingText(e, shortText)
	declining.Refuse = true
	e.Refused(e.Authorize(declining), "access_denied")
}

func bankIDTextTooLong(t TB, e *Env) {
	a := e.Authorize(signingText(e, strings.Repeat("å", 151)))
	e.Refused(a, "invalid_request")
	e.Equal("pages", len(a.Browser.Pages), 0)
	for name, sent := range map[string]string{"no base64": "I owe you", "no UTF-8": "//8=", "none": "="} {
		wrong := signingText(e, "")
		wrong.Params["sign_txt"] = sent
		a := e.Authorize(wrong)
		if a.Error() != "invalid_request" {
			t.Errorf("sign_txt that is %s: %q; want invalid_request", name, a.Error())
		}
	}
	longest := signingText(e, strings.Repeat("å", 150))
	longest.Until = "sign"
	if end := e.Authorize(longest); end.Page == nil || end.Page.Kind != "sign" {
		t.Errorf("150 characters: %q; want the page that asks to sign", end.Error())
	}
}

func bankIDOrderFaults(t TB, e *Env) {
	own := e.Orders("demo-bank")
	body := PDFOrder(Leaflet)
	delete(body, "padesSignProperties")
	body["signProperties"] = Order{}
	status, answer := own.Do(http.MethodPost, "/signdoc/pades", body)
	told := strings.Join(texts(answer["errors"]), "\n")
	if status != http.StatusBadRequest || !strings.Contains(told, "'orderName'") || !strings.Contains(told, "'padesSignProperties'") {
		t.Errorf("an order without orderName and padesSignProperties: %d %q; want 400 and both", status, told)
	}
	body = PDFOrder(strings.Replace(Leaflet, "/MediaBox [0 0 300 144]", "/AA <</S /JavaScript>> ", 1))
	body["signProperties"] = Order{}
	status, answer = own.Do(http.MethodPost, "/signdoc/pades", body)
	told = strings.Join(texts(answer["errors"]), "\n")
	if status != http.StatusBadRequest || !strings.Contains(told, "'orderName'") || !strings.Contains(told, "scripts") {
		t.Errorf("an order without orderName, of a PDF with a script: %d %q; want 400 and both", status, told)
	}
}

func texts(value any) (list []string) {
	items, _ := value.([]any)
	for _, item := range items {
		if text, ok := item.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

func bankIDActsExclude(t TB, e *Env) {
	both := signingText(e, shortText)
	both.Scope = "openid sign chgpwd"
	a := e.Authorize(both)
	e.Refused(a, "invalid_scope")
	e.Equal("pages", len(a.Browser.Pages), 0)
}
