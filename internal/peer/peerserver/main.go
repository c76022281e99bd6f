// Command peerserver serves what benchmarks compare with, as a process of its own: the
// peer, or with -bare a handler that reads the request and writes the same bytes to each.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/muster-scim/muster/internal/peer"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8081", "address to listen on")
	token := flag.String("token", peer.Token, "bearer token to accept")
	bare := flag.Bool("bare", false, "serve only bytes")
	indexed := flag.Bool("indexed", false, "let the peer look userName up in an index")
	flag.Parse()
	handler, store := peer.New(*token)
	store.SetIndexed(*indexed)
	if *bare {
		// Who reads "id" gets one, as from a server that creates.
		handler = peer.Bare(http.StatusOK, append([]byte(`{"id":"1",`), peer.UserBody[1:]...))
	}
	server := &http.Server{Addr: *addr, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
