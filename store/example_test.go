package store_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

// A code is redeemed once, whoever else tries.
func Example() {
	ctx := context.Background()
	s, err := store.Open(ctx, ":memory:", store.Options{Stamp: store.StampDev})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	i := &tillit.Interaction{Realm: "here", ID: "i", Created: 1, Expires: 600}
	grant := tillit.Grant{ID: "g", Realm: "here", Client: "shop", Created: 1, Expires: 3600}
	code := &tillit.Code{Realm: "here", Hash: []byte("sha-256 of the code"), Client: "shop", Grant: grant, Expires: 60}
	if err := s.SaveInteraction(ctx, i); err != nil {
		log.Fatal(err)
	}
	if err := s.FinishInteraction(ctx, i, code, nil, nil, nil); err != nil {
		log.Fatal(err)
	}
	issued := &tillit.AuditRecord{Realm: "here", Time: 10, Event: "issued", Grant: "g"}
	fmt.Println(s.RedeemCode(ctx, code, &grant, nil, nil, issued))
	fmt.Println(errors.Is(s.RedeemCode(ctx, code, &grant, nil, nil, issued), tillit.ErrSpent))
	// Output:
	// <nil>
	// true
}
