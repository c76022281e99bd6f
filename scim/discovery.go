package scim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/muster-scim/muster/schema"
)

// What is served is told by the same values that serve it, so that discovery can't
// drift from behaviour (RFC 7644, section 4).

type discoveryMeta struct {
	ResourceType string `json:"resourceType"`
	Location     string `json:"location"`
}

type supported struct {
	Supported bool `json:"supported"`
}

type bulkConfig struct {
	Supported      bool `json:"supported"`
	MaxOperations  int  `json:"maxOperations"`
	MaxPayloadSize int  `json:"maxPayloadSize"`
}

type filterConfig struct {
	Supported  bool `json:"supported"`
	MaxResults int  `json:"maxResults"`
}

type authScheme struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Primary     bool   `json:"primary,omitempty"`
}

type serviceProviderConfig struct {
	Schemas               []string      `json:"schemas"`
	Patch                 supported     `json:"patch"`
	Bulk                  bulkConfig    `json:"bulk"`
	Filter                filterConfig  `json:"filter"`
	ChangePassword        supported     `json:"changePassword"`
	Sort                  supported     `json:"sort"`
	ETag                  supported     `json:"etag"`
	AuthenticationSchemes []authScheme  `json:"authenticationSchemes"`
	Meta                  discoveryMeta `json:"meta"`
}

func (h *Handler) serviceProviderConfig(q *request) (*response, error) {
	if err := refuseFilter(q); err != nil {
		return nil, err
	}
	doc := serviceProviderConfig{
		Schemas:        []string{schema.ServiceProviderConfigURN},
		Patch:          supported{true},
		Filter:         filterConfig{true, h.config.MaxResults},
		ChangePassword: supported{h.users != nil && h.users.keepsPasswords},
		Sort:           supported{true},
		ETag:           supported{true},
		Meta:           discoveryMeta{"ServiceProviderConfig", q.base.url + "/ServiceProviderConfig"},
	}
	for i, s := range schemesOf(h.config.Auth) {
		doc.AuthenticationSchemes = append(doc.AuthenticationSchemes, authScheme{s.Type, s.Name, s.Description, i == 0})
	}
	return documentResponse(doc)
}

type schemaExtension struct {
	Schema   string `json:"schema"`
	Required bool   `json:"required"`
}

type resourceType struct {
	Schemas          []string          `json:"schemas"`
	ID               string            `json:"id"`
	Name             string            `json:"name"`
	Endpoint         string            `json:"endpoint"`
	Description      string            `json:"description,omitempty"`
	Schema           string            `json:"schema"`
	SchemaExtensions []schemaExtension `json:"schemaExtensions"`
	Meta             discoveryMeta     `json:"meta"`
}

func (h *Handler) resourceTypes(q *request) (*response, error) {
	if err := refuseFilter(q); err != nil {
		return nil, err
	}
	docs := make([]any, len(h.collections))
	for i, c := range h.collections {
		docs[i] = resourceTypeOf(q, c.typ)
	}
	return documentList(docs)
}

func (h *Handler) resourceType(q *request) (*response, error) {
	for _, c := range h.collections {
		if strings.EqualFold(c.typ.Name(), q.id) {
			return documentResponse(resourceTypeOf(q, c.typ))
		}
	}
	return nil, ErrNotFound
}

func resourceTypeOf(q *request, t *schema.Type) resourceType {
	c := t.Config()
	doc := resourceType{
		Schemas:          []string{schema.ResourceTypeURN},
		ID:               c.Name,
		Name:             c.Name,
		Endpoint:         c.Endpoint,
		Description:      c.Description,
		Schema:           c.Schema.ID,
		SchemaExtensions: []schemaExtension{},
		Meta:             discoveryMeta{"ResourceType", q.base.url + "/ResourceTypes/" + url.PathEscape(c.Name)},
	}
	for _, e := range c.Extensions {
		doc.SchemaExtensions = append(doc.SchemaExtensions, schemaExtension{e.Schema.ID, e.Required})
	}
	return doc
}

// definitions returns every schema that a served type has, each once, in the order
// of the types, then those of the discovery resources themselves.
func (h *Handler) definitions() []schema.Schema {
	var all []schema.Schema
	seen := map[string]bool{}
	add := func(s schema.Schema) {
		if !seen[s.ID] {
			seen[s.ID] = true
			all = append(all, s)
		}
	}
	for _, c := range h.collections {
		config := c.typ.Config()
		add(config.Schema)
		for _, e := range config.Extensions {
			add(e.Schema)
		}
	}
	add(schema.ServiceProviderConfig())
	add(schema.ResourceType())
	add(schema.SchemaDefinition())
	return all
}

func (h *Handler) schemas(q *request) (*response, error) {
	if err := refuseFilter(q); err != nil {
		return nil, err
	}
	var docs []any
	for _, s := range h.definitions() {
		doc, err := schemaDocument(q, s)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return documentList(docs)
}

func (h *Handler) schema(q *request) (*response, error) {
	for _, s := range h.definitions() {
		if strings.EqualFold(s.ID, q.id) {
			doc, err := schemaDocument(q, s)
			if err != nil {
				return nil, err
			}
			return documentResponse(doc)
		}
	}
	return nil, ErrNotFound
}

// schemaDocument adds meta to a schema's JSON.
func schemaDocument(q *request, s schema.Schema) (json.RawMessage, error) {
	doc, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	meta, err := json.Marshal(discoveryMeta{"Schema", q.base.url + "/Schemas/" + url.PathEscape(s.ID)})
	if err != nil {
		return nil, err
	}
	doc = append(doc[:len(doc)-1], `,"meta":`...)
	return append(append(doc, meta...), '}'), nil
}

// refuseFilter: a filter on a discovery endpoint is a 403; other parameters are
// ignored (RFC 7644, section 4).
func refuseFilter(q *request) error {
	p, err := q.params()
	if err != nil {
		return err
	}
	if _, ok := p["filter"]; ok {
		return Forbidden("Filters are not allowed at this endpoint.")
	}
	return nil
}

func documentResponse(doc any) (*response, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	b := buffers.Get().(*bytes.Buffer)
	b.Write(text)
	return &response{status: http.StatusOK, body: b}, nil
}

type documentListing struct {
	Schemas      []string `json:"schemas"`
	TotalResults int      `json:"totalResults"`
	StartIndex   int      `json:"startIndex"`
	ItemsPerPage int      `json:"itemsPerPage"`
	Resources    []any    `json:"Resources"`
}

func documentList(docs []any) (*response, error) {
	return documentResponse(documentListing{[]string{listURN}, len(docs), 1, len(docs), docs})
}
