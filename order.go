package tillit

import "encoding/json"

// An Order is what a client wants a person to sign. Its documents are kept apart
// from it, in parts.
type Order struct {
	Realm       string
	ID          string
	Server      string // the resource server that took it
	Client      ClientID
	Kind        string // what is made of it, in the service's own word
	Name        string
	State       OrderState // as stored; see At
	Documents   []OrderDocument
	Wanted      []string // what the client wants to collect
	Timeout     int64    // seconds a person may take
	Created     int64
	Deadline    int64  // the present state ends then
	Interaction string // that it is signed in, "" before
	Person      string // who signed, "" before
	Result      json.RawMessage
}

// An OrderDocument is one document of an order, in the client's order.
type OrderDocument struct {
	Description string `json:"description"`
	Type        string `json:"type"` // media type
	Size        int64  `json:"size"` // bytes
	SHA256      []byte `json:"sha256"`
	Place       int    `json:"place"`           // number under which its parts are kept
	Alone       bool   `json:"alone,omitempty"` // signed by the person, not by the client beside
}

// An OrderState is where an order is in its life. It goes forward only.
type OrderState string

const (
	OrderReceived  OrderState = "ORDER_RECEIVED"
	OrderSigning   OrderState = "USER_SIGNING"
	OrderCompleted OrderState = "SIGN_COMPLETED"
	OrderFailed    OrderState = "FAILED"
	OrderCancelled OrderState = "CANCELLED"
	OrderExpired   OrderState = "EXPIRED" // never stored: time does it
)

// At is the order's state at an instant.
func (o *Order) At(now int64) OrderState {
	if now >= o.Deadline {
		return OrderExpired
	}
	return o.State
}
