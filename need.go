package tillit

// NeedKind names a page that a decision is still waiting for. The provider
// knows sign_in and consent; every other kind is connected in the wiring
// (docs/decisions/0004).
type NeedKind string

const (
	NeedSignIn          NeedKind = "sign_in"
	NeedChoosePrincipal NeedKind = "choose_principal"
	NeedChangePassword  NeedKind = "change_password"
	NeedSign            NeedKind = "sign"
	NeedConsent         NeedKind = "consent"
)

// A Need is what is missing before tokens can be issued. The first of a
// decision's needs is the next page.
type Need struct {
	Kind   NeedKind
	SignIn *SignInNeed   // of sign_in
	Items  []ConsentItem // of consent
	Scope  ScopeName     // that declares the need, of acts
	Detail string        // the type of detail that declares it, of acts
	Again  bool          // sign_in: somebody is signed in, but not well or recently enough
}

// SignInNeed says which sign-ins would do.
type SignInNeed struct {
	Ways    []string // codes, in the catalog's order
	Level   int      // least level
	Fresh   bool
	Subject Subject // only this person, or ""
	// Evidence lists the kinds that somebody asks for, where the way has them.
	Evidence []string
}

// A ConsentItem is one thing a person may agree to.
type ConsentItem struct {
	Name     string // the scope, or the single claim
	Claim    bool   // a claim asked for singly
	Title    Text
	Longer   Text
	Claims   []ClaimName // what it yields
	Required bool        // shown without a box
	Text     string      // digest of the text in all languages
	State    State       // beta is told
}
