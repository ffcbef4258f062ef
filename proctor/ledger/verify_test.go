package ledger

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
)

// harmable is a log of eight records under three checkpoints, two records that wait, and a way back from any harm.
type harmable struct {
	*testLog
	leaves []uuid.UUID // by their place in the tree
}

const waiting = 2

func newHarmable(t *testing.T) *harmable {
	l := newTestLog(t)
	h := &harmable{testLog: l}
	all := oneOfEach()
	for _, part := range [][]Entry{all[:3], all[3:5], all[5:]} {
		h.leaves = append(h.leaves, l.add(part...)...)
		l.seal()
	}
	l.add(accesses(waiting)...)
	for _, table := range []string{"ledger_record", "ledger_leaf", "ledger_tile", "ledger_checkpoint"} {
		l.exec(`create table ` + table + `_kept as select * from ` + table)
	}
	return h
}

// restore undoes every harm.
func (h *harmable) restore() {
	h.t.Helper()
	h.exec(`truncate ledger_record, ledger_leaf, ledger_tile, ledger_checkpoint cascade`)
	h.exec(`insert into ledger_record overriding system value select * from ledger_record_kept`)
	h.exec(`insert into ledger_leaf select * from ledger_leaf_kept`)
	h.exec(`insert into ledger_tile select * from ledger_tile_kept`)
	h.exec(`insert into ledger_checkpoint select * from ledger_checkpoint_kept`)
}

