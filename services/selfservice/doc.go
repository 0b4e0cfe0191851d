// Package selfservice is what the APIs have in common by which organizations
// keep what is theirs: who calls, how a body is read, and how an answer and a
// refusal look.
//
//	token ──Callers──▶ organization, operator? ──▶ handler ──▶ JSON
//	                                                  └─ objections ──▶ the error envelope
//
// It owns the envelope and the codes in it, and knows nothing of what is kept.
package selfservice
