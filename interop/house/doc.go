// Package house runs the command for tests that look at it from outside.
//
//	Run ─▶ go build ─▶ tillit dev ─▶ House{Base, Fixtures} ─▶ the package's tests
//	                                      └─▶ Person walks pages ─▶ where it ended
//
// It knows what the outside contract says, nothing of the inside.
package house