// sign is a note of the log's form for any size and root.
func (h *harmable) sign(signer note.Signer, size int64, root [32]byte) string {
	h.t.Helper()
	text, err := note.Sign(&note.Note{Text: checkpointText(signer.Name(), size, root)}, signer)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

func TestVerifyAWholeLog(t *testing.T) {
	h := newHarmable(t)
	want := Report{Size: 8, Pending: waiting, Checkpoints: 3}
	if report, err := h.verify(); err != nil || report != want {
		t.Errorf("verified: %+v, %v; want %+v", report, err, want)
	}
	empty := newTestLog(t)
	if report, err := empty.verify(); err != nil || report != (Report{}) {
		t.Errorf("an empty log: %+v, %v", report, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Verify(over); err == nil {
		t.Error("a verification that was cut off says that all is well")
	}
}

// Whatever is changed behind the log's back is found, and named.
func TestVerifyFinds(t *testing.T) {
	h := newHarmable(t)
	id, link := h.leaves[2], h.leaves[0] // the identification has every column
	record := "record " + id.String()
	stranger, _, _ := newNoteKey(t, testOrigin)
	type harm struct {
		name string
		do   func()
		want []string // parts of the error
	}
	sql := func(name, sql string, args []any, want ...string) harm {
		return harm{name, func() { h.exec(sql, args...) }, want}
	}
	column := func(column, set string) harm {
		return sql("column "+column, `update ledger_record set `+column+` = `+set+` where id = $1`, []any{id}, record, `"`+column+`"`)
	}
	harms := []harm{
		column("type", `'admission'`),
		column("at", `at + interval '1 second'`),
		column("at", `at + interval '1 microsecond'`),
		column("outcome", `'no_match'`),
		sql("column id", `update ledger_record set id = gen_random_uuid() where id = $1`, []any{id}, "personal fields of record"),
		sql("column id of a record without personal fields", `update ledger_record set id = $2 where id = $1`, []any{h.leaves[4], uuid.Max}, uuid.Max.String(), `"id"`),
		sql("column leaf emptied", `update ledger_leaf set leaf = null where seq = (select seq from ledger_record where id = $1)`, []any{id}, "leaf 2 is missing"),
		sql("column leaf moved to the end", `update ledger_leaf set leaf = 8 where seq = (select seq from ledger_record where id = $1)`, []any{id}, "leaf 2 is missing"),

		sql("body: a score", replaceIn("body", `"overall":0.99995`, `"overall":0.99999`), []any{id}, "checkpoint of size 3", "changed or swapped"),
		sql("body: the verdict", replaceIn("body", `"jws":"a.b.c"`, `"jws":"a.b.d"`), []any{id}, "checkpoint of size 3"),
		sql("body: a space added", replaceIn("body", `"schema":1,`, `"schema":1, `), []any{id}, "checkpoint of size 3"),
		sql("body: an unknown field added", replaceIn("body", `"schema":1,`, `"schema":1,"x":1,`), []any{id}, "checkpoint of size 3"),
		sql("body and column together", strings.Replace(replaceIn("body", `"outcome":"match",`, `"outcome":"other",`), " where", ", outcome = 'other' where", 1),
			[]any{id}, "checkpoint of size 3"),
		sql("body: no JSON", `update ledger_record set body = 'rubbish' where id = $1`, []any{id}, record),
		sql("body: empty", `update ledger_record set body = '' where id = $1`, []any{id}, record),

		sql("personal value: a bit", `update ledger_record set personal = set_byte(personal, 20, get_byte(personal, 20) # 1) where id = $1`, []any{id}, "personal fields of "+record),
		sql("personal value: another record's", `update ledger_record set personal = (select personal from ledger_record where id = $2) where id = $1`, []any{id, link}, "personal fields of "+record),
		{"personal value: another one under the right key", func() {
			plain := fmt.Sprintf(`{"student":{"salt":"%032x","value":"Другая"},"oid":{"salt":"%032x","value":"1"}}`, 1, 2)
			h.exec(`update ledger_record set personal = $2 where id = $1`, id, h.ring.Seal(personalPurpose(id), []byte(plain)))
		}, []string{record, "does not have the hash"}},
		{"personal value: one field taken away", func() {
			h.exec(`update ledger_record set personal = $2 where id = $1`, id, h.ring.Seal(personalPurpose(id), []byte(`{}`)))
		}, []string{record, "does not have the hash"}},
		{"personal value: added to a record that has none", func() {
			h.exec(`update ledger_record set personal = $2 where id = $1`, h.leaves[4], h.ring.Seal(personalPurpose(h.leaves[4]), []byte(`{"actor":{}}`)))
		}, []string{h.leaves[4].String(), "sealed nothing"}},

		sql("the last leaf removed", `delete from ledger_record where `+at(7), nil, "signed 8 records, 7 are there"),
		sql("the last leaf removed and its hashes", `with gone as (delete from ledger_record where `+at(7)+`) update ledger_tile set hashes = substr(hashes, 1, 7 * 32)`, nil, "signed 8 records, 7 are there"),
		sql("a middle leaf removed", `delete from ledger_record where `+at(3), nil, "leaf 3 is missing", h.leaves[4].String()),
		sql("the first leaf removed", `delete from ledger_record where `+at(0), nil, "leaf 0 is missing"),
		sql("a middle leaf removed and the gap closed", `delete from ledger_record where `+at(3)+`; delete from ledger_leaf where leaf = 3; update ledger_leaf set leaf = -leaf where leaf > 3;
			update ledger_leaf set leaf = -leaf - 1 where leaf < 0`, nil, "checkpoint of size 5"),
		sql("all records removed", `delete from ledger_record`, nil, "signed 8 records, 0 are there"),
		sql("a pair swapped", `update ledger_leaf set leaf = -1 where leaf = 3; update ledger_leaf set leaf = 3 where leaf = 4;
			update ledger_leaf set leaf = 4 where leaf = -1`, nil, "checkpoint of size 5", "changed or swapped"),
		sql("a record doubled", `with r as (insert into ledger_record (id, type, at, body, personal, exam_id, attempt_id, person_id, outcome)
			select gen_random_uuid(), type, at, body, null, exam_id, attempt_id, person_id, outcome from ledger_record where id = $1 returning seq)
			insert into ledger_leaf (seq, leaf) select seq, 8 from r`, []any{id}, `"id"`),
		sql("a record added behind the checkpoint", `update ledger_leaf set leaf = 8 where leaf is null and seq = (select max(seq) from ledger_leaf)`, nil,
			"signed 8 records, 9 are there"),
		sql("a record given a place before the first", `update ledger_leaf set leaf = -1 where leaf is null and seq = (select max(seq) from ledger_leaf)`, nil, "leaf 8 is missing", "-1"),
		sql("a record given a place far behind the last", `update ledger_leaf set leaf = 1000000 where leaf is null and seq = (select max(seq) from ledger_leaf)`, nil, "leaf 8 is missing", "1000000"),
		sql("a waiting record changed", `update ledger_record set outcome = 'x' where `+waits, nil, `"outcome"`),
		sql("a waiting record's body changed", `update ledger_record set body = convert_to(replace(convert_from(body, 'UTF8'), '"schema":1,', '"schema":1, '), 'UTF8') where `+waits, nil, "is not what was appended"),
		sql("a waiting record's hash changed", `update ledger_leaf set hash = sha256('other') where leaf is null`, nil, "is not what was appended"),
		sql("a waiting record removed", `delete from ledger_record where `+waits, nil, "wait for their place in the tree were removed"),
		sql("a waiting record's place removed", `delete from ledger_leaf where leaf is null`, nil, "behind the log's back"),
		sql("a waiting row added by hand", `insert into ledger_record (id, type, at, body) values (gen_random_uuid(), 'access', now(), '{}')`, nil, `"id"`),

		sql("checkpoint: its root", `update ledger_checkpoint set root = sha256('other') where size = 5`, nil, "checkpoint of size 5", "differ"),
		sql("checkpoint: a shorter root", `update ledger_checkpoint set root = substr(root, 1, 31) where size = 5`, nil, "checkpoint of size 5"),
		sql("checkpoint: a longer root", `update ledger_checkpoint set root = root || '\x00' where size = 5`, nil, "checkpoint of size 5"),
		sql("checkpoint: its size", `update ledger_checkpoint set size = 4 where size = 5`, nil, "checkpoint of size 4", "differ"),
		sql("checkpoint: its note is another's", `update ledger_checkpoint set note = (select note from ledger_checkpoint where size = 3) where size = 5`, nil, "checkpoint of size 5", "differ"),
		sql("checkpoint: its note cut", `update ledger_checkpoint set note = substr(note, 1, length(note) - 10) where size = 5`, nil, "checkpoint of size 5"),
		sql("checkpoint: its note emptied", `update ledger_checkpoint set note = '' where size = 5`, nil, "checkpoint of size 5"),
		{"checkpoint: signed by another key of the same name", func() {
			var root [32]byte
			copy(root[:], value[[]byte](h.testLog, `select root from ledger_checkpoint where size = 5`))
			h.exec(`update ledger_checkpoint set note = $1 where size = 5`, h.sign(stranger, 5, root))
		}, []string{"checkpoint of size 5"}},
		{"checkpoint: of records that never were, by our key", func() {
			h.exec(`insert into ledger_checkpoint (size, root, note, at) values (9, $1, $2, now())`, make([]byte, 32), h.sign(h.signer, 9, [32]byte{}))
		}, []string{"signed 9 records, 8 are there"}},
		{"checkpoint: of other records, by our key", func() {
			h.exec(`insert into ledger_checkpoint (size, root, note, at) values (4, $1, $2, now())`, make([]byte, 32), h.sign(h.signer, 4, [32]byte{}))
		}, []string{"checkpoint of size 4", "changed or swapped"}},
		sql("the newest checkpoint removed", `delete from ledger_checkpoint where size = 8`, nil, "signed 5 records, 8 are there"),
		sql("all checkpoints removed", `delete from ledger_checkpoint`, nil, "signed 0 records, 8 are there"),

		sql("stored hashes: a bit changed", `update ledger_tile set hashes = set_byte(hashes, 100, get_byte(hashes, 100) # 1)`, nil, "tile 0/0 of the stored hashes is not"),
		sql("stored hashes: one cut off", `update ledger_tile set hashes = substr(hashes, 1, 7 * 32)`, nil, "tile 0/0 of the stored hashes is not"),
		sql("stored hashes: one added", `update ledger_tile set hashes = hashes || sha256('other')`, nil, "tile 0/0 of the stored hashes is not"),
		sql("stored hashes: removed", `delete from ledger_tile`, nil, "tile 0/0 of the stored hashes is missing"),
		sql("stored hashes: added without leaves", `insert into ledger_tile (level, n, hashes) values (0, 1, sha256('other'))`, nil, "tile 0/1 of the stored hashes belongs to no record"),
		sql("stored hashes: a level added", `insert into ledger_tile (level, n, hashes) values (1, 0, sha256('other'))`, nil, "tile 1/0 of the stored hashes belongs to no record"),
	}
	for _, c := range []string{"exam", "attempt", "person"} {
		for _, set := range []string{`gen_random_uuid()`, `null`} {
			harms = append(harms, sql("column "+c+"_id = "+set, `update ledger_record set `+c+`_id = `+set+` where id = $1`, []any{id}, record, `"`+c+`"`))
		}
	}
	for _, harm := range harms {
		t.Run(harm.name, func(t *testing.T) {
			h.t = t
			defer h.restore()
			harm.do()
			report, err := h.verify()
			if err == nil {
				t.Fatalf("not found: %+v", report)
			}
			for _, want := range harm.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("found as «%v»; want «%s» in it", err, want)
				}
			}
			for _, personal := range []string{student, oid, actor, "Другая"} {
				if strings.Contains(err.Error(), personal) {
					t.Errorf("the error shows a personal value: %v", err)
				}
			}
		})
	}
	h.t = t
	if _, err := h.verify(); err != nil {
		t.Errorf("at the end the log is not what it was: %v", err)
	}
}

// at finds the record that stands at a place of the tree.
func at(leaf int) string {
	return fmt.Sprintf(`seq = (select seq from ledger_leaf where leaf = %d)`, leaf)
}

// waits finds the records that have no place yet.
const waits = `seq in (select seq from ledger_leaf where leaf is null)`

// replaceIn is an update of text within a bytea column of one record.
func replaceIn(column, old, with string) string {
	return fmt.Sprintf(`update ledger_record set %[1]s = convert_to(replace(convert_from(%[1]s, 'UTF8'), '%[2]s', '%[3]s'), 'UTF8') where id = $1`, column, old, with)
}

// Erasing a person leaves the tree whole and the records readable.
func TestErasedPersonalValues(t *testing.T) {
	l := newTestLog(t)
	ids := l.add(oneOfEach()...)
	l.seal()
	l.exec(`update ledger_record set personal = null where id = $1`, ids[2])
	if report, err := l.verify(); err != nil || report.Size != int64(len(ids)) {
		t.Errorf("verified: %+v, %v", report, err)
	}
	row := l.one(ids[2])
	if len(row.Personal) != 0 {
		t.Errorf("an erased record still says %v", row.Personal)
	}
	var d Identification
	if err := row.Data(&d); err != nil || d.Exam != algebra || d.Scores.Overall != 0.99995 {
		t.Errorf("its data: %+v, %v", d, err)
	}
	l.seal() // and the next leaves build on it
	l.add(accesses(1)...)
	l.seal()
	if _, err := l.verify(); err != nil {
		t.Error(err)
	}
}
