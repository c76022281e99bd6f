package scim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

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

// pagination is the attribute of RFC 9865, section 4.
type pagination struct {
	Cursor        bool   `json:"cursor"`
	Index         bool   `json:"index"`
	Default       string `json:"defaultPaginationMethod"`
	DefaultSize   int    `json:"defaultPageSize"`
	MaxSize       int    `json:"maxPageSize"`
	CursorTimeout int    `json:"cursorTimeout,omitempty"`
}

// catalogs is the attribute of draft-ietf-scim-roles-entitlements: whether there are
// lists of roles and entitlements, and what users may have of them.
type catalogs struct {
	Roles        catalogConfig `json:"roles"`
	Entitlements catalogConfig `json:"entitlements"`
}

type catalogConfig struct {
	Supported bool `json:"supported"`
	Multiple  bool `json:"multipleSupported"`
	Primary   bool `json:"primarySupported"`
	Type      bool `json:"typeSupported"`
}

type authScheme struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Spec        string `json:"specUri,omitempty"`
	Docs        string `json:"documentationUri,omitempty"`
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
	Pagination            pagination    `json:"pagination"`
	InteropProfile        bool          `json:"interopProfileConformant,omitempty"`
	AuthenticationSchemes []authScheme  `json:"authenticationSchemes"`
	Catalogs              *catalogs     `json:"RolesAndEntitlements,omitempty"`
	Meta                  discoveryMeta `json:"meta"`
}

func (h *Handler) serviceProviderConfig(q *request) (*response, error) {
	if err := refuseFilter(q); err != nil {
		return nil, err
	}
	doc := serviceProviderConfig{
		Schemas:        []string{schema.ServiceProviderConfigURN},
		Patch:          supported{true},
		Bulk:           h.bulkConfig(),
		Pagination:     h.pagination(q.maxResults()),
		Catalogs:       h.catalogs(),
		Filter:         filterConfig{true, q.maxResults()},
		ChangePassword: supported{h.users != nil && h.users.keepsPasswords && !q.settings.Dialect.Decoding.RefusePasswords},
		Sort:           supported{true},
		ETag:           supported{true},
		InteropProfile: q.conformsToInterop(),
		Meta:           discoveryMeta{"ServiceProviderConfig", q.base.url + "/ServiceProviderConfig"},
	}
	for i, s := range schemesOf(h.config.Auth) {
		doc.AuthenticationSchemes = append(doc.AuthenticationSchemes, authScheme{s.Type, s.Name, s.Description, s.SpecURI, s.DocumentationURI, i == 0})
	}
	return documentResponse(doc)
}

func (h *Handler) bulkConfig() bulkConfig {
	if h.config.MaxBulkOperations == 0 {
		return bulkConfig{}
	}
	return bulkConfig{true, h.config.MaxBulkOperations, int(h.config.MaxBulkPayload)}
}

// catalogs is nil without a list of roles or entitlements.
func (h *Handler) catalogs() *catalogs {
	var c catalogs
	for _, served := range h.collections {
		switch served.typ.Config().Schema.ID {
		case schema.RoleURN, schema.OktaRoleURN:
			c.Roles = h.catalogConfig("roles")
		case schema.EntitlementURN, schema.OktaEntitlementURN:
			c.Entitlements = h.catalogConfig("entitlements")
		}
	}
	if !c.Roles.Supported && !c.Entitlements.Supported {
		return nil
	}
	return &c
}

// catalogConfig says what the users' attribute of that name can hold.
func (h *Handler) catalogConfig(name string) catalogConfig {
	c := catalogConfig{Supported: true}
	if h.users == nil {
		return c
	}
	if a, ok := h.users.typ.Attr(name); ok {
		c.Multiple = a.MultiValued
		c.Primary = a.SubAttr("primary") != nil
		c.Type = a.SubAttr("type") != nil
	}
	return c
}

func (h *Handler) pagination(size int) pagination {
	p := pagination{Cursor: h.byKey, Index: true, Default: "index", DefaultSize: size, MaxSize: size}
	if h.byKey {
		p.CursorTimeout = int(h.config.CursorTimeout / time.Second)
	}
	return p
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
// of the types, then those of the discovery resources themselves. What the connection
// refuses is not in them.
func (h *Handler) definitions(q *request) []schema.Schema {
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
		if q.settings.Dialect.Decoding.RefusePasswords {
			config.Schema.Attributes = withoutPassword(c.typ)
		}
		add(config.Schema)
		for _, e := range config.Extensions {
			add(e.Schema)
		}
	}
	add(configSchema(q))
	add(schema.ResourceType())
	add(schema.SchemaDefinition())
	return all
}

// configSchema is the schema of /ServiceProviderConfig, with what a profile adds.
func configSchema(q *request) schema.Schema {
	s := schema.ServiceProviderConfig()
	if q.conformsToInterop() {
		s.Attributes = append(s.Attributes, schema.Attribute{
			Name: "interopProfileConformant", Type: schema.Boolean, Mutability: schema.ReadOnly,
			Description: "Whether all is done that the SCIM 2.0 Interoperability Profile demands.",
		})
	}
	return s
}

// withoutPassword returns the attributes of the type's base schema but for the password.
func withoutPassword(t *schema.Type) []schema.Attribute {
	return slices.DeleteFunc(slices.Clone(t.Config().Schema.Attributes), func(a schema.Attribute) bool {
		own, ok := t.Attr(a.Name)
		return ok && own.IsPassword()
	})
}

func (h *Handler) schemas(q *request) (*response, error) {
	if err := refuseFilter(q); err != nil {
		return nil, err
	}
	var docs []any
	for _, s := range h.definitions(q) {
		doc, err := schemaDocument(q, s)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return documentList(docs)
}

func (h *Handler) schema(q *request) (*response, error) {
	for _, s := range h.definitions(q) {
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
	if _, ok := p.get("filter"); ok {
		return Forbidden("Filters are not allowed at this endpoint.")
	}
	return nil
}

func documentResponse(doc any) (*response, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	b := newSpace()
	b.bytes = append(b.bytes, text...)
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
