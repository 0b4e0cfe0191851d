package tillittest

import (
	"testing"
	"testing/fstest"

	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/realms"
)

// What providers of one process share must not be told apart from what each
// would have made: realms by every byte of their files, keys never twice in one
// provider.
func TestShared(t *testing.T) {
	files, _, err := narrowed(realms.Files(), fstest.MapFS{}, "buypass")
	if err != nil {
		t.Fatal(err)
	}
	first, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := load(files); err != nil || again != first {
		t.Errorf("the same files were loaded anew (%v)", err)
	}
	changed := fstest.MapFS{"buypass.yaml": {Data: append([]byte("# changed\n"), files.(fstest.MapFS)["buypass.yaml"].Data...)}}
	if other, err := load(changed); err != nil || other == first || other.Version("buypass") == first.Version("buypass") {
		t.Errorf("other files are taken for the same (%v)", err)
	}
	if _, err := load(fstest.MapFS{"a.yaml": {Data: []byte("a: [")}}); err == nil {
		t.Error("faulty files: no error")
	}

	one, two := keys(), keys()
	a, errA := one("ES256")
	b, errB := one("ES256")
	c, errC := two("ES256")
	if errA != nil || errB != nil || errC != nil {
		t.Fatal(errA, errB, errC)
	}
	if a == b {
		t.Error("one provider has a key twice")
	}
	if a != c {
		t.Error("two providers make keys of their own")
	}
}

// BenchmarkStart is what a test pays for a provider when another test of the same
// package has had one, its end included.
func BenchmarkStart(b *testing.B) {
	for _, realm := range []string{"buypass", "idporten"} {
		b.Run(realm, func(b *testing.B) {
			start := func(t TB) { Start(t, realm) }
			facts.Record(b.Context(), start)
			for b.Loop() {
				if failures := facts.Record(b.Context(), start); failures != nil {
					b.Fatal(failures)
				}
			}
		})
	}
}
