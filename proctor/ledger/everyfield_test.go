package ledger

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// dataTypes are the types of record with what their data are. TestTamperingWithEachField fails for a type of records.go that is not here.
var dataTypes = map[Type]any{
	TypeIdentification: Identification{}, TypeManual: ManualIdentification{}, TypeAdmission: Admission{}, TypeConsent: Consent{}, TypeWithdrawal: Withdrawal{},
	TypeGuardian: Guardian{}, TypeErasure: Erasure{}, TypeDecline: Decline{}, TypeRecordingHead: RecordingHead{}, TypeLink: Link{}, TypeUnlink: Unlink{},
	TypeSignIn: SignIn{}, TypeRequest: Request{}, TypeStaff: Staff{}, TypeDecision: Decision{}, TypeAppeal: Appeal{}, TypeAccess: Access{}, TypeKeyChange: KeyChange{},
	TypeHold: Hold{}, TypePolicyChange: PolicyChange{}, TypeReceipt: Receipt{},
}

// declaredTypes reads the types of record and the names of their data from records.go.
func declaredTypes(t *testing.T) map[Type]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "records.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[Type]string{}
	for _, decl := range file.Decls {
		g, ok := decl.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST || !isType(g.Specs[0]) {
			continue
		}
		for _, spec := range g.Specs {
			s := spec.(*ast.ValueSpec)
			out[Type(strings.Trim(s.Values[0].(*ast.BasicLit).Value, `"`))] = strings.TrimSpace(s.Comment.Text())
		}
	}
	return out
}

// filled is a value of the type of v in which nothing is empty.
func filled(t *testing.T, v reflect.Type) reflect.Value {
	t.Helper()
	out := reflect.New(v).Elem()
	switch {
	case v == reflect.TypeFor[time.Time]():
		out.Set(reflect.ValueOf(time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(filled(t, v.Field(i).Type))
		}
	case v.Kind() == reflect.Pointer:
		out.Set(reflect.New(v.Elem()))
		out.Elem().Set(filled(t, v.Elem()))
	case v.Kind() == reflect.Slice:
		out.Set(reflect.Append(out, filled(t, v.Elem()), filled(t, v.Elem())))
	case v.Kind() == reflect.Map:
		out.Set(reflect.MakeMap(v))
		out.SetMapIndex(filled(t, v.Key()), filled(t, v.Elem()))
	case v.Kind() == reflect.String:
		out.SetString("значение")
	case v.Kind() == reflect.Bool:
		out.SetBool(true)
	case out.CanInt():
		out.SetInt(7)
	case out.CanFloat():
		out.SetFloat(0.5)
	default:
		t.Fatalf("how is a %s filled?", v)
	}
	return out
}

// change is one way to tamper with a record.
type change struct{ what, body string }

// changes are every field of a record changed, and every one removed, each alone.
func changes(t *testing.T, body []byte) []change {
	t.Helper()
	var record map[string]any
	if err := json.Unmarshal(body, &record); err != nil {
		t.Fatal(err)
	}
	var list []change
	add := func(what string) {
		t.Helper()
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, change{what, string(text)})
	}
	var walk func(path string, v any, set func(any))
	walk = func(path string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				was := v[key]
				walk(path+"."+key, was, func(changed any) { v[key] = changed })
				delete(v, key)
				add(path + "." + key + " removed")
				v[key] = was
			}
			v["more"] = "x"
			add(path + ".more added")
			delete(v, "more")
		case []any:
			for i, item := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), item, func(changed any) { v[i] = changed })
			}
			set(v[:len(v)-1])
			add(path + ": the last removed")
			set(v)
		case string:
			set(v + "x")
			add(path + " changed")
			set("")
			add(path + " emptied")
			set(v)
		case float64:
			set(v + 1)
			add(path + " changed")
			set(v)
		case bool:
			set(!v)
			add(path + " changed")
			set(v)
		default:
			t.Fatalf("%s is %T", path, v)
		}
	}
	walk("", record, nil)
	return list
}

// TestTamperingWithEachField changes and removes, directly in PostgreSQL, each field of each type of record: each is found and the record named.
func TestTamperingWithEachField(t *testing.T) {
	declared := declaredTypes(t)
	for kind, name := range declared {
		if data, ok := dataTypes[kind]; !ok || reflect.TypeOf(data).Name() != name {
			t.Errorf("the type %q, whose data are %s, is not in this table", kind, name)
		}
	}
	if t.Failed() {
		return
	}
	l := newTestLog(t)
	at := map[Type]uuid.UUID{}
	for _, kind := range slices.Sorted(maps.Keys(dataTypes)) {
		at[kind] = l.add(Entry{
			Type: kind, Exam: examA, Attempt: attempt1, Person: person1, Outcome: "granted", Data: filled(t, reflect.TypeOf(dataTypes[kind])).Interface(),
			Personal: map[string]string{"student": student, "oid": oid, "actor": actor},
		})[0]
	}
	l.seal()
	if _, err := l.verify(); err != nil {
		t.Fatal(err)
	}
	total := 0
	for kind, id := range at {
		body := value[[]byte](l, `select body from ledger_record where id = $1`, id)
		list := changes(t, body)
		total += len(list)
		for _, c := range list {
			l.exec(`update ledger_record set body = $2 where id = $1`, id, []byte(c.body))
			_, err := l.verify()
			if err == nil || !strings.Contains(err.Error(), id.String()) {
				t.Errorf("%s%s: found as «%v»; want the record %s named", kind, c.what, err, id)
			}
			for _, personal := range []string{student, oid, actor} {
				if err != nil && strings.Contains(err.Error(), personal) {
					t.Errorf("%s%s: the error shows a personal value: %v", kind, c.what, err)
				}
			}
		}
		// The values beside it: each taken away or changed.
		sealed := value[[]byte](l, `select personal from ledger_record where id = $1`, id)
		l.exec(`update ledger_record set body = $2 where id = $1`, id, body)
		plain, err := l.ring.Unseal(personalPurpose(id), sealed)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes(t, plain) {
			total++
			l.exec(`update ledger_record set personal = $2 where id = $1`, id, l.ring.Seal(personalPurpose(id), []byte(c.body)))
			if _, err := l.verify(); err == nil || !strings.Contains(err.Error(), id.String()) {
				if strings.HasSuffix(c.what, ".more added") && strings.Count(c.what, ".") > 1 {
					continue // beside salt and value of a field nothing is read
				}
				t.Errorf("%s, personal%s: found as «%v»; want the record %s named", kind, c.what, err, id)
			}
		}
		l.exec(`update ledger_record set personal = $2 where id = $1`, id, sealed)
		if _, err := l.verify(); err != nil {
			t.Fatalf("after %s was made good: %v", kind, err)
		}
	}
	t.Logf("%d changes of %d types of record, each found", total, len(at))
	if total < 30*len(at) {
		t.Errorf("only %d changes were tried", total)
	}
}
