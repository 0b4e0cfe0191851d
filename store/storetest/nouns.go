package storetest

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/tillit/tillit"
)

const (
	realm     = "here"
	elsewhere = "elsewhere" // sees nothing of what is here
	now       = int64(1_800_000_000)
)

func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func grant(id string) *tillit.Grant {
	return &tillit.Grant{
		ID: id, Realm: realm, Client: "shop", Person: "p1", Subject: "s1", Session: "sid1",
		Ask:     tillit.Ask{Endpoint: tillit.AtAuthorization, ResponseType: "code", Scopes: []tillit.ScopeName{"openid", "profile"}},
		Facts:   tillit.Facts{Now: now, Consent: tillit.Consent{Asked: true, Agreed: []tillit.Agreement{{Item: "profile", Claims: []tillit.ClaimName{"name"}, At: now}}}},
		Shape:   tillit.Shape{Scopes: []tillit.ScopeName{"openid", "profile"}, IDToken: true, Refresh: true},
		Context: tillit.Context{Nonce: "n", SignIn: json.RawMessage(`{"a":1}`), AMR: []string{"otp"}},
		Catalog: "v1", Revision: 3, Created: now, Expires: now + 1000,
	}
}

func code(secret string) *tillit.Code {
	return &tillit.Code{
		Realm: realm, Hash: hash(secret), Client: "shop", RedirectURI: "https://shop.example/cb", RedirectURISent: true,
		Challenge: "c", Grant: *grant("grant of " + secret), Expires: now + 60,
	}
}

func refresh(secret, grant string) *tillit.Refresh {
	return &tillit.Refresh{Realm: realm, Hash: hash(secret), Grant: grant, Client: "shop", Created: now, Expires: now + 500}
}

func opaque(secret, grant string) *tillit.OpaqueToken {
	return &tillit.OpaqueToken{Realm: realm, Hash: hash(secret), Grant: grant, JTI: "jti of " + secret, Claims: json.RawMessage(`{"scope":"openid"}`), Expires: now + 100}
}

func interaction(id string) *tillit.Interaction {
	return &tillit.Interaction{
		Realm: realm, ID: id, Browser: hash("cookie"), Purpose: "authorize", Client: "shop",
		Request: json.RawMessage(`{"state":"x"}`), Ask: grant("").Ask, Facts: tillit.Facts{Now: now},
		Context: tillit.Context{Nonce: "n"}, Language: "nb", Catalog: "v1", Created: now, Expires: now + 600,
	}
}

func session(cookie, sid string) *tillit.Session {
	return &tillit.Session{
		Realm: realm, Hash: hash(cookie), ID: sid, Person: "p1",
		SignIn:  tillit.SignIn{Way: "bid", ACR: "high", Level: 4, Used: []string{"otp"}, AuthTime: now},
		Context: tillit.Context{AMR: []string{"otp"}}, Account: true, Created: now, LastSeen: now, Expires: now + 600,
	}
}

func person(id, username, subject string) *tillit.Person {
	return &tillit.Person{
		Realm: realm, ID: id, Username: username, Password: "$argon2id$x", Subject: tillit.Subject(subject),
		Attributes: json.RawMessage(`{"given_name":"Kari"}`), Updated: now,
	}
}

func client(id string) *tillit.Client {
	return &tillit.Client{
		ID: tillit.ClientID(id), Active: true, Type: "merchant", Application: "web", Organization: "310000004",
		AuthMethod: "client_secret_basic", Scopes: []tillit.Provision{{Scope: "openid"}},
	}
}

func remembered(item string) tillit.Remembered {
	return tillit.Remembered{Realm: realm, Person: "p1", Client: "shop", Language: "nb",
		Agreement: tillit.Agreement{Item: item, Claims: []tillit.ClaimName{"name"}, Text: "digest", At: now}}
}
