package facts

// buypassFacts are the facts of the realm buypass, from Buypass's public pages
// about scopes, claims and security domains and from the standards they point
// to.
var buypassFacts = []Fact{
	{
		ID: "buypass/1", Realm: "buypass", Seed: "002",
		Text:  "A code asked for with openid yields an ID Token that names the person by sub.",
		Check: buypassIDToken,
		Fault: Fault{Old: "protocol: [iss, sub, aud, azp,", New: "protocol: [iss, aud, azp,"},
	},
	{
		ID: "buypass/2", Realm: "buypass", Seed: "002",
		Text:  "openid profile email phone makes UserInfo return what is held of the person's profile, e-mail address and phone number, and no address.",
		Check: buypassStandardScopes,
		Fault: Fault{Old: "claims: [phone_number, phone_number_verified]", New: "claims: [phone_number_verified, address]"},
	},
	{
		ID: "buypass/3", Realm: "buypass", Seed: "002",
		Text:  "The order of scopes means nothing: email openid and openid email give the same.",
		Check: buypassOrder,
		Fault: Fault{Old: "{value: person.email, brings", New: `{value: "grant.scopes[0]", brings`},
	},
	{
		ID: "buypass/4", Realm: "buypass", Seed: "002",
		Text:  "OpenID is not openid: scopes are compared byte by byte.",
		Check: buypassCase,
		Fault: Fault{Old: "unknown_scope: refuse", New: "unknown_scope: drop"},
	},
	{
		ID: "buypass/5", Realm: "buypass", Seed: "002",
		Text:  "A comma separates nothing: openid,email is one unknown scope, and no e-mail address comes of it.",
		Check: buypassComma,
		Fault: Fault{Old: "unknown_scope: refuse", New: "unknown_scope: drop"},
	},
	{
		ID: "buypass/6", Realm: "buypass", Seed: "002",
		Text:  "A client that may have three scopes of an API and asks for one gets an access token with exactly that one.",
		Check: buypassOneOfThree,
		Fault: Fault{Old: "iat, jti, client_id, scope, auth_time,", New: "iat, jti, client_id, auth_time,"},
	},
	{
		ID: "buypass/7", Realm: "buypass", Seed: "002",
		Text:  "A token with the read scope is refused with 403 insufficient_scope where the API wants the delete scope.",
		Check: buypassReadIsNotDelete,
		Fault: Fault{Demo: true, Old: "delete: myservice.data_delete", New: "delete: myservice.data_read"},
	},
	{
		ID: "buypass/8", Realm: "buypass", Seed: "002",
		Text:  "The write scope does not imply the read scope: reading with it is refused with 403.",
		Check: buypassWriteIsNotRead,
		Fault: Fault{Demo: true, Old: "read: myservice.data_read", New: "read: myservice.data_write"},
	},
	{
		ID: "buypass/9", Realm: "buypass", Seed: "002",
		Text:  "A valid access token without scopes opens nothing that wants one: UserInfo answers 403 insufficient_scope, although the token is good.",
		Check: buypassScopelessOpensNothing,
		Fault: Fault{Server: "UserInfo wants its scope"},
	},
	{
		ID: "buypass/10", Realm: "buypass", Seed: "002",
		Text:  "A valid access token without scopes introspects as active and lists no scope.",
		Check: buypassScopelessIsActive,
		Fault: Fault{Old: "without_scope: allow", New: "without_scope: refuse"},
	},
	{
		ID: "buypass/11", Realm: "buypass", Seed: "002",
		Text:  "A scope of one realm means nothing in another: there it is unknown.",
		Check: buypassScopeOfOneRealm,
		Fault: Fault{Realm: "bankid", Old: "  openid:\n", New: "  bpid: {title: {nb: Nummer, nn: Nummer, en: Number}, eligible: any}\n  openid:\n"},
	},
	{
		ID: "buypass/12", Realm: "buypass", Seed: "002",
		Text:  "A scope that two realms have under one name means in each what that realm says.",
		Check: buypassOwnMeaning,
		Fault: Fault{Realm: "bankid", Old: "claims: [phone_number, phone_number_verified, all_phone_numbers]", New: "claims: [phone_number, phone_number_verified]"},
	},
	{
		ID: "buypass/13", Realm: "buypass", Seed: "002",
		Text:  "A scope that yields a claim of the realm's own delivers it to every place it is put for the client; without the scope it is in none of them.",
		Check: buypassCustomClaim,
		Fault: Fault{Old: "claims: [bp_id_sub]", New: "claims: []"},
	},
	{
		ID: "buypass/14", Realm: "buypass", Seed: "002",
		Text:  "When a scope is mapped to another claim in the realm's file, new tokens follow, and no code has changed.",
		Check: buypassRemapped,
		Fault: Fault{Old: "  bp_sub:\n", New: "  bp_sub:\n    state: disabled\n"},
	},
	{
		ID: "buypass/15", Realm: "buypass", Seed: "002",
		Text:  "What a scope authorises can be looked up in the ID Token, at UserInfo or by introspection.",
		Check: buypassThreePlaces,
		Fault: Fault{Demo: true, Old: "bp_id_sub: [access_token, introspection]", New: "bp_id_sub: [id_token]"},
	},
	{
		ID: "buypass/16", Realm: "buypass", Seed: "002",
		Text:  "openid and a scope of an API asked for together give one access token, good for UserInfo and for the API.",
		Check: buypassOneToken,
		Fault: Fault{Old: `"myservice.*": {at: [authorization, token]`, New: `"myservice.*": {at: [token]`},
	},
	{
		ID: "buypass/17", Realm: "buypass", Seed: "002",
		Text:  "client_credentials with a scope of the client's gives a token with it and no ID Token.",
		Check: buypassMachine,
		Fault: Fault{Old: `"myservice.*": {at: [authorization, token]`, New: `"myservice.*": {at: [authorization]`},
	},
	{
		ID: "buypass/18", Realm: "buypass", Seed: "002",
		Text:  "Where a realm allows plain OAuth, a request without openid yields no ID Token, and UserInfo refuses its access token.",
		Check: buypassPlainOAuth,
		Fault: Fault{Server: "UserInfo wants its scope"},
	},
	{
		ID: "buypass/19", Realm: "buypass", Seed: "docs",
		Text:  "Each realm has its own issuer, endpoints and keys, and a token of one is no good in another.",
		Check: buypassRealmsApart,
		Fault: Fault{Server: "each realm is an issuer of its own"},
	},
	{
		ID: "buypass/20", Realm: "buypass", Seed: "docs",
		Text:  "A realm that wants openid refuses a request without it by redirect, with invalid_scope.",
		Check: buypassNeedsOpenID,
		Fault: Fault{Old: "without_openid: refuse", New: "without_openid: oauth"},
	},
	{
		ID: "buypass/21", Realm: "buypass", Seed: "docs",
		Text:  "A scope that the realm has but the client does not is never granted; here the request is refused with invalid_scope.",
		Check: buypassUnassigned,
		Fault: Fault{Rule: "not_provisioned"},
	},
	{
		ID: "buypass/22", Realm: "buypass", Seed: "docs",
		Text:  "bpid and bpnnin release bp_id_sub and bp_nnin_sub, the latter as a string of eleven characters.",
		Check: buypassNumbers,
		Fault: Fault{Old: "claims: [bp_nnin_sub]", New: "claims: []"},
	},
	{
		ID: "buypass/23", Realm: "buypass", Seed: "docs",
		Text:  "openid alone may bring bp_sub and never the national identity number.",
		Check: buypassOpenIDAlone,
		Fault: Fault{Old: "claims: [bp_sub]", New: "claims: [bp_sub, bp_nnin_sub]"},
	},
	{
		ID: "buypass/24", Realm: "buypass", Seed: "docs",
		Text:  "bpx509certificate after a sign-in without a certificate: the claim is missing and the sign-in succeeds.",
		Check: buypassNoCertificate,
		Fault: Fault{Old: "value: sign_in.certificate.pem", New: `value: '"none"'`},
	},
	{
		ID: "buypass/25", Realm: "buypass", Seed: "docs",
		Text:  "Where a claim is put is said per client: the e-mail address stands in one client's ID Token and not in the other's, and UserInfo has it for both.",
		Check: buypassPlaced,
		Fault: Fault{Demo: true, Old: "email: [id_token]", New: "email: [access_token]"},
	},
	{
		ID: "buypass/26", Realm: "buypass", Seed: "docs",
		Text:  "Introspecting an active access token gives the token's own claims and active.",
		Check: buypassIntrospectionEqualsToken,
		Fault: Fault{Old: "client_id, scope, auth_time, acr, amr, sid, cnf]", New: "client_id, scope, auth_time, acr, amr, sid, cnf]\n  introspection:\n    claims: [bp_sub]"},
	},
	{
		ID: "buypass/27", Realm: "buypass", Seed: "docs",
		Text:  "scope sent along with a code is ignored; what was agreed to at the authorization endpoint counts.",
		Check: buypassScopeAtExchange,
		Fault: Fault{Server: "scope beside a code is ignored"},
	},
	{
		ID: "buypass/28", Realm: "buypass", Seed: "docs",
		Text:  "client_credentials without scope gives the client's default scopes, or none, and is no error.",
		Check: buypassNoScopeAsked,
		Fault: Fault{Old: "without_scope: allow", New: "without_scope: refuse"},
	},
	{
		ID: "buypass/29", Realm: "buypass", Seed: "docs", Pending: "signed client authentication",
		Text: "Where only private_key_jwt is allowed, a posted secret gets 401 invalid_client.",
	},
	{
		ID: "buypass/30", Realm: "buypass", Seed: "docs",
		Text:  "A redirect URI that differs by one character from the registered one shows an error page and redirects nowhere.",
		Check: buypassRedirectURI,
		Fault: Fault{Server: "redirect_uri is one of the client's"},
	},
	{
		ID: "buypass/31", Realm: "buypass", Seed: "docs", Pending: "response types of the front channel",
		Text: "An ID Token from the authorization endpoint without nonce in the request is refused with invalid_request.",
	},
	{
		ID: "buypass/32", Realm: "buypass", Seed: "docs",
		Text:  "nonce comes back in the ID Token exactly as it was sent.",
		Check: buypassNonce,
		Fault: Fault{Old: "jti, nonce, acr, amr, sid, at_hash, c_hash]", New: "jti, acr, amr, sid, at_hash, c_hash]"},
	},
	{
		ID: "buypass/33", Realm: "buypass", Seed: "docs",
		Text:  "However somebody signs in, amr is an array and acr a string.",
		Check: buypassHowSignedIn,
		Fault: Fault{Old: "amr: [pwd]", New: "amr: pwd"},
	},
	{
		ID: "buypass/34", Realm: "buypass", Seed: "docs",
		Text:  "UserInfo answers 401 without a token, and a JSON object with sub to GET with a good one.",
		Check: buypassUserInfo,
		Fault: Fault{Old: "  userinfo:\n    protocol: [sub]", New: "  userinfo:\n    format: jwt\n    protocol: [sub]"},
	},
	{
		ID: "buypass/35", Realm: "buypass", Seed: "docs", Pending: "administration of people",
		Text: "A sub that was retired is never given to another person.",
	},
	{
		ID: "buypass/36", Realm: "buypass", Seed: "docs",
		Text:  "A claim without a value is left out, never null or empty.",
		Check: buypassNoValue,
		Fault: Fault{Old: "middle_name: {value: person.middle_name,", New: `middle_name: {value: '""', keep_empty: true,`},
	},
}
