package main

import "slices"

// protocol has the requirements of RFC 7644, except those of PATCH and bulk requests,
// in the order of its sections.
var protocol = slices.Concat(
	addressing, authenticating,
	messaging, endpoints, creating, reading, querying, rooting, filtering, sorting, paging, searching,
	replacing, deleting, mediaTypes, projecting, notation, aliasing, failing, versioning, tagging,
	discovering, preparing, tenancy, securing,
)
