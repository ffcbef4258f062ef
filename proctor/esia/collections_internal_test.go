package esia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

// FuzzCollections reads any page as each collection. Elements by URL are not followed: the client's server is nowhere.
func FuzzCollections(f *testing.F) {
	config := testConfig(&notedSigner{})
	config.BaseURL = "http://127.0.0.1:1"
	client, err := New(config)
	if err != nil {
		f.Fatal(err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel() // so that nothing is sent
	f.Add(`{"stateFacts":["hasSize"],"size":1,"elements":[{"type":"EML","vrfStu":"VERIFIED","value":"a@example.org"}]}`)
	f.Add(`{"size":"1","elements":[{"type":"RF_PASSPORT","series":1234,"number":"567890","issueDate":"01.02.2020"}]}`)
	f.Add(`{"size":2,"elements":["https://esia.gosuslugi.ru/rs/prns/1/ctts/2",{"type":"PLV","addressStr":"x","zipCode":101000}]}`)
	f.Add(`{"elements":[{"oid":1000,"fullName":"x","ogrn":"1000000000001","chief":"true","admin":false}]}`)
	f.Add(`{"elements":[{"oid":"1","firstName":"А","lastName":"Б","birthDate":"01.01.2015","snils":"112-233-445 95"},{"grp_id":"G"},null,5]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var page collectionAnswer
		if len(text) > maxAnswer || decodeObject([]byte(text), &page) != nil {
			return
		}
		if page.Size < 0 {
			t.Errorf("size %d", page.Size)
		}
		identity := &Identity{OID: "1", token: "t"}
		for i, raw := range page.Elements[:min(len(page.Elements), 20)] {
			contact, err := readElement(over, client, identity, "contacts", raw, contactAnswer.contact)
			checkElement(t, i, contact.Type+contact.Value, err)
			document, err := readElement(over, client, identity, "documents", raw, documentAnswer.document)
			checkElement(t, i, document.Type+document.Series+document.Number+document.IssuedBy, err)
			address, err := readElement(over, client, identity, "addresses", raw, addressAnswer.address)
			checkElement(t, i, address.Type+address.Text, err)
			role, err := readElement(over, client, identity, "roles", raw, roleAnswer.role)
			checkElement(t, i, role.Organisation.OID+role.Organisation.FullName, err)
			group, err := readElement(over, client, identity, "groups", raw, groupAnswer.group)
			checkElement(t, i, group.ID+group.Name, err)
			child, err := readElement(over, client, identity, "children", raw, childAnswer.child)
			checkElement(t, i, child.OID+child.Person.LastName, err)
		}
		var address string
		for _, raw := range page.Elements {
			if json.Unmarshal(raw, &address) != nil {
				continue
			}
			if at, err := elementPath(address); err == nil && (!strings.HasPrefix(at, "/rs/") || strings.ContainsAny(at, ".?#%@: ") || strings.Contains(at, "//")) {
				t.Errorf("the token would go to %q", at)
			}
		}
	})
}

func checkElement(t *testing.T, i int, text string, err error) {
	var e *Error
	switch {
	case err == nil && text == "":
		t.Errorf("element %d is empty without an error", i)
	case err == nil && strings.ContainsFunc(text, unicode.IsControl):
		t.Errorf("element %d holds control characters: %q", i, text)
	case err != nil && !errors.As(err, &e) && len(err.Error()) > 100:
		t.Errorf("element %d: an error that may quote a value: %v", i, err)
	}
	if err != nil && strings.ContainsFunc(fmt.Sprint(err), unicode.IsControl) {
		t.Errorf("element %d: control characters in %q", i, err.Error())
	}
}
