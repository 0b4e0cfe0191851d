package token

// A Refusal says why something that a stranger made is not believed: a client
// assertion, a DPoP proof, a request object, a JWK Set. Everything else that
// these functions return as an error is our own fault.
type Refusal struct {
	Key string // one of the constants below, stable
	Why string // a sentence for the client; it quotes nothing of what was sent
}

func (r *Refusal) Error() string { return r.Why }

// Keys of [Refusal].
const (
	Malformed       = "malformed"        // not what it claims to be, or beyond a bound
	WrongHeader     = "wrong_header"     // kid and x5c, crit, or other members that may not stand there
	WrongType       = "wrong_type"       // the typ of another kind
	WrongAlgorithm  = "wrong_algorithm"  // not an algorithm we take, or not one of the key
	UnknownKey      = "unknown_key"      // no key of that kid; the caller may read the keys again
	ExpiredKey      = "expired_key"      // the key was registered until then
	BadCertificate  = "bad_certificate"  // the chain of x5c is not trusted
	BadSignature    = "bad_signature"    //
	WrongIssuer     = "wrong_issuer"     // iss
	WrongSubject    = "wrong_subject"    // sub
	WrongAudience   = "wrong_audience"   // aud
	Expired         = "expired"          // exp, or iat of a proof
	NotYetValid     = "not_yet_valid"    // iat or nbf ahead of our clock
	TooLong         = "too_long"         // lives longer than it may
	MissingID       = "missing_jti"      //
	WrongMethod     = "wrong_method"     // htm
	WrongAddress    = "wrong_address"    // htu
	WrongToken      = "wrong_token"      // ath
	WrongKey        = "wrong_key"        // jkt
	UseNonce        = "use_nonce"        // no nonce, or not one of ours
	Unsigned        = "unsigned"         // alg none, where a signature is asked for
	NotEncrypted    = "not_encrypted"    // plain, where encryption is asked for
	NotDecryptable  = "not_decryptable"  // not encrypted to a key of ours
	NestedRequest   = "nested_request"   // a request object that holds a request object
	WrongParameters = "wrong_parameters" // a parameter that is no text, number, truth value, object or list
)

func refuse(key, why string) error { return &Refusal{Key: key, Why: why} }
