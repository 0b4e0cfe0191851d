package tillit

// Reason is the stable code of a verdict. The list is part of the outside
// contract: codes are added, never renamed.
type Reason string

// Given is the reason of everything that was given.
const Given Reason = "given"

// What is asked: from catalog and ask alone.
const (
	UnknownScope       Reason = "unknown_scope"
	ScopeInactive      Reason = "scope_inactive"
	WrongEndpoint      Reason = "wrong_endpoint"
	OpenIDMissing      Reason = "openid_missing"
	Excluded           Reason = "excluded"
	RequirementMissing Reason = "requirement_missing"
	WrongResponseType  Reason = "wrong_response_type"
	ParameterMissing   Reason = "parameter_missing"
	ParameterConflict  Reason = "parameter_conflict"
	NotPrompted        Reason = "not_prompted"
	OtherResource      Reason = "other_resource"
)

// Who asks: the client, its organization, for whom it acts.
const (
	NotProvisioned   Reason = "not_provisioned"
	WrongClientType  Reason = "wrong_client_type"
	NotDelegable     Reason = "not_delegable"
	NotDelegated     Reason = "not_delegated"
	AccessNotGranted Reason = "access_not_granted"
	CannotRefresh    Reason = "cannot_refresh"
)

// What is known: sign-in, acts, consent, the stored grant.
const (
	SignInUnsuitable Reason = "sign_in_unsuitable"
	SignInMissing    Reason = "sign_in_missing"
	ActMissing       Reason = "act_missing"
	ActDeclined      Reason = "act_declined"
	ConsentDeclined  Reason = "consent_declined"
	ConsentMissing   Reason = "consent_missing"
	NotInGrant       Reason = "not_in_grant"
	NotAskedNow      Reason = "not_asked_now" // left out by the scope parameter of a refresh
)

// Of claims. NoValue and ValueMismatch are found when values are fetched.
const (
	UnknownClaim  Reason = "unknown_claim"
	ClaimInactive Reason = "claim_inactive"
	ScopeNotGiven Reason = "scope_not_given"
	WrongSink     Reason = "wrong_sink"
	Withheld      Reason = "withheld"
	NoValue       Reason = "no_value"
	ValueMismatch Reason = "value_mismatch"
	ValueError    Reason = "value_error"
)

// Of resources, authorization details and the request as a whole.
const (
	UnknownResource      Reason = "unknown_resource"
	ResourceNotPermitted Reason = "resource_not_permitted"
	AudienceConflict     Reason = "audience_conflict"

	UnknownDetailsType  Reason = "unknown_details_type"
	UnknownDetailsField Reason = "unknown_details_field"
	MissingDetailsField Reason = "missing_details_field"
	BadDetailsValue     Reason = "bad_details_value"
	DetailsNotPermitted Reason = "details_not_permitted"
	DetailsNotPushed    Reason = "details_not_pushed"
	DetailsNotAlone     Reason = "details_not_alone"
	DetailsNotGranted   Reason = "details_not_granted" // their source knows nothing of it, or no longer

	ScopeMissing   Reason = "scope_missing"
	NothingLeft    Reason = "nothing_left"
	ACRUnmet       Reason = "acr_unmet"
	WrongPerson    Reason = "wrong_person"
	ConsumerIsSelf Reason = "consumer_is_self"
	GrantEnded     Reason = "grant_ended"
)
