package web_test

import (
	"github.com/tillit/tillit"
	"github.com/tillit/tillit/server"
	"github.com/tillit/tillit/web"
)

// The pages must be what the provider expects of them.
var _ server.Pages = (*web.Pages)(nil)

// languages are those that every page is rendered in.
var languages = []string{"nb", "nn", "en"}

const nonce = "bm9uY2UtZm9yLXRlc3Rz"

func frame(language string) server.Frame {
	return server.Frame{
		Realm: "nordheim", Title: "Nordheim innlogging", Language: language,
		Languages: []server.LanguageLink{
			{Language: "nb", Name: "Bokmål", URL: "?ui_locales=nb", Current: language == "nb"},
			{Language: "nn", Name: "Nynorsk", URL: "?ui_locales=nn", Current: language == "nn"},
			{Language: "en", Name: "English", URL: "?ui_locales=en", Current: language == "en"},
		},
		Test: true, Nonce: nonce,
	}
}

var (
	bank   = server.ClientCard{ID: "bank", Name: "Fjordbanken", Organization: "Fjordbanken Sparing ASA"}
	doctor = server.ClientCard{ID: "doctor", Name: "Legetimen", Organization: "Nordheim kommune, avdeling for helse og omsorg"}
	form   = server.Form{Action: "/nordheim/interaction/abc", Step: 3}
	way    = server.WayCard{Code: "BID", Title: "Nordheim-ID", Method: "test-eid"}
	keys   = server.WayCard{Code: "key", Title: "Passnøkkel", Method: "passkey"}
)

// A specimen is one page with one model.
type specimen struct {
	name  string // of the case and of its file
	page  string
	model any
}

