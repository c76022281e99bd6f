package filter_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/filter"
)

// strict refuses all that can be refused.
func strict() filter.Leniency {
	return filter.Leniency{RefuseBareWords: true, RefuseSubAfterFilter: true, RefuseKeywordCase: true}
}

// outline writes an expression so that a table can hold it: prefix operators,
// every node in parentheses, the URI of a path in angle brackets, and values
// with their Go type.
func outline(e filter.Expression) string {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		if e.Operator == filter.PR && e.CompareValue == nil {
			return fmt.Sprintf("(pr %s)", outlinePath(e.AttributePath))
		}
		return fmt.Sprintf("(%s %s %s)", e.Operator, outlinePath(e.AttributePath), outlineValue(e.CompareValue))
	case *filter.LogicalExpression:
		return fmt.Sprintf("(%s %s %s)", e.Operator, outline(e.Left), outline(e.Right))
	case *filter.NotExpression:
		return fmt.Sprintf("(not %s)", outline(e.Expression))
	case *filter.ValuePath:
		return fmt.Sprintf("(some %s %s)", outlinePath(e.AttributePath), outline(e.ValueFilter))
	}
	return fmt.Sprintf("%T", e)
}

func outlineValue(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case float64:
		return fmt.Sprintf("float64(%v)", v)
	}
	return fmt.Sprint(v)
}

func outlinePath(p filter.AttributePath) string {
	s := p.AttributeName
	if p.URIPrefix != nil {
		s = "<" + *p.URIPrefix + ">" + s
	}
	if p.SubAttribute != nil {
		s += "." + *p.SubAttribute
	}
	return s
}

func outlinePatchPath(p filter.Path) string {
	s := outlinePath(p.AttributePath)
	if p.ValueExpression != nil {
		s += " " + outline(p.ValueExpression)
	}
	if p.SubAttribute != nil {
		s += " ." + *p.SubAttribute
	}
	return s
}

