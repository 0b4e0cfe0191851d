package server

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tillit/tillit"
)

const (
	// signalsLast is how long, in seconds, what a browser told of itself is kept.
	signalsLast = 3600
	// mostSignal bounds one thing that it told, in bytes.
	mostSignal = 512
)

// tellTransaction tells of a sign-in at a client, for those that may be asked
// about it afterwards.
func (p *Provider) tellTransaction(r *http.Request, a *authorization) error {
	if p.Transaction == nil || a.client == accountClient {
		return nil
	}
	var told struct {
		Transaction string `json:"transaction"`
	}
	if err := json.Unmarshal(a.context.SignIn, &told); err != nil || told.Transaction == "" {
		return err
	}
	at := p.now()
	return p.Transaction(r.Context(), &tillit.Transaction{
		Realm: a.realm.name, ID: told.Transaction, Client: a.client.ID, Person: a.person.ID, ACR: a.facts.SignIn.ACR,
		Signals: tillit.Signals{
			Address: p.addressOf(r).String(), UserAgent: signal(r, "User-Agent"), Languages: signal(r, "Accept-Language"),
			Platform: strings.Trim(signal(r, "Sec-CH-UA-Platform"), `"`),
		},
		Began: at, Expires: at + signalsLast,
	})
}

// signal is what a header says, as far as it is kept.
func signal(r *http.Request, header string) string {
	value := strings.ToValidUTF8(r.Header.Get(header), "")
	if len(value) > mostSignal {
		value = strings.ToValidUTF8(value[:mostSignal], "")
	}
	return value
}
