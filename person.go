package tillit

import "encoding/json"

// A SignInOutcome is what a way to sign in found out about a person.
type SignInOutcome struct {
	Person   string   // id in the directory
	ACR      string   // one of the way's values
	Used     []string // factors used: otp, pin, …
	Evidence []string // kinds of evidence brought, see EvidenceAsk
	// Values is what expressions read below sign_in, a JSON object:
	// {"certificate": {…}, "given_name": …}.
	Values json.RawMessage
}

// Kinds of evidence that a way to sign in can bring.
const (
	EvidenceCertificate = "certificate" // whose certificate it was
	// EvidenceProof is the person's signature over the request's nonce: good for
	// one request, made only where it is asked for.
	EvidenceProof = "proof"
)

// An EvidenceAsk says which evidence a request is after, beyond what a way always
// brings.
type EvidenceAsk struct {
	Kinds []string
	Nonce string // of the request, "" for none
	// Ceremony is what a key was asked to sign on the page, where the way is one of
	// keys.
	Ceremony Ceremony
}

// A SignInRefused says why a sign-in failed, as a key of the pages' sentences:
// wrong_credentials, throttled, field_missing, not_for_this_way,
// certificate_revoked, passkey_missing, passkey_refused.
type SignInRefused struct{ Key string }

func (e *SignInRefused) Error() string { return "sign-in refused: " + e.Key }

// A DemoPerson is offered on the sign-in page of dev, so that nobody has to
// look anything up. Extra holds the way's further fields.
type DemoPerson struct {
	Username, Name, Password string
	Extra                    map[string]string
}
