package jsonscan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// read goes over a whole document and writes it again.
func read(s *Scanner) string {
	var b bytes.Buffer
	var value func()
	quote := func(text []byte) {
		quoted, _ := json.Marshal(string(text))
		b.Write(quoted)
	}
	value = func() {
		switch s.First() {
		case '{':
			next := byte('{')
			for s.Enter(); s.More('}'); next = ',' {
				b.WriteByte(next)
				quote(s.Name())
				b.WriteByte(':')
				value()
			}
			b.WriteString("{}"[strings.IndexByte("{,", next):])
		case '[':
			next := byte('[')
			for s.Enter(); s.More(']'); next = ',' {
				b.WriteByte(next)
				value()
			}
			b.WriteString("[]"[strings.IndexByte("[,", next):])
		case '"':
			text, ok := s.AppendPlain(append(make([]byte, 0, 32), "before "...))
			if text = text[len("before "):]; !ok {
				text = s.Str()
			}
			quote(text)
		default:
			b.Write(s.Literal())
		}
	}
	value()
	s.End()
	return b.String()
}

// FuzzScanner: what is read and what is skipped is JSON for encoding/json, too.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e3,true,false,null,"x\"\u00e9\\"],"b":{}}`, ` [ ] `, `"`, `{"a":1,}`, `[1 2]`, `01`, `"\ud800"`, "\"\x01\"", `{"a"}`, `tru`, "\xff",
		`[{},[],""]`, `{"a":1}x`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		valid := json.Valid(data) && utf8.Valid(data)
		reading, skipping := New(data), New(data)
		text := read(&reading)
		skipping.Skip()
		skipping.End()
		if surrogates := strings.Contains(string(data), `\u`); !surrogates || !valid {
			require.Equal(t, valid, reading.Err() == "", "reading: %s", reading.Err())
			require.Equal(t, valid, skipping.Err() == "", "skipping: %s", skipping.Err())
		}
		if valid && reading.Err() == "" {
			require.Equal(t, decoded(t, data), decoded(t, []byte(text)), text)
		}
	})
}

func decoded(t *testing.T, data []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // so that none is too large
	require.NoError(t, d.Decode(&v), "%s", data)
	return v
}

func TestErrors(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, tt := range []struct{ text, want string }{
		{deep(MaxDepth), ""},
		{deep(MaxDepth + 1), "nested too deep"},
		{`{"a":1} {}`, "Something follows"},
		{"  \n", "is empty"},
		{`{"a":tru}`, "near byte 5"},
		{"{\"a\":\"\xff\"}", "near byte 6"},
	} {
		s := New([]byte(tt.text))
		s.Skip()
		s.End()
		assert.Contains(t, s.Err(), tt.want)
		assert.Equal(t, tt.want == "", s.Err() == "", s.Err())
	}
	assert.False(t, isTooLarge(1<<30))
	assert.True(t, isTooLarge(1<<30+1))
}

// TestValue: parts of the document stand where they stood.
func TestValue(t *testing.T) {
	s := New([]byte(` { "a" : [ 1, {"b": "c\n"} ] , "d":2}`))
	s.Enter()
	require.True(t, s.More('}'))
	assert.Equal(t, "a", string(s.Name()))
	assert.Equal(t, `[ 1, {"b": "c\n"} ]`, string(s.Value()))
	require.True(t, s.More('}'))
	assert.Equal(t, "d", string(s.Name()))
	assert.Equal(t, "2", string(s.Value()))
	assert.False(t, s.More('}'))
	s.End()
	assert.Empty(t, s.Err())
}
