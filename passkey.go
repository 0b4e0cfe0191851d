package tillit

// A Passkey is the public half of a key that a person signs in with (WebAuthn).
type Passkey struct {
	Realm   string
	ID      []byte // credential id, which whoever holds the key chose
	Person  string // id in the directory
	Key     []byte // COSE key
	Flags   byte   // of the authenticator data that it came with
	Count   int64  // signatures so far, as the authenticator counts; 0: it does not
	Title   string // what the person calls it, or ""
	Created int64
	Used    int64 // 0: not yet
}

// A Ceremony is what a key is asked to sign, and the page it is asked on.
type Ceremony struct {
	Challenge []byte
	Origin    string // of the page: scheme, host and port
	Title     string // how the realm calls itself
}
