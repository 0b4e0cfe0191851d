package wiring

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

// auditRealm owns the keys that sign checkpoints: no realm has the empty name.
const auditRealm = ""

// checkpointType is the typ of a checkpoint's header.
const checkpointType = "audit-checkpoint"

// A checkpoint says where a chain stood; whoever rewrites the chain afterwards
// would have to sign this again.
type checkpoint struct {
	Chain string `json:"chain"`
	Seq   int64  `json:"seq"`
	Hash  string `json:"hash"` // hex of the SHA-256 of the last record
	At    int64  `json:"iat"`
}

// checkpoint signs where this process's chains stand, those that have moved since.
func (h *House) checkpoint(ctx context.Context) error {
	heads, err := h.Store.Heads(ctx)
	if err != nil {
		return err
	}
	for _, head := range heads {
		body, err := json.Marshal(checkpoint{head.Chain, head.Seq, hex.EncodeToString(head.Hash), h.Now().Unix()})
		if err != nil {
			return err
		}
		jws, err := h.Keys.Sign(ctx, auditRealm, "ES256", checkpointType, body)
		if err != nil {
			return fmt.Errorf("audit checkpoint: %w", err)
		}
		if err := h.Store.PutCheckpoint(ctx, head.Chain, head.Seq, head.Hash, jws); err != nil {
			return err
		}
	}
	return nil
}

// VerifyAudit computes the chains anew and checks the signature of every
// checkpoint. forged names the first checkpoint that is not what we signed, ""
// when all are.
func (h *House) VerifyAudit(ctx context.Context) (report store.AuditReport, forged string, err error) {
	if report, err = h.Store.VerifyAudit(ctx); err != nil {
		return report, "", err
	}
	forged, err = VerifyCheckpoints(ctx, h.Store, h.Keys)
	return report, forged, err
}

// VerifyCheckpoints names the first checkpoint of a store whose signature is not
// by its keys, "" when all are. Under another master key than theirs none is.
func VerifyCheckpoints(ctx context.Context, kept *store.Store, keys *token.Ring) (forged string, err error) {
	points, err := kept.Checkpoints(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range points {
		body, typ, _, err := keys.Verify(ctx, auditRealm, p.JWS)
		var signed checkpoint
		if err != nil || typ != checkpointType || json.Unmarshal(body, &signed) != nil ||
			signed.Chain != p.Chain || signed.Seq != p.Seq || signed.Hash != hex.EncodeToString(p.Hash) {
			return fmt.Sprintf("checkpoint of chain %s at record %d", p.Chain, p.Seq), nil
		}
	}
	return "", nil
}
