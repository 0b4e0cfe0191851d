package store

import (
	"encoding/json"
	"fmt"

	"github.com/tillit/tillit"
)

// encode writes a noun as a document. Jobs get documents, never nouns: the
// writing goroutine is one for all.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode %T: %w", v, err)
	}
	return string(b), nil
}

func decode(document string, v any) error {
	if err := json.Unmarshal([]byte(document), v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// raw turns a stored text back into JSON; "" was nil.
func raw(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// bytes keeps an absent hash from becoming NULL in a column that has none.
func bytes(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// instant is when a change happens: the latest time that its parts bear.
func instant(record *tillit.AuditRecord, others ...int64) int64 {
	var at int64
	if record != nil {
		at = record.Time
	}
	for _, other := range others {
		at = max(at, other)
	}
	return at
}

// oneRealm says when what is stored together is not of one realm: nothing that is
// issued crosses realms, not even by a mistake above.
func oneRealm(realm string, code *tillit.Code, grant *tillit.Grant, refresh *tillit.Refresh, opaque *tillit.OpaqueToken, record *tillit.AuditRecord) error {
	switch {
	case code != nil && (code.Realm != realm || code.Grant.Realm != realm),
		grant != nil && grant.Realm != realm,
		refresh != nil && refresh.Realm != realm,
		opaque != nil && opaque.Realm != realm,
		record != nil && record.Realm != realm:
		return fmt.Errorf("what is stored together must be of the realm %q", realm)
	}
	return nil
}
