// Command house runs the provider as dev does, with the demo people and clients,
// for the load generator: password hashes cost next to nothing, so that what the
// flow itself costs can be seen, and net/http/pprof listens on a port of its own.
//
//	house DIRECTORY PORT PPROF_PORT [STORE]
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/ops"
	"github.com/tillit/tillit/realms"
	demodata "github.com/tillit/tillit/realms/demo"
	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/token"
)

func main() {
	if len(os.Args) != 4 && len(os.Args) != 5 {
		log.Fatal("usage: house DIRECTORY PORT PPROF_PORT [STORE]")
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		log.Fatal(err)
	}
}

func run(directory, port, profiles string, address []string) error {
	free := ops.LetGarbageWait() // as the command does
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	master, err := masterKey(filepath.Join(directory, "master.key"))
	if err != nil {
		return err
	}
	kept := filepath.Join(directory, "tillit.db")
	if len(address) > 0 {
		kept = address[0]
	}
	base := "http://localhost:" + port
	house, err := wiring.Open(ctx, wiring.Config{
		Base: base, Realms: realms.Files(), Demo: demodata.Files, Store: kept, Stamp: store.StampDev, MasterKey: master, Cheap: true,
	})
	if err != nil {
		return err
	}
	free()
	mux := http.NewServeMux()
	mux.Handle("/", house.Handler)
	mux.HandleFunc("GET /dev/fixtures.json", fixtures(house))
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { log.Print(http.ListenAndServe("127.0.0.1:"+profiles, profiler())) }()
	go func() {
		<-ctx.Done()
		_ = server.Close() // nobody waits for an answer any more
	}()
	if err = server.ListenAndServe(); errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, house.Close())
}

func masterKey(path string) (token.MasterKey, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		text, err := token.GenerateMasterKey(rand.Reader)
		if err != nil {
			return token.MasterKey{}, err
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			return token.MasterKey{}, fmt.Errorf("master key: %w", err)
		}
	}
	return token.LoadMasterKey(path)
}

func fixtures(house *wiring.House) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		found, err := house.Fixtures()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(found); err != nil {
			log.Print(err)
		}
	}
}

func profiler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	return mux
}
