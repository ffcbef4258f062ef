package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"ochno/proctor/ledger"
)

// recordLine is what checking needs of a line of records.jsonl.
type recordLine struct {
	body     []byte
	hash     tlog.Hash
	personal []byte // the object of salted hashes as it stands in the body; nil: none
	kind     []byte
}

// tail finds a record's personal hashes and its type without reading all of it. Canonical JSON sorts the keys of an object, so that the body
// ends with …,"personal":{…},"schema":1,"type":"…"}, and an unescaped quote stands in no string: the last match is the key itself.
func tail(body []byte) (personal, kind []byte) {
	const typeKey, personalKey = `,"type":"`, `,"personal":{`
	at := bytes.LastIndex(body, []byte(typeKey))
	if at < 0 || !bytes.HasSuffix(body, []byte(`"}`)) || at+len(typeKey) > len(body)-2 {
		return nil, nil
	}
	kind = body[at+len(typeKey) : len(body)-2]
	schema := bytes.LastIndex(body[:at], []byte(`,"schema":`))
	if schema < 1 || body[schema-1] != '}' {
		return nil, kind
	}
	if start := bytes.LastIndex(body[:schema], []byte(personalKey)); start >= 0 {
		object := body[start+len(personalKey)-1 : schema]
		if bytes.IndexByte(object, '}') == len(object)-1 { // else it is a key of that name within data
			return object, kind
		}
	}
	return nil, kind
}

// readRecords is the work on a batch of records.jsonl.
func readRecords(lines [][]byte) []recordLine {
	out := make([]recordLine, len(lines))
	h := sha256.New()
	for i, body := range lines {
		h.Reset()
		h.Write([]byte{0}) // RFC 6962: a leaf, not a node
		h.Write(body)
		r := recordLine{body: body}
		h.Sum(r.hash[:0])
		r.personal, r.kind = tail(body)
		out[i] = r
	}
	return out
}

// personalLine and erasedLine are the lines of personal.jsonl.
type personalLine struct {
	Leaf   int64                           `json:"leaf"`
	Fields map[string]ledger.PersonalValue `json:"fields"`
}

type erasedLine struct {
	Leaf   int64 `json:"leaf"`
	Erased bool  `json:"erased"`
}

// valueLine is what checking needs of a line of personal.jsonl.
type valueLine struct {
	leaf   int64
	hashes []byte // the object of salted hashes that the values have, as a record of them would have it; nil: erased
	bad    bool   // not a line of the format
}

func readValues(lines [][]byte) []valueLine {
	out := make([]valueLine, len(lines))
	room := make([]byte, 0, 256*len(lines))
	for i, line := range lines {
		start := len(room)
		var ok bool
		if out[i].leaf, room, ok = hashFields(line, room); !ok {
			out[i].bad = true
			room = room[:start]
		} else if len(room) > start {
			out[i].hashes = room[start:len(room):len(room)]
		}
	}
	return out
}

// hashFields reads {"leaf":12,"fields":{"oid":{"salt":"…","value":"…"}}} or {"leaf":12,"erased":true}, strictly as they are written, and
// appends {"oid":"hash"}.
func hashFields(line, to []byte) (leaf int64, out []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"leaf":`))
	if !ok {
		return 0, to, false
	}
	comma := bytes.IndexByte(rest, ',')
	if comma < 1 || comma > 19 {
		return 0, to, false
	}
	leaf, err := strconv.ParseInt(string(rest[:comma]), 10, 64)
	if err != nil || leaf < 0 {
		return 0, to, false
	}
	rest = rest[comma+1:]
	if string(rest) == `"erased":true}` {
		return leaf, to, true
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`"fields":{`)); !ok {
		return leaf, to, false
	}
	to = append(to, '{')
	for first := true; ; first = false {
		if !first {
			if rest, ok = bytes.CutPrefix(rest, []byte(",")); !ok {
				break
			}
			to = append(to, ',')
		}
		var name, salt, value []byte
		if name, rest, ok = quoted(rest, `:{"salt":`); !ok {
			return leaf, to, false
		}
		if salt, rest, ok = quoted(rest, `,"value":`); !ok {
			return leaf, to, false
		}
		if value, rest, ok = quoted(rest, `}`); !ok {
			return leaf, to, false
		}
		sum, ok := saltedHash(salt, value)
		if !ok {
			return leaf, to, false
		}
		to = append(to, name...)
		to = append(to, ':', '"')
		to = hex.AppendEncode(to, sum[:])
		to = append(to, '"')
	}
	return leaf, append(to, '}'), string(rest) == "}}"
}

// quoted takes a JSON string, its quotes included, and what must follow it.
func quoted(text []byte, then string) (value, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return nil, nil, false
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			rest, ok = bytes.CutPrefix(text[i+1:], []byte(then))
			return text[:i+1], rest, ok
		}
	}
	return nil, nil, false
}

const maxSalt = 64

// saltedHash is SHA-256(salt ‖ value) of the two JSON strings, the salt being hexadecimal.
func saltedHash(salt, value []byte) (sum [32]byte, ok bool) {
	salt = salt[1 : len(salt)-1]
	plain := value[1 : len(value)-1]
	if bytes.IndexByte(plain, '\\') >= 0 {
		var text string
		if json.Unmarshal(value, &text) != nil {
			return sum, false
		}
		plain = []byte(text)
	}
	if len(salt) > 2*maxSalt {
		return sum, false
	}
	room := make([]byte, 0, 512)
	room, err := hex.AppendDecode(room, salt)
	if err != nil {
		return sum, false
	}
	return sha256.Sum256(append(room, plain...)), true
}
