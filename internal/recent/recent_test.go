package recent

import (
	"errors"
	"testing"
)

func TestWhatIsInUseStays(t *testing.T) {
	values := New[int, int](10)
	for i := range 1000 {
		values.Put(i, i)
		if kept, ok := values.Get(0); !ok || kept != 0 {
			t.Fatalf("forgotten after %d others", i)
		}
	}
	if n := len(values.young) + len(values.old); n > 20 {
		t.Errorf("%d are remembered; at most twice the size would be right", n)
	}
	if _, ok := values.Get(1); ok {
		t.Error("what nobody asked for again is remembered")
	}
}

func TestAnErrorIsNotRemembered(t *testing.T) {
	values, calls := New[string, int](10), 0
	length := func(text string) (int, error) {
		if calls++; calls == 1 {
			return 0, errors.New("not today")
		}
		return len(text), nil
	}
	if _, err := values.Of("four", length); err == nil {
		t.Error("the error was lost")
	}
	for range 3 {
		if n, err := values.Of("four", length); n != 4 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	}
	if calls != 2 {
		t.Errorf("worked out %d times; 2 would be right", calls)
	}
}
