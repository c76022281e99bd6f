// Package transcript reads recorded conversations of identity providers with
// SCIM servers and plays them against a server over HTTP.
//
// A transcript is one JSON file: who speaks (idp, scenario, source, …) and a
// list of steps. A step is a request and what its sender accepts as an answer:
//
//	{
//	  "method": "PATCH",
//	  "path": "/Users/{{user.id}}",
//	  "query": "attributes=active",
//	  "headers": {"Authorization": "Bearer {{token}}"},
//	  "body": {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]},
//	  "capture": {"user.id": "/id"},
//	  "expect": {"status": [200, 204], "assert": [{"ptr": "/active", "eq": false}]}
//	}
//
// What is sent is what the file says, since the oddities are the point: the
// members of the body in the order of the file, the query byte for byte, and
// no header that is not in the file, except those that HTTP itself demands
// (Host, Content-Length).
//
// # Placeholders
//
// {{name}} stands for a value that is known only when the transcript is
// played. Some are captured from earlier replies, the rest are the player's:
// token, badToken, randomGuid, randomEmail, randomUsername, randomUsernameCaps,
// randomInvalidUser, randomGivenName, randomFamilyName, lastWatermark,
// currentTime, app, testUserEmail and testGroup. Those called random are fresh
// each time a transcript is played. A value is escaped for the place where it
// stands: in a path, a query or JSON.
//
// # Assertions
//
// An assertion points into the reply with a JSON Pointer (RFC 6901) and says
// one thing about what is there; see [Kind]. Assertions are not made on a 204,
// which has no body, nor on an error where the step would also have taken a
// success: they speak of the success.
//
// Besides, every reply is held to what RFC 7644 asks of all of them: bodies
// are application/scim+json (section 3.1), a 201 has a Location (section 3.3),
// and an error is a SCIM error whose status is the reply's, as a string
// (section 3.12).
package transcript
