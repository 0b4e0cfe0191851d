// Package signdoc is a resource server for documents that a person signs: a
// client leaves an order, sends the person to the authorization endpoint with the
// order's id, and collects the signatures.
//
//	POST   {base}/signdoc         scope Orders    leaves texts and PDFs: 201 {"sign_id"}
//	POST   {base}/signdoc/pades   scope Orders    leaves PDFs that become signed PDFs
//	GET    {base}/signdoc?sign_id=                state, and once signed the result
//	DELETE {base}/signdoc?sign_id=                the result for the last time, or a cancelled order
//
//	ORDER_RECEIVED ─▶ USER_SIGNING ─┬▶ SIGN_COMPLETED
//	       │                        ├▶ CANCELLED
//	       └─▶ (deleted)            └▶ FAILED           each ends in EXPIRED
//
// An order is read by the client that left it, and with a person's token by
// whoever that token binds to it; to everybody else there is no such order.
// Documents go to and come from the store in parts: none is ever whole in memory.
//
// The page on which the person signs is not here. It calls Check, Admit,
// Document, Sign and Decline, and brings the hands that sign.
package signdoc
