package scimotel_test

import (
	"log"
	"net/http"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	scimotel "github.com/muster-scim/muster/scim/otel"
)

func ExampleTelemetry_Handler() {
	store := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2",
		Auth:    scim.StaticToken("a long random secret", scim.Scope{Tenant: "acme", Connection: "entra"}),
		Users:   store,
		Groups:  store,
	})
	if err != nil {
		log.Fatal(err)
	}
	telemetry, err := scimotel.New(scimotel.Options{}) // the providers that the application has set
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/scim/v2/", telemetry.Handler(handler))
}
