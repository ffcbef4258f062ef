package ledger

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
)

const (
	formatPage  = "FORMAT.md"
	formatBegin = "<!-- records: written by go test -run TestFormatPage with OCHNO_UPDATE=1 -->\n"
	formatEnd   = "<!-- end of records -->\n"
)

// The page that says how to read the log says what the Go types say.
func TestFormatPage(t *testing.T) {
	page, err := os.ReadFile(formatPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), formatBegin)
	have, after, ok2 := strings.Cut(rest, formatEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the records", formatPage)
	}
	want := describeRecords(t)
	if have != want && os.Getenv("OCHNO_UPDATE") == "1" {
		if err := os.WriteFile(formatPage, []byte(before+formatBegin+want+formatEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want {
		t.Errorf("%s is not what records.go says: run OCHNO_UPDATE=1 go test -run TestFormatPage ./proctor/ledger", formatPage)
	}
	if columns := "`" + strings.Join(csvHeader, "`, `") + "`"; !strings.Contains(string(page), columns) {
		t.Errorf("%s does not list the columns of CSV: %s", formatPage, columns)
	}
	for _, name := range []string{"schema", "id", "type", "at", "exam", "attempt", "person", "outcome", "data", "personal"} {
		if !strings.Contains(string(page), "\n| `"+name+"` |") {
			t.Errorf("%s does not tell of the envelope's field %q", formatPage, name)
		}
	}
	if n := reflect.TypeFor[envelope[any]]().NumField(); n != 10 {
		t.Errorf("the envelope has %d fields: tell of them in %s", n, formatPage)
	}
}

// describeRecords writes a table for each struct of records.go, in its order, and the list of types.
func describeRecords(t *testing.T) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "records.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var types, tables strings.Builder
	types.WriteString("| `type` | `data` is |\n|---|---|\n")
	for _, decl := range file.Decls {
		g, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		words := g.Tok == token.CONST && !isType(g.Specs[0])
		if words {
			fmt.Fprintf(&tables, "\n%s\n\n", strings.TrimSuffix(strings.Join(strings.Fields(g.Doc.Text()), " "), ".")+":")
		}
		for _, spec := range g.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				if words {
					fmt.Fprintf(&tables, "- %s\n", strings.TrimSpace("`"+strings.Trim(s.Values[0].(*ast.BasicLit).Value, `"`)+"` "+strings.TrimSpace(s.Comment.Text())))
					continue
				}
				name := strings.TrimSpace(s.Comment.Text())
				value := strings.Trim(s.Values[0].(*ast.BasicLit).Value, `"`)
				fmt.Fprintf(&types, "| `%s` | [%s](#%s) |\n", value, name, strings.ToLower(name))
			case *ast.TypeSpec:
				if st, ok := s.Type.(*ast.StructType); ok {
					describeStruct(&tables, s.Name.Name, g.Doc.Text(), st)
				}
			}
		}
	}
	return types.String() + tables.String()
}

// isType tells a type of record from a word that stands within one.
func isType(spec ast.Spec) bool {
	kind, ok := spec.(*ast.ValueSpec).Type.(*ast.Ident)
	return ok && kind.Name == "Type"
}

func describeStruct(b *strings.Builder, name, doc string, s *ast.StructType) {
	fmt.Fprintf(b, "\n#### %s\n\n%s\n\n| field | type | |\n|---|---|---|\n", name, strings.Join(strings.Fields(doc), " "))
	for _, f := range s.Fields.List {
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		field, options, _ := strings.Cut(tag, ",")
		kind, comment := jsonType(f.Type), strings.TrimSpace(f.Comment.Text())
		if options == "omitempty" || options == "omitzero" {
			kind += ", may be absent"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", field, kind, comment)
	}
}

// jsonType says what JSON has for a Go type.
func jsonType(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return jsonType(e.X)
	case *ast.ArrayType:
		return "array of " + jsonType(e.Elt)
	case *ast.MapType:
		return "object of " + jsonType(e.Value) + "s"
	case *ast.SelectorExpr: // time.Time
		return "time, RFC 3339"
	case *ast.Ident:
		switch e.Name {
		case "string":
			return "string"
		case "bool":
			return "true or false"
		case "int", "int64":
			return "integer"
		case "float64":
			return "number"
		}
		return "[" + e.Name + "](#" + strings.ToLower(e.Name) + ")"
	}
	return "?"
}
