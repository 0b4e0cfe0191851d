package tillit

// A Transaction is one sign-in of a person at a client, as the client may ask
// about it afterwards.
type Transaction struct {
	Realm   string
	ID      string
	Client  ClientID
	Person  string
	ACR     string // that the person signed in by
	Signals Signals
	Began   int64
	Asked   int64 // when the client first asked; 0: not yet
	Expires int64 // nothing is told from then on
}

// Signals are what a person's browser told of itself at the sign-in.
type Signals struct {
	Address   string `json:"address"`
	UserAgent string `json:"user_agent,omitempty"`
	Languages string `json:"languages,omitempty"` // Accept-Language
	Platform  string `json:"platform,omitempty"`  // Sec-CH-UA-Platform
}
