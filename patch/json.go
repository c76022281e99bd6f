package patch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// reader reads one JSON document. What it returns are parts of that.
type reader struct {
	data []byte
	src  bytes.Buffer
	dec  *jsontext.Decoder
}

var readers = sync.Pool{New: func() any { return &reader{dec: jsontext.NewDecoder(&bytes.Buffer{})} }}

func newReader(data []byte) *reader {
	r := readers.Get().(*reader)
	r.data, r.src = data, *bytes.NewBuffer(data)
	// Names that are there twice are found by who knows whether case counts.
	r.dec.Reset(&r.src, jsontext.AllowDuplicateNames(true))
	return r
}

// release lets go of the document, so that nothing of a client's stays in the pool.
func (r *reader) release() {
	r.data, r.src = nil, bytes.Buffer{}
	r.dec.Reset(&r.src)
	readers.Put(r)
}

// value returns the next value.
func (r *reader) value() (jsontext.Value, error) {
	v, err := r.dec.ReadValue()
	if err != nil {
		return nil, r.notJSON()
	}
	end := int(r.dec.InputOffset())
	return r.data[end-len(v) : end], nil
}

func (r *reader) notJSON() error {
	return whole(fmt.Sprintf("The document is not valid JSON in UTF-8 near byte %d.", r.dec.InputOffset()))
}

// eachMember calls do for each member of the JSON object data, in their order.
func eachMember(data []byte, do func(name []byte, value jsontext.Value) error) error {
	r := newReader(data)
	defer r.release()
	if r.dec.PeekKind() != '{' {
		return whole("A JSON object is expected.")
	}
	return r.each('}', func() error {
		quoted, err := r.value()
		if err != nil {
			return err
		}
		value, err := r.value()
		if err != nil {
			return err
		}
		return do(unquoted(quoted), value)
	})
}

// eachElement calls do for each element of the JSON list data.
func eachElement(data []byte, do func(jsontext.Value) error) error {
	r := newReader(data)
	defer r.release()
	return r.each(']', func() error {
		value, err := r.value()
		if err != nil {
			return err
		}
		return do(value)
	})
}

// each goes into an object or list, calls next until it ends, and makes sure that
// nothing follows.
func (r *reader) each(end jsontext.Kind, next func() error) error {
	// What PeekKind has seen is there.
	_, _ = r.dec.ReadToken()
	for r.dec.PeekKind() != end {
		if err := next(); err != nil {
			return err
		}
	}
	_, _ = r.dec.ReadToken()
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return whole("Something follows the JSON object.")
	}
	return nil
}

// stringOf reads a JSON string.
func stringOf(raw jsontext.Value) (string, bool) {
	if len(raw) == 0 || raw.Kind() != '"' {
		return "", false
	}
	return string(unquoted(raw)), true
}

// unquoted returns the text of a JSON string that has been read: a part of the
// document if it has no escapes.
func unquoted(raw jsontext.Value) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	// What was read is valid.
	text, _ := jsontext.AppendUnquote(nil, raw)
	return text
}

// isNamed reports whether the name of a member is that, ignoring case.
func isNamed(name []byte, want string) bool {
	return string(name) == want || strings.EqualFold(string(name), want)
}