// specimens have everything a page can show, and then as little as it can.
var specimens = []specimen{
	{"choose", "choose", server.Choose{Form: form, Client: bank, Ways: []server.WayCard{
		way, {Code: "BIM", Title: "Nordheim-ID på mobil", Method: "test-eid"}, {Code: "password", Title: "Passord", Method: "password"},
		{Code: "Selfregistered-email", Title: "E-post", Method: "email-code"},
	}}},
	{"choose-minimal", "choose", server.Choose{Form: form}},
	{"sign-in", "sign_in", server.SignIn{Form: form, Client: bank, Way: way, Other: true, Username: "kari",
		Fields: []server.Field{{Name: "otp"}, {Name: "pin", Label: "PIN for signering"}},
		People: []tillit.DemoPerson{
			{Username: "kari", Name: "Kari Solbakken", Password: "hemmelig-kari", Extra: map[string]string{"otp": "123456", "pin": "9081"}},
			{Username: "ola.nordmann-med-langt-navn", Name: "Ola Bergljot Østenstad-Kvernberg", Password: "hemmelig-ola"},
		}}},
	{"sign-in-refused", "sign_in", server.SignIn{Client: bank, Way: way, Username: "kari", Other: true,
		Form: server.Form{Action: form.Action, Step: 4, Error: "refused.wrong_credentials"}}},
	{"sign-in-named", "sign_in", server.SignIn{Form: form, Client: bank, Way: way, Other: true, Named: "14848••••••", Fields: []server.Field{{Name: "otp"}}}},
	{"sign-in-account", "sign_in", server.SignIn{Form: form, Account: true}},
	{"sign-in-minimal", "sign_in", server.SignIn{}},
	{"passkey", "passkey", server.Passkey{Form: form, Client: bank, Way: keys, Ask: `{"challenge":"x"}`, Other: true}},
	{"passkey-refused", "passkey", server.Passkey{Client: bank, Way: keys, Ask: `{"challenge":"x"}`, Other: true,
		Form: server.Form{Action: form.Action, Step: 4, Error: "refused.passkey_refused"}}},
	{"passkey-minimal", "passkey", server.Passkey{}},
	{"change-password", "change_password", server.ChangePassword{Form: form, Client: bank}},
	{"change-password-refused", "change_password", server.ChangePassword{Client: bank,
		Form: server.Form{Action: form.Action, Step: 4, Error: "refused.password_short"}}},
	{"choose-principal", "choose_principal", server.ChoosePrincipal{Form: form, Client: bank, Person: "Kari Solbakken", Self: true, Principals: []server.Principal{
		{Key: "k1", Name: "Torleif Elvestad", Born: "1946-11-03", Roles: []string{"Arbeid", "Skatt"}},
		{Key: "k2", Name: "Alva Solbakken", Born: "2014-04-12", Guardian: true, Roles: []string{"Helse"}},
	}}},
	{"choose-principal-refused", "choose_principal", server.ChoosePrincipal{Client: bank, Principals: []server.Principal{{Key: "k1", Name: "Torleif Elvestad"}},
		Form: server.Form{Action: form.Action, Step: 4, Error: "refused.principal_gone"}}},
	{"choose-principal-nobody", "choose_principal", server.ChoosePrincipal{Form: form, Client: bank, Person: "Kari Solbakken", Self: true}},
	{"choose-principal-minimal", "choose_principal", server.ChoosePrincipal{}},
	{"change-password-minimal", "change_password", server.ChangePassword{}},
	{"consent", "consent", server.Consent{Form: form, Client: bank, Person: "Kari Solbakken",
		Duration: "2160h0m0s",
		Items: []server.ConsentItem{
			{Name: "profile", Title: "Navn og fødselsdato", Longer: "Brukes til å opprette deg som kunde.", Required: true, Remember: true, Claims: []server.ConsentClaim{
				{Name: "name", Title: "Fullt navn", Value: "Kari Solbakken"}, {Name: "birthdate", Title: "Fødselsdato", Value: "1987-04-12"}}},
			{Name: "email", Title: "E-post", Longer: "Brukes til kvitteringer og varsler.", Remember: true, Checked: true, Claims: []server.ConsentClaim{
				{Name: "email", Title: "E-postadresse", Value: "kari.solbakken@epost.example"}, {Name: "email_verified", Title: "E-post er bekreftet", Value: "ja"}}},
			{Name: "address", Title: "Folkeregistrert adresse", Longer: "Brukes når banken må sende deg brev.", Checked: true, Claims: []server.ConsentClaim{
				{Name: "address", Title: "Adresse", Value: "Lillegata 12 B, 0480 Nordheim"}, {Name: "country", Title: "Land"}}},
			{Name: "aml_person/basic", Title: "Opplysninger om hvitvasking", Beta: true},
			{Name: "nnin", Title: "Fødselsnummer", Beta: true, Required: true, Claims: []server.ConsentClaim{{Name: "nnin", Title: "Fødselsnummer", Value: "12848712345"}}},
		}}},
	{"consent-required", "consent", server.Consent{Form: form, Client: bank, Person: "Kari Solbakken", Items: []server.ConsentItem{
		{Name: "profile", Title: "Navn", Required: true, Claims: []server.ConsentClaim{{Name: "name", Title: "Fullt navn", Value: "Kari Solbakken"}}}}}},
	{"consent-error", "consent", server.Consent{Client: bank, Form: server.Form{Action: form.Action, Error: "error.stale.text"}}},
	{"consent-minimal", "consent", server.Consent{}},
	{"sign-text", "sign", server.Sign{Form: form, Client: bank, Person: "Kari Solbakken", Password: true,
		Documents: []server.SignDocument{{Text: "Jeg bestiller 3 tonn ved, levert i uke 42.\nPris: 4 711 kr."}}}},
	{"sign-order", "sign", server.Sign{Client: bank, Person: "Kari Solbakken", Name: "Låneavtale 4711", Password: true,
		Form: server.Form{Action: form.Action, Step: 4, Error: "refused.wrong_credentials"},
		Documents: []server.SignDocument{
			{Title: "Låneavtale med nedbetalingsplan", URL: form.Action + "/files/1", Type: "application/pdf", Size: 20_971_520},
			{Title: "Vilkår", Text: "Renten kan endres med seks ukers varsel."}}}},
	{"sign-minimal", "sign", server.Sign{}},
	{"logout", "logout", server.Logout{Form: form, Client: bank}},
	{"logout-minimal", "logout", server.Logout{}},
	{"done", "done", server.Done{Title: "done.signed_out.title", Text: "done.signed_out.text", Link: "https://fjordbanken.example/", LinkText: "Tilbake til Fjordbanken"}},
	{"done-minimal", "done", server.Done{}},
	{"error", "error", server.ErrorPage{Code: "redirect_uri", Correlation: "7f3c9a52b1"}},
	{"error-told", "error", server.ErrorPage{Code: "invalid_target", Description: "resource is malformed; right would be an absolute URI", Correlation: "7f3c9a52b1"}},
	{"error-own", "error", server.ErrorPage{Code: "FJ-200", Title: "own_error.title", Text: "Omfanget finst ikkje. Tenesta bad om noko som ikkje er her."}},
	{"error-minimal", "error", server.ErrorPage{}},
	{"form-post", "form_post", server.FormPost{Action: "https://fjordbanken.example/callback", Fields: []server.HiddenField{{Name: "code", Value: "c0de"}, {Name: "state", Value: "xyz"}}}},
	{"form-post-minimal", "form_post", server.FormPost{}},
	{"account", "account", account},
	{"account-again", "account", server.Account{Action: account.Action, Token: account.Token, Passkeys: &server.AccountPasskeys{Again: true}}},
	{"account-full", "account", server.Account{Action: account.Action, Token: account.Token, Passkeys: &server.AccountPasskeys{Full: true}}},
	{"account-no-domain", "account", server.Account{Action: account.Action, Token: account.Token, Passkeys: &server.AccountPasskeys{}}},
	{"account-minimal", "account", server.Account{}},
}

