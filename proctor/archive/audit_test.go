package archive

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"

	"ochno/proctor/media"
)

// Every way in which a recording can be changed behind the service's back, in MinIO and in PostgreSQL, is found and named.
func TestAuditFinds(t *testing.T) {
	a := newTestArchive(t)
	attempt, other := a.attempt(), a.attempt()
	record := func(attempt uuid.UUID, segments int) uuid.UUID {
		start := a.begin(attempt, "camera")
		var prev *media.Segment
		for n := range segments {
			s := a.spooled(start.ID, n, fmt.Sprintf("segment %d of %s", n, start.ID), prev)
			a.store(s)
			prev = &s
			if n == segments-2 {
				a.seal(attempt, false)
			}
		}
		a.seal(attempt, true)
		return start.ID
	}
	camera, theirs := record(attempt, 4), record(other, 2)
	whole, err := a.Audit(t.Context(), true)
	if err != nil || len(whole.Findings) > 0 || whole.Recordings != 2 || whole.Segments != 6 || whole.Objects != 6 {
		t.Fatalf("an untouched archive: %+v, %v", whole, err)
	}
	if rows, err := a.Audit(t.Context(), false); err != nil || len(rows.Findings) > 0 || rows.Objects != 0 {
		t.Fatalf("its rows alone: %+v, %v", rows, err)
	}
	keyOf := func(recording uuid.UUID, n int) string {
		var key string
		if err := a.pool.QueryRow(t.Context(), `select object_key from segment where recording_id = $1 and number = $2`, recording, n).Scan(&key); err != nil {
			t.Fatal(err)
		}
		return key
	}
	tables := []string{"recording", "segment", "object_key"}
	for _, table := range tables {
		a.exec(`create table ` + table + `_kept as select * from ` + table)
	}
	objects := map[string][]byte{}
	for _, r := range []uuid.UUID{camera, theirs} {
		for n := range map[uuid.UUID]int{camera: 4, theirs: 2}[r] {
			objects[keyOf(r, n)] = bytes.Clone(a.stored(keyOf(r, n)))
		}
	}
	restore := func() {
		a.exec(`delete from segment`)
		for _, table := range []string{"recording", "object_key"} {
			a.exec(`delete from ` + table)
			a.exec(`insert into ` + table + ` select * from ` + table + `_kept`)
		}
		a.exec(`insert into segment select * from segment_kept`)
		for key, content := range objects {
			a.overwrite(key, content)
		}
	}
	second := fmt.Sprintf("segment 1 of recording %s", camera)
	for _, harm := range []struct {
		name    string
		do      func()
		objects bool // found only by reading the objects
		want    string
	}{
		{"MinIO: a bit of a segment", func() {
			changed := bytes.Clone(objects[keyOf(camera, 1)])
			changed[len(changed)/2] ^= 1
			a.overwrite(keyOf(camera, 1), changed)
		}, true, second + ": its file was changed"},
		{"MinIO: a segment cut", func() { a.overwrite(keyOf(camera, 1), objects[keyOf(camera, 1)][:20]) }, true, second + ": its file was changed"},
		{"MinIO: a segment emptied", func() { a.overwrite(keyOf(camera, 1), nil) }, true, second + ": its file was changed"},
		{"MinIO: another segment of the same recording", func() { a.overwrite(keyOf(camera, 1), objects[keyOf(camera, 2)]) }, true, second + ": its file was changed or swapped"},
		{"MinIO: another student's", func() { a.overwrite(keyOf(camera, 1), objects[keyOf(theirs, 1)]) }, true, second + ": its file was changed or swapped"},
		{"MinIO: a segment removed", func() {
			if err := a.raw.RemoveObject(t.Context(), a.bucket, keyOf(camera, 1), minio.RemoveObjectOptions{}); err != nil {
				t.Fatal(err)
			}
		}, true, second + ": its file is gone"},
		{"a row names another object", func() {
			a.exec(`update segment set object_key = $2 where recording_id = $1 and number = 1`, camera, keyOf(camera, 2))
		}, true, second + ": its file is not the one"},
		{"a size", func() { a.exec(`update segment set size = size + 1 where recording_id = $1 and number = 1`, camera) }, true, second + ": its file is not the one"},
		{"a hash", func() {
			a.exec(`update segment set sha256 = sha256('x') where recording_id = $1 and number = 1`, camera)
		}, false, second + ": its chain value"},
		{"a hash and the chain after it", func() {
			a.exec(`update segment set sha256 = sha256('x') where recording_id = $1 and number = 1`, camera)
			a.exec(`update segment s set prev_sha256 = (select sha256 from segment p where p.recording_id = s.recording_id and p.number = 1) where recording_id = $1 and number = 2`, camera)
			for n := range 4 {
				a.exec(`update segment s set chain = sha256(coalesce((select chain from segment p where p.recording_id = s.recording_id and p.number = s.number - 1), '') || sha256)
					where recording_id = $1 and number = $2`, camera, n)
			}
		}, false, fmt.Sprintf("segment 2 of recording %s is not the one that the log sealed", camera)},
		{"a chain value", func() {
			a.exec(`update segment set chain = sha256('x') where recording_id = $1 and number = 1`, camera)
		}, false, second + ": its chain value"},
		{"a previous hash", func() {
			a.exec(`update segment set prev_sha256 = sha256('x') where recording_id = $1 and number = 1`, camera)
		}, false, second + " does not follow"},
		{"a time", func() {
			a.exec(`update segment set duration_ms = duration_ms + 1 where recording_id = $1 and number = 3`, camera)
		}, false, "its times are not those"},
		{"a middle row removed", func() { a.exec(`delete from segment where recording_id = $1 and number = 1`, camera) }, false, fmt.Sprintf("segment 2 of recording %s does not follow", camera)},
		{"the last row removed", func() { a.exec(`delete from segment where recording_id = $1 and number = 3`, camera) }, false, fmt.Sprintf("segment 3 of recording %s, which the log sealed, was removed", camera)},
		{"two rows swapped", func() {
			a.exec(`update segment set number = -1 where recording_id = $1 and number = 1`, camera)
			a.exec(`update segment set number = 1 where recording_id = $1 and number = 2`, camera)
			a.exec(`update segment set number = 2 where recording_id = $1 and number = -1`, camera)
		}, false, second + " does not follow"},
		{"a recording removed", func() {
			a.exec(`delete from segment where recording_id = $1`, camera)
			a.exec(`delete from recording where id = $1`, camera)
		}, false, fmt.Sprintf("recording %s, which the log sealed, was removed", camera)},
		{"said to be sealed further", func() { a.exec(`update recording set sealed = 9 where id = $1`, camera) }, false, "said to be sealed up to segment 9"},
		{"a key thrown away", func() { a.exec(`update object_key set wrapped = null where attempt_id = $1`, attempt) }, false, "no record of the log tells of its erasure"},
	} {
		t.Run(harm.name, func(t *testing.T) {
			defer restore()
			harm.do()
			for _, objects := range []bool{false, true} {
				report, err := a.Audit(t.Context(), objects)
				if err != nil {
					t.Fatal(err)
				}
				found := slices.ContainsFunc(report.Findings, func(f string) bool { return strings.Contains(f, harm.want) })
				if want := objects || !harm.objects; found != want {
					t.Errorf("with objects %v: found %q; want «%s»: %v", objects, report.Findings, harm.want, want)
				}
				for _, f := range report.Findings {
					if strings.Contains(f, theirs.String()) {
						t.Errorf("an untouched recording is blamed: %s", f)
					}
				}
			}
		})
	}
	if again, err := a.Audit(t.Context(), true); err != nil || len(again.Findings) > 0 {
		t.Errorf("at the end the archive is not what it was: %+v, %v", again, err)
	}

	// A key that was destroyed as it should be is told of by the log, before its objects are deleted and after.
	a.destroy(attempt, Withdrawn)
	for range 2 {
		if after, err := a.Audit(t.Context(), true); err != nil || len(after.Findings) > 0 || after.Destroyed != 4 || after.Objects != 2 {
			t.Errorf("after an erasure: %+v, %v", after, err)
		}
		if _, err := a.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
