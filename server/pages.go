package server

import (
	"io"
	"slices"
	"time"

	"github.com/tillit/tillit"
)

// Pages renders what a person sees. The provider hands over one of the page
// models below; the name is the model's, in lower case with underscores.
type Pages interface {
	// Render writes the page. frame is a Frame; its type is open so that the
	// pages need not know this package.
	Render(w io.Writer, page string, frame, model any) error
	// Language picks the first of the person's preferences that the realm has:
	// ui_locales, then Accept-Language, then the realm's default.
	Language(realmLanguages []string, preferences ...string) string
	// Sentence gives the sentence of a key, e.g. "reason.not_provisioned".
	Sentence(language, key string) string
	// SentenceWith fills the words in braces in.
	SentenceWith(language, key string, args map[string]string) string
	// Date writes a moment out.
	Date(language string, t time.Time) string
}

// A Frame is around every page.
type Frame struct {
	Realm     string // its name, for links below {base}/{realm}
	Title     string // the realm's title in the page's language
	Language  string // nb, nn, en
	Languages []LanguageLink
	Test      bool   // a test realm says so on every page
	Nonce     string // of the content security policy
	Assets    string // base of the stylesheet's address
	SignedIn  string // display name on the account page, or ""
}

// A LanguageLink leads to the same page in another language.
type LanguageLink struct {
	Language, Name, URL string
	Current             bool
}

// Page "choose": one submit button per way, name="idp".
type Choose struct {
	Form
	Client ClientCard
	Ways   []WayCard
}

// WayCard is one way to sign in.
type WayCard struct{ Code, Title, Method string }

// Page "sign_in": username, password and the way's own fields.
type SignIn struct {
	Form
	Client   ClientCard
	Way      WayCard
	Fields   []Field // beyond username and password
	Username string  // prefilled, from login_hint or the last attempt
	Named    string  // who is expected, in part hidden, instead of a field: submit name="action" value="somebody_else"
	Other    bool    // another way can be chosen: submit name="action" value="other"
	People   []tillit.DemoPerson
	Account  bool // signing in to the account page, no client
}

// Page "passkey": signing in by a key. The page's script asks for Ask and sends
// what the key answers as "passkey".
type Passkey struct {
	Form
	Client  ClientCard
	Way     WayCard
	Ask     string // PublicKeyCredentialRequestOptionsJSON; "": no key works at this address
	Other   bool   // as in SignIn
	Account bool
}

// Field is one input of a form; Name is otp, pin, …
type Field struct{ Name, Label, Value string }

// ClientCard says who asks.
type ClientCard struct {
	ID, Name, Organization, LogoURI, URI string
}

// Page "consent".
type Consent struct {
	Form
	Client   ClientCard
	Person   string // display name
	Items    []ConsentItem
	Duration string // how long the access lasts, a sentence, or ""
}

// ConsentItem is one box (none when Required).
type ConsentItem struct {
	Name     string
	Title    string
	Longer   string
	Claims   []ConsentClaim
	Required bool
	Beta     bool
	Remember bool // remembered until taken back; else asked every time
	Checked  bool
}

// ConsentClaim shows what would be shared; Value is "" when there is none.
type ConsentClaim struct{ Name, Title, Value string }

// Form is common to every form: it names the interaction and its step.
type Form struct {
	Action string // address to post to
	Step   int
	Error  string // shown with role="alert", or ""
}

// Page "change_password": new_password and new_password_again.
type ChangePassword struct {
	Form
	Client ClientCard
}

// Page "choose_principal": whom the person acts for, radio buttons of the name
// principal, and action=choose or cancel.
type ChoosePrincipal struct {
	Form
	Client     ClientCard
	Person     string // display name
	Principals []Principal
	Self       bool // the person may go on for nobody else: principal=self
}

// A Principal is one that the person may act for.
type Principal struct {
	Key      string // value of the radio button
	Name     string
	Born     string // a date, 1946-11-03, or ""
	Guardian bool   // the person is their guardian
	Roles    []string
}

// Page "logout": asks before signing out.
type Logout struct {
	Form
	Client ClientCard // empty when no client is known
}

