package peer

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
)

const (
	contentType = "application/scim+json"
	floorETag   = `W/"1"`
)

// Floor returns a handler that writes body with a content type, an ETag and status 200. It
// does the chores of [New]'s server before and after. No server that authenticates, limits
// bodies and reports requests can do less for a GET.
func Floor(body []byte) http.Handler {
	return chores(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeStored(w, http.StatusOK, body)
	}))
}

// chores puts a guard before a handler.
func chores(next http.Handler) http.Handler {
	return &guard{next: next, hash: sha256.Sum256([]byte(Token)), events: make(chan Event, eventBuffer)}
}

// Bare returns a handler that checks nothing: it reads the request's body to
// its end, drops it, and writes body with the given status. It shows what HTTP
// alone costs, for reads and for writes.
func Bare(status int, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		writeStored(w, status, body)
	})
}

// Plain returns a handler that decodes the request's body into a map with
// encoding/json and encodes that map again as the answer, with status 201 and
// without a check of any kind. It does the chores of [New]'s server, too.
func Plain() http.Handler {
	return chores(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m map[string]any
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body, err := json.Marshal(m)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(body)
	}))
}

func writeStored(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Etag", floorETag)
	w.WriteHeader(status)
	// An error here means that the client has gone.
	_, _ = w.Write(body)
}
