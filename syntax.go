package tillit

import "fmt"

// A SyntaxError says what of a request is malformed and what would be right.
type SyntaxError struct {
	What  string // the parameter, with a path inside it where it has one
	Value string // the offending part; not for strangers, it may be personal
	Right string // what would be right
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: %q is malformed; right would be %s", e.What, e.Value, e.Right)
}
