package facts

// furtherFacts are facts of the standards too: rules of docs/rules.md that nothing
// else tries from outside, and what clients may be held to.
var furtherFacts = []Fact{
	{
		ID: "standards/27", Realm: "buypass", Seed: "standard",
		Text:  "A parameter that stands twice is invalid_request; an empty one counts as not sent, and one that nobody knows is ignored (RFC 6749 §3.1).",
		Check: standardsRepeated,
		Fault: Fault{Server: "parameters stand once"},
	},
	{
		ID: "standards/28", Realm: "buypass", Seed: "standard",
		Text:  "Where client_id or redirect_uri stands twice the person sees a page; nobody is redirected anywhere (RFC 6749 §4.1.2.1).",
		Check: standardsRepeatedAddress,
		Fault: Fault{Server: "parameters that decide where to answer stand once"},
	},
	{
		ID: "standards/29", Realm: "buypass", Seed: "standard",
		Text:  "A request that asked for openid and lost it is refused, also where other scopes that are not the client's are left out: no sign-in becomes plain OAuth by itself.",
		Check: standardsLostOpenID,
		Fault: Fault{Rule: "not_provisioned"},
	},
	{
		ID: "standards/30", Realm: "buypass", Seed: "standard",
		Text:  "A scope that was taken from the client is gone from the next token, its scope and UserInfo; what is left goes on.",
		Check: standardsTakenScope,
		Fault: Fault{Rule: "not_provisioned"},
	},
	{
		ID: "standards/31", Realm: "buypass", Seed: "standard",
		Text:  "Scopes and authorization_details are asked for on one page, and either is given without the other (RFC 9396 §6).",
		Check: standardsDetailsBesideScopes,
		Fault: Fault{Rule: "consent_declined"},
	},
	{
		ID: "standards/32", Realm: "buypass", Seed: "standard",
		Text:  "The member userinfo of claims counts for nothing where no access token comes of the request: nobody is asked, and no claim moves to the ID Token (OIDC Core §5.5).",
		Check: standardsUserInfoMember,
		Fault: Fault{Rule: "wrong_sink"},
	},
	{
		ID: "standards/33", Realm: "buypass", Seed: "standard",
		Text:  "null, essential, value and values are taken; value beside values, or what is no JSON object, is invalid_request (OIDC Core §5.5.1).",
		Check: standardsClaimMembers,
		Fault: Fault{Server: "claims is well formed"},
	},
	{
		ID: "standards/34", Realm: "buypass", Seed: "standard",
		Text:  "The ID Token beside a code and the one that the code brings have the same iss, sub, aud and auth_time, and the same values of what stands in both (OIDC Core §3.3.3.6).",
		Check: standardsHybridAgrees,
		Fault: Fault{Old: "name: {value: person.name,", New: "name: {value: grant.token_type,"},
	},
	{
		ID: "standards/35", Realm: "buypass", Seed: "standard",
		Text:  "Where the realm wants nonces, a DPoP proof without one that was given lately gets use_dpop_nonce and the header DPoP-Nonce, at the token endpoint, when pushing and at UserInfo (RFC 9449 §8, §9).",
		Check: standardsProofNonce,
		Fault: Fault{Server: "proofs bear a nonce"},
	},
	{
		ID: "standards/36", Realm: "buypass", Seed: "standard",
		Text:  "Scripts of any origin read discovery, keys, tokens and UserInfo, with every header that they need and never with cookies; no page is theirs to read.",
		Check: standardsScripts,
		Fault: Fault{Server: "scripts read what clients ask for"},
	},
	{
		ID: "standards/37", Realm: "buypass", Seed: "standard",
		Text:  "Where the realm does not say so no client registers itself: 404, and no registration_endpoint is published (RFC 7591 §3).",
		Check: standardsNoRegistration,
		Fault: Fault{Old: "features: [par, request_object, dpop]", New: "features: [par, request_object, registration, dpop]"},
	},
	{
		ID: "standards/38", Realm: "buypass", Seed: "standard",
		Text:  "A client that registers itself gets no scope that is the operator's to give, and may never ask for more than it registered with (RFC 7591 §2).",
		Check: standardsRegisteredScopes,
		Fault: Fault{Old: "    claims: [bp_nnin_sub]", New: "    eligible: self_service\n    claims: [bp_nnin_sub]"},
	},
	{
		ID: "standards/39", Realm: "buypass", Seed: "standard",
		Text:  "A request object by reference is read at an address that the client registered; any other is invalid_request_uri, and nobody fetches it (RFC 9101 §5.2).",
		Check: standardsByReference,
		Fault: Fault{Server: "request_uri is one of the client's"},
	},
	{
		ID: "standards/40", Realm: "buypass", Seed: "standard",
		Text:  "A client of the FAPI 2.0 Security Profile has to push its requests (§5.3.2.2).",
		Check: standardsProfilePushes,
		Fault: Fault{Server: "the request was pushed"},
	},
	{
		ID: "standards/41", Realm: "buypass", Seed: "standard",
		Text:  "A client of the FAPI 2.0 Security Profile gets no token but one that is bound to its key, by refresh too (§5.3.2.1).",
		Check: standardsProfileBinds,
		Fault: Fault{Server: "tokens of the client are bound"},
	},
	{
		ID: "standards/42", Realm: "buypass", Seed: "standard",
		Text:  "A client of the FAPI 2.0 Security Profile cannot sign by RS256, neither who it is nor a proof (§5.4.1).",
		Check: standardsProfileAlgorithms,
		Fault: Fault{Server: "algorithms of the profile"},
	},
	{
		ID: "standards/43", Realm: "buypass", Seed: "standard",
		Text:  "A client of the FAPI 2.0 Security Profile cannot show a secret for who it is (§5.3.2.1).",
		Check: standardsProfileSecrets,
		Fault: Fault{Server: "authentication of the profile"},
	},
	{
		ID: "standards/44", Realm: "buypass", Seed: "standard",
		Text:  "When a person signs out, every client of the session with a backchannel_logout_uri is told by a signed token of its own that has events, sub and sid, and no nonce (Back-Channel Logout §2.4).",
		Check: standardsToldOfLogout,
		Fault: Fault{Server: "clients hear of logouts"},
	},
	{
		ID: "standards/45", Realm: "buypass", Seed: "standard",
		Text:  "A token bound to a client's certificate gets 401 at UserInfo with another certificate or none; without any the client that is registered for it gets none (RFC 8705 §3).",
		Check: standardsCertificateBinds,
		Fault: Fault{Server: "a bound token comes with its certificate"},
	},
	{
		ID: "standards/46", Realm: "buypass", Seed: "standard",
		Text:  "authorization_details with a code or a refresh token narrow that one token and never widen it; the token response says what the token has, and the grant keeps all (RFC 9396 §6).",
		Check: standardsDetailsNarrow,
		Fault: Fault{Server: "authorization_details narrow a token"},
	},
	{
		ID: "standards/47", Realm: "buypass", Seed: "standard",
		Text:  "A token for one resource has no details of another, and a resource server that introspects sees those alone that are for it (RFC 9396 §6, §9.2).",
		Check: standardsDetailsOfResource,
		Fault: Fault{Old: "    server: myservice\n    narrows: [actions]", New: "    narrows: [actions]"},
	},
}
