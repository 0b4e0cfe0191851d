package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

const (
	owned   = 100 // scopes that one organization owns
	writers = 64  // at once: the store commits what waits together
	bearer  = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// fill puts scopes, clients and grants into the store in a directory. The house
// has been there before: the schema and its own demo data are in place. The last
// owner and the first consumer are the demo data's own: their clients ask.
func fill(directory string, n names, owner, consumer string, s size) error {
	ctx := context.Background()
	kept, err := store.Open(ctx, filepath.Join(directory, "tillit.db"), store.Options{Stamp: store.StampDev})
	if err != nil {
		return err
	}
	owners := organizations((s.scopes + owned - 1) / owned)
	owners[len(owners)-1] = owner
	consumers := organizations(min(s.grants, 2_000))
	consumers[0] = consumer
	at := time.Now().UnixMilli()
	scope := func(i int) tillit.ScopeName { return tillit.ScopeName(prefix(i/owned) + ":s" + strconv.Itoa(i)) }
	for _, list := range [][]string{owners, consumers} {
		err = each(err, len(list), func(i int) error {
			if list[i] == owner || list[i] == consumer {
				return nil
			}
			return kept.PutOrganization(ctx, n.registry, tillit.Organization{Number: list[i], Title: tillit.Text{"nb": "Prøve " + list[i]}})
		})
	}
	err = each(err, len(owners), func(i int) error { return kept.LinkPrefix(ctx, n.registry, prefix(i), owners[i], at, nil) })
	err = each(err, s.scopes, func(i int) error {
		name := scope(i)
		head, rest, _ := tillit.SplitScope(name)
		return kept.CreateScope(ctx, n.registry, &tillit.RegisteredScope{
			Name: name, Prefix: head, Subscope: rest, Owner: owners[i/owned], Active: true, Description: tillit.Text{"nb": "Lese prøvedata"},
			Visibility: tillit.Public, Types: []string{n.kind}, Format: tillit.JWT, Created: at, Updated: at,
		}, nil)
	})
	err = each(err, s.clients, func(i int) error {
		return kept.PutClient(ctx, n.registry, &tillit.Client{
			ID: tillit.ClientID("filled-" + strconv.Itoa(i)), Active: true, Type: n.kind, Application: "web",
			Organization: consumers[i%len(consumers)], AuthMethod: "private_key_jwt", GrantTypes: []string{bearer},
			Scopes: []tillit.Provision{{Scope: scope(i % s.scopes)}},
		})
	})
	err = each(err, s.grants, func(i int) error {
		name := scope(i % s.scopes)
		return kept.BeginAccess(ctx, n.registry, name, consumers[(i/s.scopes+i%s.scopes)%len(consumers)])
	})
	if closing := kept.Close(); err == nil {
		err = closing
	}
	return err
}

func prefix(owner int) string { return "prove" + strconv.Itoa(owner) }

// each does n things, many at once, unless something failed before.
func each(before error, n int, do func(i int) error) error {
	if before != nil {
		return before
	}
	var all sync.WaitGroup
	failures := make([]error, writers)
	for w := range writers {
		all.Go(func() {
			for i := w; i < n && failures[w] == nil; i += writers {
				failures[w] = do(i)
			}
		})
	}
	all.Wait()
	for _, err := range failures {
		if err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	return nil
}

// organizations makes numbers with a right check digit, in the range that no
// organization has (tillit.ValidOrganization).
func organizations(n int) []string {
	var list []string
	for i := 31_200_000; len(list) < n; i++ {
		for digit := range 10 {
			if number := strconv.Itoa(i) + strconv.Itoa(digit); tillit.ValidOrganization(number) {
				list = append(list, number)
			}
		}
	}
	return list
}
