package filter

import ast "github.com/scim2/filter-parser/v2"

// The AST is the one that the Go ecosystem shares, so that a store or a handler
// written for it works with what [Parse] returns. Nodes are pointers. The
// interface is sealed by its package, which is why this one adds no nodes.
type (
	// Expression is a node of a filter: an [*AttributeExpression], a
	// [*LogicalExpression], a [*NotExpression] or a [*ValuePath].
	Expression = ast.Expression

	// AttributeExpression compares one attribute with a value, or tests for
	// its presence ("attrExp" of RFC 7644, figure 1). [Parse] makes
	// CompareValue a string, a bool, nil (for null and for [PR]), an int or a
	// float64.
	AttributeExpression = ast.AttributeExpression

	// LogicalExpression joins two expressions by [AND] or [OR] ("logExp" of
	// RFC 7644, figure 1). A chain of the same operator leans to the left.
	LogicalExpression = ast.LogicalExpression

	// NotExpression negates an expression (RFC 7644, table 4).
	NotExpression = ast.NotExpression

	// ValuePath demands that one element of a multi-valued attribute matches
	// a whole filter ("valuePath" of RFC 7644, figure 1).
	ValuePath = ast.ValuePath

	// AttributePath names an attribute ("attrPath" of RFC 7644, figure 1). It
	// is not resolved: see "Paths" in the package documentation.
	AttributePath = ast.AttributePath

	// Path is the target of a PATCH operation ("PATH" of RFC 7644, figure 7).
	Path = ast.Path

	// CompareOperator is an operator of RFC 7644, table 3, in lower case.
	CompareOperator = ast.CompareOperator

	// LogicalOperator is "and" or "or" of RFC 7644, table 4, in lower case.
	LogicalOperator = ast.LogicalOperator
)

// The operators of RFC 7644, table 3.
const (
	PR = ast.PR // has a value
	EQ = ast.EQ // equal
	NE = ast.NE // not equal
	CO = ast.CO // contains
	SW = ast.SW // starts with
	EW = ast.EW // ends with
	GT = ast.GT // greater than
	GE = ast.GE // greater than or equal to
	LT = ast.LT // less than
	LE = ast.LE // less than or equal to
)

// The operators of RFC 7644, table 4, that join two expressions.
const (
	AND = ast.AND
	OR  = ast.OR
)
