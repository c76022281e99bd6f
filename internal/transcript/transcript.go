package transcript

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A Transcript is one recorded conversation.
type Transcript struct {
	// Name is the name of the file, without ".json".
	Name string `json:"-"`

	IDP        string   `json:"idp"`
	Scenario   string   `json:"scenario"`
	Source     string   `json:"source"`
	Verbatim   bool     `json:"verbatim"`
	Provenance string   `json:"provenance"`
	Notes      string   `json:"notes"`
	Quirks     []string `json:"quirks"`
	Steps      []Step   `json:"steps"`
}

// A Step is one request and what its sender accepts as an answer.
type Step struct {
	Method string `json:"method"`

	// Path is relative to the server's SCIM base URL.
	Path string `json:"path"`

	// Query is sent as it is, without escaping. The empty string is a bare
	// "?" at the end of the URL, nil is a URL without one.
	Query *string `json:"query"`

	// QueryDecoded is for people.
	QueryDecoded string `json:"queryDecoded"`

	Headers map[string]string `json:"headers"`

	// Body is JSON as it stands in the file. If empty, there is none.
	Body json.RawMessage `json:"body"`

	// Capture names values of the reply for the steps that follow, each by
	// its JSON Pointer.
	Capture map[string]string `json:"capture"`

	// Setup says that the step was added to the recording, to prepare it or
	// to look at the result.
	Setup bool `json:"setup"`

	// Verbatim, if set, overrides the transcript's.
	Verbatim *bool `json:"verbatim"`

	Expect Expect `json:"expect"`
}

// Expect is what the sender of a request accepts as an answer.
type Expect struct {
	// Status lists the accepted status codes.
	Status []int       `json:"status"`
	Assert []Assertion `json:"assert"`
	Notes  string      `json:"notes"`
}

// Load reads all transcripts of a folder, in the order of their names. A
// folder without any is an error, so that a test can't pass by playing none.
func Load(dir string) ([]*Transcript, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("transcript: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("transcript: no transcripts in %s", dir)
	}
	var (
		all  []*Transcript
		errs []error
	)
	for _, file := range files {
		t, err := loadFile(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, t)
	}
	return all, errors.Join(errs...)
}

func loadFile(file string) (*Transcript, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("transcript: %w", err)
	}
	t, err := Parse(strings.TrimSuffix(filepath.Base(file), ".json"), data)
	if err != nil {
		return nil, fmt.Errorf("transcript: %s: %w", filepath.Base(file), err)
	}
	return t, nil
}

// Parse reads one transcript. It refuses members it doesn't know, because an
// expectation that is not understood would otherwise be one that always holds.
func Parse(name string, data []byte) (*Transcript, error) {
	t := &Transcript{Name: name}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(t); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("more than one JSON value")
	}
	if len(t.Steps) == 0 {
		return nil, errors.New("no steps")
	}
	for i := range t.Steps {
		if err := t.Steps[i].validate(); err != nil {
			return nil, fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return t, nil
}

func (s *Step) validate() error {
	switch {
	case s.Method == "":
		return errors.New("no method")
	case !strings.HasPrefix(s.Path, "/"):
		return fmt.Errorf("path %q does not start with /", s.Path)
	case strings.ContainsAny(s.Path, "?#"):
		return fmt.Errorf("path %q has a query or fragment", s.Path)
	case len(s.Expect.Status) == 0:
		return errors.New("no status is expected")
	}
	return nil
}

// Needs is what a server must have before a transcript is played, besides
// being empty. The zero value is nothing.
type Needs struct {
	// Users is how many users there must be; see [Player.SeedUsers].
	Users int

	// Extension is the URN of an extension of User that must be registered.
	Extension string
}

// ContactsExtension is the URN of the only extension that transcripts need
// beyond those of RFC 7643. It has one attribute, "contacts": multi-valued and
// complex, with "primary" (boolean) and "value" (string).
const ContactsExtension = "urn:example:extension:2.0:User"

// Needs returns what the server must have before t is played. It is kept here
// and not in the files, which record only what went over the wire.
func (t *Transcript) Needs() Needs {
	switch t.Name {
	case "entra-logicapp-pagination":
		return Needs{Users: 11}
	case "entra-custom-ext-boolean-filter-in-path":
		return Needs{Extension: ContactsExtension}
	}
	return Needs{}
}