// parseTests are accepted by every leniency. The ids are those of the
// requirements, or sections of RFC 7644.
var parseTests = []struct{ id, in, want string }{
	{"P-3.4.2.2-03", `USERNAME Eq "bjensen"`, `(eq USERNAME "bjensen")`},
	{"P-3.4.2.2-03", `userName eQ "bjensen" AND title Pr`, `(and (eq userName "bjensen") (pr title))`},
	{"P-3.4.2.2-03", `NOT (a PR) Or b PR`, `(or (not (pr a)) (pr b))`},
	{"P-3.4.2.2-06", `title pr and userType eq "Employee"`, `(and (pr title) (eq userType "Employee"))`},
	{"P-3.4.2.2-06", `title pr or userType eq "Intern"`, `(or (pr title) (eq userType "Intern"))`},
	{"P-3.4.2.2-07", `a eq "E" and (emails co "x" or emails.value co "y")`,
		`(and (eq a "E") (or (co emails "x") (co emails.value "y")))`},
	{"P-3.4.2.2-08", `active eq true`, `(eq active true)`},
	{"P-3.4.2.2-09", `title ne "Boss"`, `(ne title "Boss")`},
	{"P-3.4.2.2-10", `name.familyName co "O'Malley"`, `(co name.familyName "O'Malley")`},
	{"P-3.4.2.2-11", `userName sw "J"`, `(sw userName "J")`},
	{"P-3.4.2.2-12", `userName ew "J"`, `(ew userName "J")`},
	{"P-3.4.2.2-15", `meta.lastModified gt "2011-05-13T04:42:34Z"`, `(gt meta.lastModified "2011-05-13T04:42:34Z")`},
	{"P-3.4.2.2-16", `num ge 9`, `(ge num 9)`},
	{"P-3.4.2.2-17", `num lt -10`, `(lt num -10)`},
	{"P-3.4.2.2-18", `num le 0`, `(le num 0)`},

	{"P-3.4.2.2-24", `emails[type eq "work" and value co "@example.com"]`,
		`(some emails (and (eq type "work") (co value "@example.com")))`},
	{"P-3.4.2.2-24", `emails[type eq "work"] or ims[type eq "xmpp"]`,
		`(or (some emails (eq type "work")) (some ims (eq type "xmpp")))`},
	{"P-3.4.2.2-26", `emails[not (type eq "home") and (value ew "com" or primary eq true)]`,
		`(some emails (and (not (eq type "home")) (or (ew value "com") (eq primary true))))`},
	{"P-3.4.2.2-26", `a[x pr and y pr and z pr]`, `(some a (and (and (pr x) (pr y)) (pr z)))`},

	{"P-3.4.2.2-29", `a pr or b pr and c pr`, `(or (pr a) (and (pr b) (pr c)))`},
	{"P-3.4.2.2-29", `(a pr or b pr) and c pr`, `(and (or (pr a) (pr b)) (pr c))`},
	{"P-3.4.2.2-29", `not (a pr) and b pr`, `(and (not (pr a)) (pr b))`},
	{"P-3.4.2.2-29", `a pr and not (b pr) or c pr`, `(or (and (pr a) (not (pr b))) (pr c))`},
	{"P-3.4.2.2-29", `a pr and b pr and c pr`, `(and (and (pr a) (pr b)) (pr c))`},
	{"P-3.4.2.2-29", `a pr and (b pr and c pr)`, `(and (pr a) (and (pr b) (pr c)))`},
	{"P-3.4.2.2-29", `a pr or b pr or c pr`, `(or (or (pr a) (pr b)) (pr c))`},
	{"P-3.4.2.2-29", `a pr and b pr or c pr and d pr`, `(or (and (pr a) (pr b)) (and (pr c) (pr d)))`},
	{"P-3.4.2.2-29", `((a pr))`, `(pr a)`},
	{"P-3.4.2.2-29", `not (not (a pr))`, `(not (not (pr a)))`},

	{"P-3.4.2.2-38", `title eq null`, `(eq title <nil>)`},
	{"P-3.4.2.2-38", `title ne null`, `(ne title <nil>)`},

	{"P-3.4.2.2-39", `a eq "a\"b\\c"`, `(eq a "a\"b\\c")`},
	{"P-3.4.2.2-39", `a eq "\/\b\f\n\r\t"`, `(eq a "/\b\f\n\r\t")`},
	{"P-3.4.2.2-39", `a eq "\u00e9\u00E9é"`, `(eq a "ééé")`},
	{"P-3.4.2.2-39", `a eq "\ud83d\uDE00😀"`, `(eq a "😀😀")`},
	{"P-3.4.2.2-39", `a eq "\u0000"`, `(eq a "\x00")`},
	{"P-3.4.2.2-39", `a eq ""`, `(eq a "")`},
	{"P-3.4.2.2-39", `a eq "�"`, `(eq a "�")`},
	{"P-3.4.2.2-39", `dec gt -1.5e0`, `(gt dec float64(-1.5))`},
	{"P-3.4.2.2-39", `a eq 1.0`, `(eq a float64(1))`},
	{"P-3.4.2.2-39", `a eq 2E+2`, `(eq a float64(200))`},
	{"P-3.4.2.2-39", `a eq 25e-1`, `(eq a float64(2.5))`},
	{"P-3.4.2.2-39", `a eq 9223372036854775807`, `(eq a 9223372036854775807)`},
	{"P-3.4.2.2-39", `a eq 9223372036854775808`, `(eq a float64(9.223372036854776e+18))`},
	{"P-3.4.2.2-39", `a eq 9007199254740993`, `(eq a 9007199254740993)`},
	{"P-3.4.2.2-39", `a eq false`, `(eq a false)`},

	{"P-3.4.2.2-41", `urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B"`,
		`(sw <urn:ietf:params:scim:schemas:core:2.0:User>userName "B")`},
	{"P-3.4.2.2-41", `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "x"`,
		`(eq <urn:ietf:params:scim:schemas:extension:enterprise:2.0:User>manager.value "x")`},
	{"P-3.4.2.2-41", `urn:x:User:emails[type eq "work"]`, `(some <urn:x:User>emails (eq type "work"))`},

	{"P-3.4.2.2-42", `not(title pr)`, `(not (pr title))`},
	{"P-3.4.2.2-42", `not (title pr)`, `(not (pr title))`},
	{"P-3.4.2.2-42", `not  ( title pr )`, `(not (pr title))`},

	{"P-3.4.2.2-44", `tags[value eq "b"]`, `(some tags (eq value "b"))`},
	{"P-3.4.2.2-45", `displayName eq "éMILE"`, `(eq displayName "éMILE")`},
	{"P-3.4.2.2-47", `userName eq "a\" or 1 eq 1"`, `(eq userName "a\" or 1 eq 1")`},

	{"keywords as names", `not eq "x"`, `(eq not "x")`},
	{"keywords as names", `not pr and not (not pr)`, `(and (pr not) (not (pr not)))`},
	{"keywords as names", `and pr and or pr or pr pr`, `(or (and (pr and) (pr or)) (pr pr))`},
	{"keywords as names", `true eq true`, `(eq true true)`},
	{"names", `$ref eq "x"`, `(eq $ref "x")`},
	{"names", `members.$ref pr`, `(pr members.$ref)`},
	{"names", `a$b-c_d9 pr`, `(pr a$b-c_d9)`},
	{"blanks", `  a  pr   and  ( b  eq  1 )  `, `(and (pr a) (eq b 1))`},
	{"blanks", `emails [ type eq "work" ]`, `(some emails (eq type "work"))`},
	{"delimiters", `(a eq 1) and (b eq true) and c[d eq null]`,
		`(and (and (eq a 1) (eq b true)) (some c (eq d <nil>)))`},
}

