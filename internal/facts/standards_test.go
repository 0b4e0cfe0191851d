package facts

// standardsFacts are facts of the standards, tried at the realm that is the
// plain OpenID realm.
var standardsFacts = []Fact{
	{
		ID: "standards/1", Realm: "buypass", Seed: "standard",
		Text:  "When less was granted than asked for, the token response has scope, and it lists exactly what was granted (RFC 6749 §3.3).",
		Check: standardsGrantedScope,
		Fault: Fault{Rule: "consent_declined"},
	},
	{
		ID: "standards/2", Realm: "buypass", Seed: "standard",
		Text:  "Scopes in another order, or written twice, give the same result (RFC 6749 §3.3).",
		Check: standardsScopeSet,
		Fault: Fault{Old: "{value: person.email, brings", New: `{value: "grant.scopes[0]", brings`},
	},
	{
		ID: "standards/3", Realm: "buypass", Seed: "standard",
		Text:  "A refresh for fewer scopes narrows that access token alone; the next refresh without scope gives the original ones (RFC 6749 §6).",
		Check: standardsRefreshNarrows,
		Fault: Fault{Server: "scope narrows a refresh"},
	},
	{
		ID: "standards/4", Realm: "buypass", Seed: "standard",
		Text:  "A refresh for a scope that was not granted gets 400 invalid_scope, and the refresh token stays good (RFC 6749 §6).",
		Check: standardsRefreshWider,
		Fault: Fault{Server: "scope narrows a refresh"},
	},
	{
		ID: "standards/5", Realm: "buypass", Seed: "standard",
		Text:  "offline_access with response_type=id_token is left out without an error (OIDC Core §11).",
		Check: standardsNoOfflineAccess,
		Fault: Fault{Rule: "cannot_refresh"},
	},
	{
		ID: "standards/6", Realm: "buypass", Seed: "standard",
		Text:  "prompt=none for something nobody has agreed to yet gets consent_required (OIDC Core §3.1.2.6).",
		Check: standardsConsentRequired,
		Fault: Fault{Rule: "consent_missing"},
	},
	{
		ID: "standards/7", Realm: "buypass", Seed: "standard",
		Text:  "A claim asked for in the userinfo member of claims comes at UserInfo and does not leak into the ID Token (OIDC Core §5.5).",
		Check: standardsSingleClaim,
		Fault: Fault{Old: "jti, nonce, acr, amr, sid, at_hash, c_hash]", New: "jti, nonce, acr, amr, sid, at_hash, c_hash]\n    claims: [name]"},
	},
	{
		ID: "standards/8", Realm: "buypass", Seed: "standard",
		Text:  "An unknown claim, even an essential one, is no error and is not made up (OIDC Core §5.5.1).",
		Check: standardsUnknownClaim,
		Fault: Fault{Old: " nickname", New: " hovercraft", All: true},
	},
	{
		ID: "standards/9", Realm: "buypass", Seed: "standard",
		Text:  "An essential acr that no way to sign in can reach ends in an error; no token is issued (OIDC Core §5.5.1.1).",
		Check: standardsUnattainable,
		Fault: Fault{Old: "high: {framework: eidas, level: 4}", New: "high: {framework: eidas, level: 4, aliases: ['urn:example:unattainable']}"},
	},
	{
		ID: "standards/10", Realm: "buypass", Seed: "standard",
		Text:  "A request for the sub of one person yields no token when another one signs in (OIDC Core §5.5.1).",
		Check: standardsOtherPerson,
		Fault: Fault{Rule: "wrong_person"},
	},
	{
		ID: "standards/11", Realm: "buypass", Seed: "standard",
		Text:  "A claim the client is not provisioned for is left out although it asks by the claims parameter; that is no way around provisioning.",
		Check: standardsNoBypass,
		Fault: Fault{Rule: "not_provisioned"},
	},
	{
		ID: "standards/12", Realm: "buypass", Seed: "standard",
		Text:  "With response_type=id_token the claims of a scope stand in the ID Token, for there is no UserInfo (OIDC Core §5.4).",
		Check: standardsClaimsInIDToken,
		Fault: Fault{Old: "may_also: [id_token, access_token, introspection]", New: "may_also: [access_token, introspection]"},
	},
	{
		ID: "standards/13", Realm: "buypass", Seed: "standard",
		Text:  "Scopes of two APIs and resource naming one give a token for that one, with its scopes alone (RFC 8707 §2.2).",
		Check: standardsResource,
		Fault: Fault{Rule: "other_resource"},
	},
	{
		ID: "standards/14", Realm: "buypass", Seed: "standard",
		Text:  "A resource nobody registered gets invalid_target (RFC 8707 §2).",
		Check: standardsUnknownResource,
		Fault: Fault{Rule: "unknown_resource"},
	},
	{
		ID: "standards/15", Realm: "buypass", Seed: "standard",
		Text:  "authorization_details with an unknown field get invalid_authorization_details (RFC 9396 §5).",
		Check: standardsDetails,
		Fault: Fault{Rule: "unknown_details_field"},
	},
	{
		ID: "standards/16", Realm: "buypass", Seed: "standard",
		Text:  "A resource server that introspects a token for two sees its own scopes alone; one the token is not for hears that it is inactive (RFC 7662 §2.2).",
		Check: standardsIntrospectionNarrowed,
		Fault: Fault{Server: "introspection is narrowed"},
	},
	{
		ID: "standards/17", Realm: "buypass", Seed: "standard",
		Text:  "A client assertion whose audience is the token endpoint, or a list, is refused when pushed.",
		Check: standardsAssertionAudience,
		Fault: Fault{Server: "an assertion is for the issuer alone"},
	},
	{
		ID: "standards/18", Realm: "buypass", Seed: "standard",
		Text:  "A request_uri opened twice before signing in works the second time too; once the request has ended it is refused (RFC 9126 §4).",
		Check: standardsRequestURI,
		Fault: Fault{Server: "a request_uri is used once"},
	},
	{
		ID: "standards/19", Realm: "buypass", Seed: "standard",
		Text:  "A code redeemed twice gets invalid_grant, and the tokens of the first time are revoked (RFC 6749 §4.1.2).",
		Check: standardsCodeReuse,
		Fault: Fault{Server: "reuse revokes the grant"},
	},
	{
		ID: "standards/20", Realm: "buypass", Seed: "standard",
		Text:  "A code_challenge without code_challenge_method is refused; plain is never assumed (RFC 7636 §4.3, RFC 9700 §2.1.1).",
		Check: standardsChallengeMethod,
		Fault: Fault{Server: "PKCE is present"},
	},
	{
		ID: "standards/21", Realm: "buypass", Seed: "standard",
		Text:  "A token bound by DPoP gets 401 when it is sent as a bearer token (RFC 9449 §7.1).",
		Check: standardsBoundToken,
		Fault: Fault{Server: "bound token is no Bearer"},
	},
	{
		ID: "standards/22", Realm: "buypass", Seed: "standard", Pending: "dynamic registration",
		Text: "A software statement with fewer scopes than the request around it wins (RFC 7591 §2.3).",
	},
	{
		ID: "standards/23", Realm: "buypass", Seed: "standard",
		Text:  "Signing out without a hint redirects nowhere, whatever post_logout_redirect_uri says (RP-Initiated Logout §3).",
		Check: standardsLogoutWithoutHint,
		Fault: Fault{Server: "a redirect after logout wants a client"},
	},
	{
		ID: "standards/24", Realm: "buypass", Seed: "standard",
		Text:  "Clients of one sector see the same pairwise sub, clients of another sector another one (OIDC Core §8.1).",
		Check: standardsPairwise,
		Fault: Fault{Demo: true, Old: "sector: bokhandel.example", New: "sector: avisa.example"},
	},
	{
		ID: "standards/25", Realm: "buypass", Seed: "standard", Pending: "verified claims",
		Text: "verified_claims asked for in userinfo alone are not in the ID Token (OpenID Identity Assurance).",
	},
	{
		ID: "standards/26", Realm: "buypass", Seed: "standard",
		Text:  "claims_locales brings the value in that language where there is one, and is never an error (OIDC Core §5.2).",
		Check: standardsLanguages,
		Fault: Fault{Old: "name: {value: person.name,", New: "name: {value: 'person.name + \"\"',"},
	},
}
