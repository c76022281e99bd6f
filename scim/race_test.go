//go:build race

package scim_test

// raced says that the race detector is on, which makes everything slow.
const raced = true
