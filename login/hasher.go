package login

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Cost of a password hash where a [Hasher] does not say otherwise: OWASP's least
// for argon2id.
const (
	defaultMemory = 19 << 10 // KiB
	defaultTime   = 2
	threads       = 1
	saltSize      = 16 // bytes
	keySize       = 32 // bytes
)

// Bounds of what a stored hash may ask for, so that a damaged row cannot take
// the process down.
const (
	mostMemory = 256 << 10 // KiB
	mostTime   = 16
)

// maxPassword bounds a password, in bytes of UTF-8.
const maxPassword = 512

// maxSlots bounds how many proofs are checked at once, and by that how far
// parallel guesses can pass the limit of attempts.
const maxSlots = 8

// A Hasher makes and checks argon2id hashes, written as PHC strings that carry
// their own parameters. A bounded number of them runs at a time: each takes
// Memory.
type Hasher struct {
	memory, time uint32
	random       io.Reader
	slots        chan struct{}
	// derive is argon2.IDKey, but for tests that count the work.
	derive func(password, salt []byte, time, memory uint32, threads uint8, size uint32) []byte
	dummy  string
}

// NewHasher makes a Hasher; memory is in KiB. Zero values mean 19 MiB and two
// passes.
func NewHasher(memory, time uint32, random io.Reader) (*Hasher, error) {
	if memory == 0 {
		memory = defaultMemory
	}
	if time == 0 {
		time = defaultTime
	}
	if memory > mostMemory || time > mostTime {
		return nil, fmt.Errorf("password hash: memory %d KiB, %d passes; right would be at most %d KiB and %d passes", memory, time, mostMemory, mostTime)
	}
	h := &Hasher{memory: memory, time: time, random: random, derive: argon2.IDKey}
	h.slots = make(chan struct{}, min(runtime.GOMAXPROCS(0), maxSlots))
	// Nobody has this hash: the key is all zeros and the salt is never used
	// elsewhere. Names that do not exist are checked against it.
	h.dummy = phc{memory, time, threads, make([]byte, saltSize), make([]byte, keySize)}.String()
	return h, nil
}

// Hash gives a password as it is stored.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if password == "" || len(password) > maxPassword {
		return "", fmt.Errorf("password: %d bytes; right would be 1 to %d", len(password), maxPassword)
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("password: salt: %w", err)
	}
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	p := phc{h.memory, h.time, threads, salt, nil}
	p.key = h.stretch(password, p)
	return p.String(), nil
}

// verify reports whether the password is that of the PHC string. The caller has
// entered. An empty string stands for a person who does not exist: as much work,
// and false.
func (h *Hasher) verify(password, stored string) bool {
	p, err := parsePHC(stored)
	if err != nil {
		p, _ = parsePHC(h.dummy)
	}
	fits := len(password) <= maxPassword
	if !fits {
		password = password[:maxPassword]
	}
	same := subtle.ConstantTimeCompare(h.stretch(password, p), p.key) == 1
	return same && fits && err == nil
}

func (h *Hasher) stretch(password string, p phc) []byte {
	// A person types the same letters on any keyboard: composed and decomposed
	// forms are one password.
	return h.derive(norm.NFC.Bytes([]byte(password)), p.salt, p.time, p.memory, p.threads, keySize)
}

// enter waits for a slot.
func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a password hash: %w", ctx.Err())
	}
}

func (h *Hasher) leave() { <-h.slots }

// phc is an argon2id hash with its parameters, as the Password Hashing
// Competition's string format has it:
// $argon2id$v=19$m=19456,t=2,p=1$salt$key.
type phc struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

var errPHC = errors.New("stored password: no argon2id hash within bounds")

func (p phc) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads, encode(p.salt), encode(p.key))
}

// CheckHash reports whether a text is a hash as Hash gives it, whatever its cost
// within bounds.
func CheckHash(text string) error {
	_, err := parsePHC(text)
	return err
}

func parsePHC(text string) (phc, error) {
	var p phc
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errPHC
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); n != 3 || err != nil {
		return p, errPHC
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return p, errPHC
	}
	if p.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return p, errPHC
	}
	if p.memory < 8 || p.memory > mostMemory || p.time < 1 || p.time > mostTime || p.threads < 1 || p.threads > 4 ||
		len(p.salt) < 8 || len(p.salt) > 64 || len(p.key) != keySize {
		return p, errPHC
	}
	return p, nil
}
