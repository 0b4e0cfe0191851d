package server

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tillit/tillit"
)

// An Error is told to a client or a person: the standard's code and a sentence
// fit for a stranger. Anything that is not an *Error is our fault: the client
// learns nothing of it and the log everything.
type Error struct {
	Code        string        // RFC 6749 §5.2, OIDC Core §3.1.2.6, …
	Description string        // only characters RFC 6749 allows; see clean
	Status      int           // HTTP status of a direct answer; 0: 400
	Reason      tillit.Reason // the verdict behind it, for the log
	Scope       string        // scope= of a Bearer challenge (RFC 6750 §3)
	StepUp      tillit.StepUp // acr_values= and max_age= of a challenge (RFC 9470 §3)
	URI         string        // error_uri
	Trace       string        // finds the line of log; told where the realm tells one
	Basic       bool          // HTTP Basic was attempted: challenge with it
	DPoP        bool          // challenge with scheme DPoP (RFC 9449 §7.1)
	Cause       error         // for the log only
	RetryAfter  int64         // seconds to wait; 0: nothing is said of it
}

func (e *Error) Error() string {
	s := e.Code + ": " + e.Description
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// refuse makes an Error. The description is cleaned of characters that RFC 6749
// does not admit, also where it echoes a bad value.
func refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Description: clean(fmt.Sprintf(format, args...))}
}

// clean keeps %x20-21 / %x23-5B / %x5D-7E (RFC 6749 §5.2), shortened.
func clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"':
			b.WriteByte('\'')
		case r >= 0x20 && r <= 0x7e && r != '\\':
			b.WriteRune(r)
		default:
			b.WriteByte('?')
		}
		if b.Len() >= 300 {
			break
		}
	}
	return b.String()
}

// fromSyntax tells a malformed parameter without its value.
func fromSyntax(code string, err error) error {
	var syntax *tillit.SyntaxError
	if errors.As(err, &syntax) {
		return refuse(code, "%s is malformed; right would be %s", syntax.What, syntax.Right)
	}
	return refuse(code, "malformed")
}

func describe(r *tillit.Refusal) string {
	if r.Reason == tillit.NotInGrant && r.Error == "invalid_authorization_details" {
		return "authorization_details go beyond what was granted"
	}
	what := map[tillit.Reason]string{
		tillit.UnknownScope:         "the scope %s is not known here",
		tillit.ScopeInactive:        "the scope %s is switched off",
		tillit.WrongEndpoint:        "the scope %s cannot be asked for at this endpoint",
		tillit.OpenIDMissing:        "the scope %s needs the scope openid beside it",
		tillit.Excluded:             "the scopes %s and %s exclude each other",
		tillit.RequirementMissing:   "the scope %s needs the scope %s beside it",
		tillit.WrongResponseType:    "the scope %s cannot be given with the response_type %s",
		tillit.ParameterMissing:     "the scope %s needs exactly one of its parameters, for example %s",
		tillit.ParameterConflict:    "the parameter or scope %s conflicts with %s",
		tillit.NotProvisioned:       "the client may not ask for the scope %s",
		tillit.WrongClientType:      "the scope %s is not for clients of this type",
		tillit.AccessNotGranted:     "the owner of the scope %s has not granted access to it",
		tillit.NotDelegable:         "the scope %s cannot be delegated",
		tillit.NotDelegated:         "the scope %s has not been delegated",
		tillit.SignInUnsuitable:     "the scope %s cannot be given with this way to sign in",
		tillit.ActDeclined:          "the person declined what the scope %s asks for",
		tillit.ConsentDeclined:      "the person declined the scope %s",
		tillit.UnknownResource:      "the resource %s is not known here",
		tillit.ResourceNotPermitted: "the client may not use the resource %s",
		tillit.AudienceConflict:     "the scope %s demands another audience than %s",
		tillit.ScopeMissing:         "the parameter scope is missing",
		tillit.NothingLeft:          "nothing that was asked for can be given",
		tillit.ACRUnmet:             "the requested authentication context cannot be reached",
		tillit.WrongPerson:          "another person is signed in than the one asked for",
		tillit.GrantEnded:           "the grant has ended",
		tillit.NotInGrant:           "the scope %s was not granted",
	}[r.Reason]
	switch strings.Count(what, "%s") {
	case 0:
		if what == "" {
			return strings.TrimSpace(string(r.Reason) + " " + r.What)
		}
		return what
	case 1:
		return fmt.Sprintf(what, r.What)
	}
	return fmt.Sprintf(what, r.What, r.Also)
}

// status of a direct answer.
func (e *Error) status() int {
	switch {
	case e.Status != 0:
		return e.Status
	case e.Code == "invalid_client" || e.Code == "invalid_token" || e.Code == "insufficient_user_authentication":
		return http.StatusUnauthorized
	case e.Code == "insufficient_scope":
		return http.StatusForbidden
	case e.Code == "server_error":
		return http.StatusInternalServerError
	case e.Code == "temporarily_unavailable":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// asError gives what may be told of any error.
func asError(err error) *Error {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, tillit.ErrBusy):
		return &Error{Code: "temporarily_unavailable", Description: "too busy, try again", Cause: err}
	}
	return &Error{Code: "server_error", Description: "something went wrong on our side", Cause: err}
}
