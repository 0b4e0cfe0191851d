package tillit

import "fmt"

// An Objection is one thing that is wrong with what somebody wants to register.
// Codes are stable: programs go by them.
type Objection struct {
	Code    string
	Field   string // of the registration, "" for the whole
	Message string
	Kind    ObjectionKind
}

// ObjectionKind says what whoever registers can do about it.
type ObjectionKind uint8

const (
	Malformed ObjectionKind = iota // say something else
	Forbidden                      // ask whoever may
	Conflict                       // choose another name
)

// objections gathers them.
type objections struct{ list []Objection }

func (o *objections) say(kind ObjectionKind, code, field, format string, args ...any) {
	o.list = append(o.list, Objection{code, field, fmt.Sprintf(format, args...), kind})
}

// A Registrar is who registers something: an organization, or the operator.
type Registrar struct {
	Organization string // organization number
	Operator     bool
}
