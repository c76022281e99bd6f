package schema_test

import (
	"bytes"
	"testing"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-scim/muster/internal/peer"
)

func BenchmarkTmp(b *testing.B) {
	b.Run("valid", func(b *testing.B) {
		for b.Loop() {
			if !jsontext.Value(peer.UserBody).IsValid(jsontext.AllowDuplicateNames(true)) {
				b.Fatal()
			}
		}
	})
	b.Run("v1valid", func(b *testing.B) {
		for b.Loop() {
			if !json.Valid(peer.UserBody) {
				b.Fatal()
			}
		}
	})
	b.Run("readvalue", func(b *testing.B) {
		dec := jsontext.NewDecoder(&bytes.Buffer{})
		for b.Loop() {
			src := *bytes.NewBuffer(peer.UserBody)
			dec.Reset(&src, jsontext.AllowDuplicateNames(true))
			dec.ReadValue()
		}
	})
	b.Run("tokens", func(b *testing.B) {
		dec := jsontext.NewDecoder(&bytes.Buffer{})
		for b.Loop() {
			src := *bytes.NewBuffer(peer.UserBody)
			dec.Reset(&src, jsontext.AllowDuplicateNames(true))
			for {
				if _, err := dec.ReadToken(); err != nil {
					break
				}
			}
		}
	})
}