var account = server.Account{
	Action: "/nordheim/account", Token: "t0ken", Person: "Kari Solbakken", Told: "told.withdrawn",
	Edits: []server.AccountEdit{
		{Name: "register.phone", ID: "register-phone", Title: "Telefonnummer", Error: "refused.field_wrong", Fields: []server.EditField{
			{Name: "number", Title: "Foretrukket nummer (8 sifre)", Value: "12", Autocomplete: "tel-national", Wrong: true}}},
		{Name: "register.address", ID: "register-address", Title: "Postadresse", Fields: []server.EditField{
			{Name: "street", Title: "Gate", Value: "Lillegata", Required: true}, {Name: "code", Title: "Postnummer", Autocomplete: "postal-code"}}},
	},
	Grants: []server.AccountGrant{
		{ID: "g1", Client: bank, Created: "20. november 2026 kl. 13.05", Expires: "18. februar 2027 kl. 13.05", Items: []server.AccountItem{
			{Name: "profile", Title: "Navn og fødselsdato", Why: "why.provisioned", Claims: []string{"Fullt navn", "Fødselsdato"}},
			{Name: "email", Title: "E-post", Why: "Du samtykket 20. november 2026 kl. 13.05.", Claims: []string{"E-postadresse", "E-post er bekreftet"}, Withdraws: true},
			{Name: "address", Title: "Folkeregistrert adresse", Why: "Du samtykket 20. november 2026 kl. 13.05.", Claims: []string{"Adresse"}, Withdraws: true, Withdrawn: true},
		}},
		{ID: "g2", Client: doctor, Created: "3. oktober 2026 kl. 08.12", Items: []server.AccountItem{
			{Name: "phone", Title: "Telefonnummer", Why: "Du samtykket 3. oktober 2026 kl. 08.12.", Withdraws: true}}},
	},
	Clients: []server.AccountClient{{Client: bank, Items: []server.AccountItem{
		{Name: "email", Title: "E-post", Why: "Du samtykket 20. november 2026 kl. 13.05.", Withdraws: true}}}},
	Passkeys: &server.AccountPasskeys{Offer: `{"challenge":"x"}`, At: 1_790_000_000, Keys: []server.AccountPasskey{
		{ID: "a2V5", Title: "Telefonen min", Created: "3. oktober 2026 kl. 08.12", Used: "20. november 2026 kl. 13.05"},
		{ID: "a2V6", Created: "20. november 2026 kl. 13.05"},
	}},
	SignIns: []server.AccountSignIn{
		{Time: "20. november 2026 kl. 13.05", Way: "Nordheim-ID", Client: "Fjordbanken"},
		{Time: "3. oktober 2026 kl. 08.12", Way: "Passord", Client: "Legetimen"},
	},
}
