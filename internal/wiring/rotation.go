package wiring

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/tillit/tillit"
)

// A key is published so long before it signs that everybody who keeps a key set
// has it, and so long after that no token it signed is alive.
const (
	publishedBefore = time.Hour
	publishedAfter  = 30 * 24 * time.Hour
)

// rotationClaim is how long a process that began a rotation has for it, before
// another may try (seconds).
const rotationClaim = 600

// rotateKeys makes the next signing keys of realms with a schedule, where the
// present one is about to have signed for as long as it should. Of several
// processes one makes it.
func (h *House) rotateKeys(ctx context.Context) error {
	set := h.Catalogs.Set()
	for _, realm := range set.Realms() {
		settings := &set.Catalog(realm, "").Settings
		if settings.RotateKeys == 0 {
			continue
		}
		for _, algorithm := range settings.Algorithms {
			if err := h.rotateKey(ctx, realm, algorithm, settings.RotateKeys); err != nil {
				return fmt.Errorf("rotate the keys of realm %s: %w", realm, err)
			}
		}
	}
	return nil
}

func (h *House) rotateKey(ctx context.Context, realm, algorithm string, every int64) error {
	stored, err := h.Store.Keys(ctx, realm)
	if err != nil {
		return err
	}
	var last *tillit.SigningKey
	for i := range stored { // in the order in which they begin to sign
		if stored[i].Algorithm == algorithm {
			last = &stored[i]
		}
	}
	now := h.Now()
	if last == nil || now.Add(publishedBefore).Unix() < last.Activates+every {
		return nil
	}
	claim := sha256.Sum256([]byte(algorithm + "\x00" + last.ID))
	err = h.Store.Spend(ctx, realm, "rotation", claim[:], now.Unix(), now.Unix()+rotationClaim)
	if errors.Is(err, tillit.ErrSpent) {
		return nil // somebody else is at it
	}
	if err != nil {
		return err
	}
	id, err := h.Keys.Rotate(ctx, realm, algorithm, now.Add(publishedBefore), publishedAfter)
	if err == nil {
		h.config.Log.Info("a new signing key is published", "realm", realm, "algorithm", algorithm, "kid", id, "signs_in", publishedBefore.String())
	}
	return err
}