// Page "sign": what is to be signed, and the act itself: action=sign or cancel.
type Sign struct {
	Form
	Client    ClientCard
	Person    string // display name
	Name      string // of what the documents belong to, or ""
	Documents []SignDocument
	Password  bool // the person's password is asked for
}

// A SignDocument is shown as it is: its text, or the file at its address.
type SignDocument struct {
	Title  string // or ""
	Text   string
	URL    string // of a file, below the form's own address
	Type   string // media type of the file
	Size   int64  // bytes of the file
	Digest string // SHA-256 of what is signed, in hexadecimal; "" where nothing else tells it
}

// embeds: the page shows files of its own.
func (s Sign) embeds() bool {
	return slices.ContainsFunc(s.Documents, func(d SignDocument) bool { return d.URL != "" })
}

// Page "done": a final page without a form.
type Done struct {
	Title, Text, Link, LinkText string
	Frames                      []string // loaded unseen: how clients forget a person who signed out
}

// Page "error": a request that must not be redirected, or what one of the realm's
// own codes means.
type ErrorPage struct {
	Code        string // data-error
	Title       string
	Text        string // in place of the sentence of the code
	Description string
	Correlation string
}

// Page "form_post": posts the response to the client at once.
type FormPost struct {
	Action string
	Fields []HiddenField
}

// HiddenField is one member of a response.
type HiddenField struct{ Name, Value string }

// Page "account".
type Account struct {
	Action  string // address every form posts to
	Token   string // proves that a form is from this session; hidden field "token"
	Person  string
	Grants  []AccountGrant
	Clients []AccountClient // remembered consents
	SignIns []AccountSignIn
	// Sessions are where the person is signed in now.
	Sessions []AccountSession
	Edits    []AccountEdit
	Passkeys *AccountPasskeys // nil where nobody signs in by keys
	Told     string           // what was just done, role="status", or ""
}

// AccountEdit is what the person may change: edit=Name, action=edit, and its fields.
type AccountEdit struct {
	Name   string
	ID     string // of its elements
	Title  string
	Error  string // sentence key, or ""
	Fields []EditField
}

// EditField is one field of an AccountEdit.
type EditField struct {
	Name, Title, Value, Autocomplete string
	Required                         bool
	Wrong                            bool // what was entered does not do
}

// AccountGrant is one grant; its form posts name="grant" value=ID and action=revoke.
type AccountGrant struct {
	ID      string
	Client  ClientCard
	Created string // local time, written out
	Expires string
	Items   []AccountItem
}

// AccountItem is one thing a client got: item=Name, client=…, action=withdraw.
type AccountItem struct {
	Name      string
	Title     string
	Why       string // a sentence: agreed on …, given to every client, …
	Claims    []string
	Withdraws bool // can be taken back by itself
	Withdrawn bool
}

// AccountClient is what is remembered for one client: client=ID, action=revoke_client.
type AccountClient struct {
	Client ClientCard
	Items  []AccountItem
}

// AccountSession is one browser that is signed in: session=ID, action=end_session.
type AccountSession struct {
	ID       string
	Way      string // how the person signed in
	Created  string
	LastSeen string
	Clients  []ClientCard
	Here     bool // the browser that looks at the page
}

// AccountPasskeys are the keys that a person signs in with. Adding one: action=add_passkey,
// at=At, title, and passkey, what the script got for Offer.
type AccountPasskeys struct {
	Keys  []AccountPasskey
	Offer string // PublicKeyCredentialCreationOptionsJSON; "": no key works at this address
	At    int64
	Again bool // adding one takes a new sign-in: action=sign_in_again
	Full  bool // there are as many as may be
}

// AccountPasskey is one key: passkey=ID, action=remove_passkey.
type AccountPasskey struct {
	ID      string
	Title   string // or ""
	Created string
	Used    string // or ""
}

// AccountSignIn is one sign-in.
type AccountSignIn struct{ Time, Way, Client string }

// titles gives the titles of claims in a language.
func titles(c *tillit.Catalog, claims []tillit.ClaimName, language string) []string {
	list := make([]string, 0, len(claims))
	for _, name := range claims {
		if claim := c.Claim(name); claim != nil {
			list = append(list, claim.Title.In(language))
		}
	}
	return list
}