func TestParse(t *testing.T) {
	for _, test := range parseTests {
		t.Run(test.id+"/"+test.in, func(t *testing.T) {
			for _, l := range []filter.Leniency{{}, strict()} {
				e, err := filter.Parse(test.in, l)
				require.NoError(t, err)
				assert.Equal(t, test.want, outline(e))
			}
		})
	}
}

// leniencyTests are accepted by the zero Leniency, and refused by the field
// given. The ‸ marks the offset of the error then.
var leniencyTests = []struct {
	id, in, want string
	refuse       filter.Leniency
	msg          string
}{
	{"AM-25", `externalId eq ‸jyoung`, `(eq externalId "jyoung")`, bareWords, `text takes double quotes`},
	{"AM-25", `meta.lastModified ge ‸2011-05-13T04:42:34Z`, `(ge meta.lastModified "2011-05-13T04:42:34Z")`,
		bareWords, `text takes double quotes`},
	{"AM-25", `when gt ‸2015-10-10T14:38:21.8617979-07:00`, `(gt when "2015-10-10T14:38:21.8617979-07:00")`,
		bareWords, `text takes double quotes`},
	{"AM-25", `id eq ‸54d382a4-2050-4c03-94d1-e769f1d15682 and manager eq "x"`,
		`(and (eq id "54d382a4-2050-4c03-94d1-e769f1d15682") (eq manager "x"))`, bareWords, `text takes double quotes`},
	{"AM-25", `(type eq ‸User) or (type eq Group)`, `(or (eq type "User") (eq type "Group"))`,
		bareWords, `text takes double quotes`},
	{"AM-25", `emails[type eq ‸work]`, `(some emails (eq type "work"))`, bareWords, `text takes double quotes`},
	{"AM-25", `emails[(type eq ‸work)]`, `(some emails (eq type "work"))`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸o'malley+x@example.com`, `(eq userName "o'malley+x@example.com")`,
		bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸émile`, `(eq userName "émile")`, bareWords, `text takes double quotes`},
	{"AM-25", `region eq ‸PR`, `(eq region "PR")`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸0123`, `(eq userName "0123")`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸1.`, `(eq userName "1.")`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸1.x`, `(eq userName "1.x")`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸1e`, `(eq userName "1e")`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸1e+`, `(eq userName "1e+")`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸1.5f2`, `(eq userName "1.5f2")`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸-`, `(eq userName "-")`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸+1`, `(eq userName "+1")`, bareWords, `text takes double quotes`},
	{"AM-25", `userName eq ‸Infinity`, `(eq userName "Infinity")`, bareWords, `text takes double quotes`},

	{"P-3.4.2.2-43", `emails[type eq "work"]‸.value eq "x"`, `(some emails (and (eq type "work") (eq value "x")))`,
		subAfterFilter, `a sub-attribute can't follow a value filter`},
	{"AM-22", `emails[a pr or b pr]‸.value eq "x"`, `(some emails (and (or (pr a) (pr b)) (eq value "x")))`,
		subAfterFilter, `a sub-attribute can't follow`},
	{"AM-22", `emails[a pr and b pr]‸.value pr`, `(some emails (and (and (pr a) (pr b)) (pr value)))`,
		subAfterFilter, `a sub-attribute can't follow`},
	{"AM-22", `not (emails[a pr]‸.$ref pr) or x pr`, `(or (not (some emails (and (pr a) (pr $ref)))) (pr x))`,
		subAfterFilter, `a sub-attribute can't follow`},
	{"AM-22", `urn:x:y:a.b[c pr]‸.d eq 1`, `(some <urn:x:y>a.b (and (pr c) (eq d 1)))`,
		subAfterFilter, `a sub-attribute can't follow`},

	{"AM-24", `active eq ‸True`, `(eq active true)`, keywordCase, `"True" must be written as true`},
	{"AM-24", `active eq ‸FALSE`, `(eq active false)`, keywordCase, `"FALSE" must be written as false`},
	{"AM-24", `emails[primary eq ‸Null]`, `(some emails (eq primary <nil>))`, keywordCase, `"Null" must be written as null`},
}

var (
	bareWords      = filter.Leniency{RefuseBareWords: true}
	subAfterFilter = filter.Leniency{RefuseSubAfterFilter: true}
	keywordCase    = filter.Leniency{RefuseKeywordCase: true}
)

func TestParseLeniency(t *testing.T) {
	for _, test := range leniencyTests {
		t.Run(test.id+"/"+test.in, func(t *testing.T) {
			in, _ := unmark(t, test.in)
			e, err := filter.Parse(in, filter.Leniency{})
			require.NoError(t, err)
			assert.Equal(t, test.want, outline(e))

			for _, l := range []filter.Leniency{test.refuse, strict()} {
				_, err = filter.Parse(in, l)
				checkSyntaxError(t, err, test.in, test.msg)
			}
			for _, l := range []filter.Leniency{bareWords, subAfterFilter, keywordCase} {
				if l != test.refuse {
					_, err = filter.Parse(in, l)
					assert.NoError(t, err, "%+v has nothing to do with this", l)
				}
			}
		})
	}
}

// errorTests are refused by every leniency. The ‸ marks the offset of the error.
var errorTests = []struct{ id, in, msg string }{
	{"P-3.4.2.2-04", `‸`, `expected an attribute name, found the end`},
	{"P-3.4.2.2-04", `   ‸`, `expected an attribute name, found the end`},
	{"P-3.4.2.2-05", `userName‸`, `expected an operator, found the end`},
	{"P-3.4.2.2-05", `userName  ‸`, `expected an operator, found the end`},
	{"P-3.4.2.2-05", `userName eq‸`, `expected a value after "eq", found the end`},
	{"P-3.4.2.2-05", `userName eq ‸`, `expected a value after "eq", found the end`},
	{"P-3.4.2.2-05", `(userName eq ‸)`, `expected a value, found ")"`},
	{"P-3.4.2.2-05", `eq ‸"x"`, `expected an operator, found "\""`},
	{"P-3.4.2.2-05", `title pr ‸"x"`, `expected "and", "or" or the end, found "\""`},
	{"P-3.4.2.2-27", `emails[value‸[x eq 1]]`, `a value filter can't hold another`},
	{"P-3.4.2.2-27", `emails[a pr and (value‸[x eq 1].y pr)]`, `a value filter can't hold another`},

	{"P-3.4.2.2-28", `userName eq ‸'bjensen'`, `text takes double quotes, not single ones`},
	{"P-3.4.2.2-28", `userName ‸== "bjensen"`, `unknown operator "=="`},
	{"P-3.4.2.2-28", `userName‸=="bjensen"`, `expected an operator, found "=="`},
	{"P-3.4.2.2-28", `(userName eq "x"‸`, `expected "and", "or" or ")", found the end`},
	{"P-3.4.2.2-28", `(userName eq "x"‸]`, `expected ")", found "]"`},
	{"P-3.4.2.2-28", `userName eq "x"‸)`, `expected the end, found ")"`},
	{"P-3.4.2.2-28", `userName eq "x" ‸]`, `expected the end, found "]"`},
	{"P-3.4.2.2-28", `userName eq "x" and‸`, `expected an attribute name, found the end`},
	{"P-3.4.2.2-28", `userName eq "x" and ‸`, `expected an attribute name, found the end`},
	{"P-3.4.2.2-28", `userName eq "x" and ‸)`, `expected an attribute name, found ")"`},
	{"P-3.4.2.2-28", `emails[type eq "work"‸`, `expected "and", "or" or "]", found the end`},
	{"P-3.4.2.2-28", `emails[‸]`, `expected an attribute name, found "]"`},
	{"P-3.4.2.2-28", `emails[type eq "work"‸)`, `expected "]", found ")"`},
	{"P-3.4.2.2-28", `userName eq "x" ‸xor title pr`, `expected "and", "or" or the end, found "xor"`},
	{"P-3.4.2.2-28", `userName eq ‸"unterminated`, `unterminated string`},
	{"P-3.4.2.2-28", `userName eq ‸"unterminated\"`, `unterminated string`},
	{"P-3.4.2.2-28", `userName eq ‸"\`, `unterminated string`},
	{"P-3.4.2.2-28", `(‸)`, `expected an attribute name, found ")"`},
	{"P-3.4.2.2-28", `‸"userName" eq "x"`, `expected an attribute name, found "\""`},
	{"P-3.4.2.2-28", `‸1 eq 1`, `expected an attribute name, found "1"`},
	{"P-3.4.2.2-28", `‸-a eq 1`, `expected an attribute name, found "-a"`},
	{"P-3.4.2.2-28", `‸$ eq 1`, `expected an attribute name, found "$"`},
	{"P-3.4.2.2-28", `‸é eq 1`, `expected an attribute name, found "é"`},
	{"P-3.4.2.2-28", `caf‸é eq 1`, `expected an operator, found "é"`},
	{"P-3.4.2.2-28", `a.‸ eq 1`, `expected an attribute name, found " "`},
	{"P-3.4.2.2-28", `a.b‸.c eq 1`, `a sub-attribute can't have sub-attributes`},
	{"P-3.4.2.2-28", `a eq‸"x"`, `expected a blank after "eq", found "\""`},
	// What may be a part of a value, even of a password, is not repeated.
	{"P-3.4.2.2-28", `password ‸s3cret`, `unknown operator`},
	{"P-3.4.2.2-28", `password ‸secret "x"`, `unknown operator`},
	{"P-3.4.2.2-28", `password eq "s"‸ecret"`, `expected a blank, found other text`},
	{"P-3.4.2.2-28", `password eq "s" ‸ecret"`, `expected "and", "or" or the end, found other text`},
	{"P-3.4.2.2-28", `password‸=secret`, `expected an operator, found other text`},
	{"P-3.4.2.2-28", `password ‸!!!!!!`, `unknown operator`},
	{"P-3.4.2.2-28", `password ‸equals "s3cret"`, `unknown operator "equals"`},
	{"P-3.4.2.2-28", `a ‸eq:"x"`, `unknown operator "eq:"`},
	{"P-3.4.2.2-28", `a eq "x"‸and b pr`, `expected a blank, found "and"`},
	{"P-3.4.2.2-28", `a pr and‸(b pr)`, `expected a blank after "and"`},
	{"P-3.4.2.2-28", `(a pr or‸(b pr))`, `expected a blank after "or"`},
	{"P-3.4.2.2-28", `(a pr)‸and b pr`, `expected a blank, found "and"`},
	{"P-3.4.2.2-28", "a‸\tpr", `expected an operator, found "\tpr"`},
	{"P-3.4.2.2-28", `a eq "x" ‸and, b pr`, `expected "and", "or" or the end, found "and,"`},
	{"P-3.4.2.2-28", `members[value eq "1"] ‸eq ""`, `expected "and", "or" or the end, found "eq"`},
	{"P-3.4.2.2-28", `emails[type eq "work"].‸ eq ""`, `expected an attribute name, found " "`},
	{"P-3.4.2.2-28", `emails[type eq "work"].value‸`, `expected an operator, found the end`},
	{"P-3.4.2.2-28", `emails[type eq "work"].value‸.x pr`, `a sub-attribute can't have sub-attributes`},
	{"P-3.4.2.2-28", `not ‸title pr`, `expected "(" or an operator after "not", found other text`},
	{"P-3.4.2.2-28", `a pr and not ‸emails[b pr]`, `expected "(" or an operator after "not", found other text`},
	{"P-3.4.2.2-28", `not ‸not (a pr)`, `expected "(" or an operator after "not", found "not"`},
	{"P-3.4.2.2-35", `userName ‸regex ".*"`, `unknown operator "regex"`},
	{"P-3.4.2.2-35", `userName ‸ſw "x"`, `unknown operator "ſw"`},
	{"P-3.4.2.2-35", "userName ‸\x05q \"x\"", `unknown operator "\x05q"`},

	{"P-3.4.2.2-39", "a eq \"b‸\tc\"", `control character U+0009 must be escaped`},
	{"P-3.4.2.2-39", "a eq \"b‸\xffc\"", `invalid UTF-8`},
	{"P-3.4.2.2-39", "a eq \"\uFFFD‸\xed\xa0\x80\"", `invalid UTF-8`},
	{"P-3.4.2.2-39", `a eq "b‸\x"`, `unknown escape in a string`},
	{"P-3.4.2.2-39", `a eq "domain‸\user.name"`, `\u needs four hexadecimal digits`},
	{"P-3.4.2.2-39", `a eq "b‸\u12"`, `\u needs four hexadecimal digits`},
	{"P-3.4.2.2-39", `a eq "b‸\u12G4"`, `\u needs four hexadecimal digits`},
	{"P-3.4.2.2-39", `a eq "b‸\ud83d"`, `half of a surrogate pair`},
	{"P-3.4.2.2-39", `a eq "b‸\ud83dabcdef"`, `half of a surrogate pair`},
	{"P-3.4.2.2-39", `a eq "b‸\ud83d\u0041"`, `half of a surrogate pair`},
	{"P-3.4.2.2-39", `a eq "b‸\ude00\ud83d"`, `half of a surrogate pair`},
	{"P-3.4.2.2-39", `a eq ‸1e999`, `number out of range`},

	{"AM-25", `a eq ‸and`, `expected a value, found "and"`},
	{"AM-25", `a eq ‸OR b pr`, `expected a value, found "OR"`},
	{"AM-25", `a eq ‸not (b pr)`, `expected a value, found "not"`},

	{"P-3.4.2.2-41", `‸a:b eq 1`, `"a" is not the URI of a schema`},
	{"P-3.4.2.2-41", `‸:b eq 1`, `"" is not the URI of a schema`},
	{"P-3.4.2.2-41", `‸::b eq 1`, `":" is not the URI of a schema`},
	{"P-3.4.2.2-41", `‸1urn:x:b eq 1`, `"1urn:x" is not the URI of a schema`},
	{"P-3.4.2.2-41", `‸a_b:x:b eq 1`, `"a_b:x" is not the URI of a schema`},
	{"P-3.4.2.2-41", `urn:x:‸ eq 1`, `expected an attribute name, found " "`},
	{"P-3.4.2.2-41", `urn:x:‸.a eq 1`, `expected an attribute name, found ".a"`},
	{"P-3.4.2.2-41", `urn:x:a.‸ eq 1`, `expected a sub-attribute name, found " "`},
	{"P-3.4.2.2-41", `urn:x:a.‸.b eq 1`, `expected a sub-attribute name, found ".b"`},
	{"P-3.4.2.2-41", `urn:x:a.b‸.c eq 1`, `a sub-attribute can't have sub-attributes`},
}

func TestParseErrors(t *testing.T) {
	for _, test := range errorTests {
		t.Run(test.id+"/"+test.in, func(t *testing.T) {
			in, _ := unmark(t, test.in)
			_, err := filter.Parse(in, filter.Leniency{})
			checkSyntaxError(t, err, test.in, test.msg)
			_, err = filter.Parse(in, strict())
			assert.Error(t, err, "what the tolerant parser refuses must the strict one")
		})
	}
}

// bareWordErrorTests are about the characters of bare words; a parser that
// refuses those has another message.
var bareWordErrorTests = []struct{ id, in string }{
	{"AM-25", `a eq x‸(y`},
	{"AM-25", `a eq x‸[y]`},
	{"AM-25", `a eq x‸"y"`},
	{"AM-25", `a eq DOMAIN‸\user`},
	{"AM-25", "a eq x‸\ty"},
	{"AM-25", "a eq x‸\u00a0y"},
	{"AM-25", "a eq é‸\xff"},
}

func TestParseBareWordErrors(t *testing.T) {
	for _, test := range bareWordErrorTests {
		in, _ := unmark(t, test.in)
		_, err := filter.Parse(in, filter.Leniency{})
		checkSyntaxError(t, err, test.in, `text with this character takes double quotes`)
	}
}

// pathTests are accepted by every leniency.
var pathTests = []struct{ id, in, want string }{
	{"P-3.5.2-07", `members`, `members`},
	{"P-3.5.2-07", `name.familyName`, `name.familyName`},
	{"P-3.5.2-07", `addresses[type eq "work"]`, `addresses (eq type "work")`},
	{"P-3.5.2-07", `members[value eq "2819c223"].displayName`, `members (eq value "2819c223") .displayName`},
	{"P-3.5.2-07", `a.b[c pr].d`, `a.b (pr c) .d`},
	{"P-3.5.2-07", `members.$ref`, `members.$ref`},
	{"P-3.5.2-07", ` emails [ type eq "work" ].value `, `emails (eq type "work") .value`},
	{"P-3.5.2-07", `roles[primary eq "True"].value`, `roles (eq primary "True") .value`},
	{"P-3.5.2-07", `a[not(b pr) and (c pr or d pr)]`, `a (and (not (pr b)) (or (pr c) (pr d)))`},

	{"qualified", `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`,
		`<urn:ietf:params:scim:schemas:extension:enterprise:2.0:User>department`},
	{"qualified", `urn:example:extension:2.0:User:contacts[primary eq true].value`,
		`<urn:example:extension:2.0:User>contacts (eq primary true) .value`},
	{"bare URN", `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`,
		`<urn:ietf:params:scim:schemas:extension:enterprise:2.0>User`},
	{"bare URN", `urn:scim:schemas:core:2.0`, `<urn:scim:schemas:core>2.0`},
	{"typo URN", `urn:ietf:params:scim:schemas:extension:enterprise:2.0User`,
		`<urn:ietf:params:scim:schemas:extension:enterprise>2.0User`},
	{"dot for colon", `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department`,
		`<urn:ietf:params:scim:schemas:extension:enterprise:2.0>User.department`},
	{"dot for colon", `urn:x:User.contacts[primary eq true].value`, `<urn:x>User.contacts (eq primary true) .value`},
	{"open extension", `urn:example:2.0:Metadata:4711`, `<urn:example:2.0:Metadata>4711`},
	{"open extension", `urn:example:2.0:Metadata:cost-center/a@b%20c+d`, `<urn:example:2.0:Metadata>cost-center/a@b%20c+d`},
	{"open extension", `urn:example:2.0:Metadata:team.lead`, `<urn:example:2.0:Metadata>team.lead`},
	{"other schemes", `https://example.com/schema?x#y:attr`, `<https://example.com/schema?x#y>attr`},
	{"empty segment", `urn:x::a`, `<urn:x:>a`},
}

func TestParsePath(t *testing.T) {
	for _, test := range pathTests {
		t.Run(test.id+"/"+test.in, func(t *testing.T) {
			for _, l := range []filter.Leniency{{}, strict()} {
				p, err := filter.ParsePath(test.in, l)
				require.NoError(t, err)
				assert.Equal(t, test.want, outlinePatchPath(p))
				if !strings.Contains(test.in, " ") {
					assert.Equal(t, test.in, filter.PathString(p), "nothing may be lost")
				}
			}
		})
	}
}

var pathErrorTests = []struct{ id, in, msg string }{
	{"P-3.5.2-08", `‸`, `expected an attribute name, found the end`},
	{"P-3.5.2-08", `name.‸.familyName`, `expected an attribute name, found ".familyName"`},
	{"P-3.5.2-08", `‸.name`, `expected an attribute name, found ".name"`},
	{"P-3.5.2-08", `name.‸`, `expected an attribute name, found the end`},
	{"P-3.5.2-08", `emails[type eq "work"‸`, `expected "and", "or" or "]", found the end`},
	{"P-3.5.2-08", `emails[‸0].value`, `expected an attribute name, found "0"`},
	{"P-3.5.2-08", `emails[‸].value`, `expected an attribute name, found "]"`},
	{"P-3.5.2-08", `‸/nickName`, `expected an attribute name, found "/nickName"`},
	{"P-3.5.2-08", `name ‸familyName`, `expected the end of the path, found other text`},
	{"P-3.5.2-08", `emails[type eq "work"]‸,`, `expected the end of the path, found ","`},
	{"P-3.5.2-08", `emails[type eq "work"]‸value`, `expected the end of the path, found other text`},
	{"P-3.5.2-08", `emails[type eq "work"].‸`, `expected an attribute name, found the end`},
	{"P-3.5.2-08", `emails[type eq "work"].a‸.b`, `a sub-attribute can't have sub-attributes`},
	{"P-3.5.2-08", `emails[type eq "work"].a‸[b pr]`, `expected the end of the path, found "["`},
	{"P-3.5.2-08", `emails[type eq "work"]‸[b pr]`, `expected the end of the path, found "["`},
	{"P-3.5.2-08", `emails[a‸[b pr]]`, `a value filter can't hold another`},
	{"P-3.5.2-08", `a.b‸.c`, `a sub-attribute can't have sub-attributes`},
	{"P-3.5.2-08", `userName ‸eq "x"`, `expected the end of the path, found "eq"`},
	{"P-3.5.2-08", `‸urn:attr`, `"urn" is not the URI of a schema`},
	{"P-3.5.2-08", `urn:example:‸`, `expected an attribute name, found the end`},
	{"P-3.5.2-08", `a‸,b`, `expected the end of the path, found ",b"`},
	{"P-3.5.2-09", `emails.‸0.value`, `expected an attribute name, found "0.value"`},
}

func TestParsePathErrors(t *testing.T) {
	for _, test := range pathErrorTests {
		t.Run(test.id+"/"+test.in, func(t *testing.T) {
			in, _ := unmark(t, test.in)
			for _, l := range []filter.Leniency{{}, strict()} {
				p, err := filter.ParsePath(in, l)
				checkSyntaxError(t, err, test.in, test.msg)
				assert.Zero(t, p)
			}
		})
	}
}

func TestParsePathLeniency(t *testing.T) {
	for _, test := range []struct {
		in     string
		refuse filter.Leniency
	}{
		{`emails[type eq work].value`, bareWords},
		{`emails[primary eq True].value`, keywordCase},
	} {
		_, err := filter.ParsePath(test.in, filter.Leniency{})
		assert.NoError(t, err)
		_, err = filter.ParsePath(test.in, test.refuse)
		assert.Error(t, err)
	}
	_, err := filter.ParsePath(`emails[type eq "work"].value`, subAfterFilter)
	assert.NoError(t, err, "RFC 7644, figure 7 has it")
}

func TestLimits(t *testing.T) {
	terms := func(n int) string { return strings.Repeat("a pr or ", n-1) + "a pr" }
	nested := func(n int) string { return strings.Repeat("(", n) + "a pr" + strings.Repeat(")", n) }
	long := func(n int) string { return `a eq "` + strings.Repeat("x", n-len(`a eq ""`)) + `"` }
	negated := func(n int, s string) string { return strings.Repeat("not (", n) + s + strings.Repeat(")", n) }
	for _, test := range []struct {
		name, in string
		offset   int // -1 if accepted
		msg      string
	}{
		{"MaxLength", long(filter.MaxLength), -1, ""},
		{"MaxLength", long(filter.MaxLength + 1), filter.MaxLength, "text longer than 65536 bytes"},
		{"MaxTerms", terms(filter.MaxTerms), -1, ""},
		{"MaxTerms", terms(filter.MaxTerms + 1), filter.MaxTerms * len("a pr or "), "more than 500 terms"},
		{"MaxTerms", terms(filter.MaxTerms-3) + " and a[b pr].c pr", -1, ""},
		{"MaxTerms", terms(filter.MaxTerms-2) + " and a[b pr].c pr", len(terms(filter.MaxTerms-2) + " and a[b pr]"),
			"more than 500 terms"},
		{"MaxDepth", nested(filter.MaxDepth), -1, ""},
		{"MaxDepth", nested(filter.MaxDepth + 1), filter.MaxDepth, "nested deeper than 50"},
		{"MaxDepth", nested(10000), filter.MaxDepth, "nested deeper than 50"},
		{"MaxDepth", "a[" + nested(filter.MaxDepth-1) + "]", -1, ""},
		{"MaxDepth", "a[" + nested(filter.MaxDepth) + "]", filter.MaxDepth + 1, "nested deeper than 50"},
		{"MaxDepth", negated(filter.MaxDepth, "a pr"), -1, ""},
		{"MaxDepth", negated(filter.MaxDepth+1, "a pr"), len("not (")*filter.MaxDepth + len("not "), "nested deeper than 50"},
		// The "or" is printed in parentheses, for which there must be room.
		{"MaxDepth", "a[b pr or " + negated(filter.MaxDepth-2, "c pr") + "].d pr", -1, ""},
		{"MaxDepth", "a[b pr or " + negated(filter.MaxDepth-1, "c pr") + "].d pr",
			len("a[b pr or " + negated(filter.MaxDepth-1, "c pr") + "]"), "nested deeper than 50"},
		{"MaxDepth", "a[b pr and " + negated(filter.MaxDepth-1, "c pr") + "].d pr", -1, ""},
	} {
		e, err := filter.Parse(test.in, filter.Leniency{})
		if test.offset < 0 {
			require.NoError(t, err, test.name)
			again, err := filter.Parse(filter.String(e), strict())
			require.NoError(t, err, test.name)
			assert.Equal(t, e, again, test.name)
			continue
		}
		var syntax *filter.SyntaxError
		require.ErrorAs(t, err, &syntax, test.name)
		assert.Equal(t, test.offset, syntax.Offset, test.name)
		assert.Equal(t, test.msg, syntax.Msg, test.name)
	}

	_, err := filter.ParsePath(strings.Repeat("a", filter.MaxLength), filter.Leniency{})
	assert.NoError(t, err)
	_, err = filter.ParsePath(strings.Repeat("a", filter.MaxLength+1), filter.Leniency{})
	assert.EqualError(t, err, "filter: text longer than 65536 bytes at byte 65536")
}

func TestSyntaxErrorIsShort(t *testing.T) {
	secret := strings.Repeat("s3cret", 100)
	for _, in := range []string{
		`password eq "` + secret + `" and password regex "x"`,
		`password ` + secret + ` "x"`,
		secret + ":x eq 1",
		`password eq "x" ` + secret,
	} {
		_, err := filter.Parse(in, filter.Leniency{})
		var syntax *filter.SyntaxError
		require.ErrorAs(t, err, &syntax)
		assert.Equal(t, in, syntax.Input)
		assert.Less(t, len(err.Error()), 150)
		assert.True(t, strings.HasPrefix(err.Error(), "filter: "))
	}
}

// unmark returns a text without its ‸, and where that was.
func unmark(t *testing.T, marked string) (in string, offset int) {
	t.Helper()
	before, after, found := strings.Cut(marked, "‸")
	require.True(t, found, "no ‸ in %q", marked)
	return before + after, len(before)
}

// checkSyntaxError checks that an error has the offset marked in a text, blanks
// aside, and that its message starts with msg.
func checkSyntaxError(t *testing.T, err error, marked, msg string) {
	t.Helper()
	in, offset := unmark(t, marked)
	var syntax *filter.SyntaxError
	if !errors.As(err, &syntax) {
		t.Fatalf("%s: got %v, want a *SyntaxError with %q", marked, err, msg)
	}
	assert.Equal(t, in, syntax.Input)
	assert.Equal(t, offset, syntax.Offset, "offset of %q in %s", syntax.Msg, marked)
	assert.True(t, strings.HasPrefix(syntax.Msg, msg), "%s: got %q, want %q", marked, syntax.Msg, msg)
	assert.True(t, strings.HasPrefix(err.Error(), "filter: "+syntax.Msg))
}
