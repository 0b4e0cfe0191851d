package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

func certificate(holder string, number int, serial string) *tillit.Certificate {
	return &tillit.Certificate{
		Realm: realm, Kind: tillit.CertificatePerson, Holder: holder, Number: number, Serial: serial,
		DER: []byte("der " + serial), Private: []byte("encrypted"), Issued: now, Expires: now + 100,
	}
}

func certificates(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first, second := certificate("p1", 0, "11"), certificate("p1", 1, "12")
	for _, c := range []*tillit.Certificate{first, second, certificate("p2", 0, "21")} {
		stored, err := s.IssueCertificate(ctx, c)
		must(t, err)
		same(t, stored, c)
	}
	last, err := s.Certificate(ctx, realm, tillit.CertificatePerson, "p1")
	must(t, err)
	same(t, last, second)
	bySerial, err := s.CertificateBySerial(ctx, realm, "11")
	must(t, err)
	same(t, bySerial, first)
	all, err := s.Certificates(ctx, realm)
	must(t, err)
	same(t, all, []tillit.Certificate{*first, *second, *certificate("p2", 0, "21")})

	_, err = s.IssueCertificate(ctx, certificate("p3", 0, "21"))
	wants(t, err, tillit.ErrConflict)
	for _, missing := range []func() error{
		func() error { _, err := s.CertificateBySerial(ctx, elsewhere, "11"); return err },
		func() error { _, err := s.Certificate(ctx, elsewhere, tillit.CertificatePerson, "p1"); return err },
		func() error { _, err := s.Certificate(ctx, realm, tillit.CertificateOrganization, "p1"); return err },
		func() error { return s.RevokeCertificate(ctx, elsewhere, "11", now, 1, nil) },
	} {
		wants(t, missing(), tillit.ErrNotFound)
	}

	must(t, s.RevokeCertificate(ctx, realm, "11", now+5, 4, record("certificate_revoked", now+5)))
	wants(t, s.RevokeCertificate(ctx, realm, "11", now+6, 1, nil), tillit.ErrConflict)
	first.Revoked, first.Reason = now+5, 4
	bySerial, err = s.CertificateBySerial(ctx, realm, "11")
	must(t, err)
	same(t, bySerial, first)
}

func certificateRace(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var mu sync.Mutex
	seen := map[string]bool{}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			stored, err := s.IssueCertificate(ctx, certificate("p1", 0, fmt.Sprint(100+i)))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				seen[err.Error()] = true
				return
			}
			seen[stored.Serial] = true
		})
	}
	all.Wait()
	if len(seen) != 1 {
		t.Fatalf("one certificate is %v", seen)
	}
}
