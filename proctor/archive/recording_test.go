package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"

	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/media"
)

// Archive is what media hands its segments to.
var _ media.Sink = (*Archive)(nil)

func TestBegin(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	first := a.begin(attempt, "camera")
	if want := (media.RecordingStart{ID: first.ID, Started: first.Started}); first != want || first.ID == uuid.Nil || !first.Started.Equal(testTime) {
		t.Errorf("at first: %+v", first)
	}
	if again := a.begin(attempt, "camera"); again.ID != first.ID || !again.Started.Equal(first.Started) || again.NextSegment != 0 {
		t.Errorf("again: %+v; want the same as %+v", again, first)
	}
	if screen := a.begin(attempt, "screen"); screen.ID == first.ID {
		t.Error("camera and screen are one recording")
	}
	if other := a.begin(a.attempt(), "camera"); other.ID == first.ID {
		t.Error("two attempts have one recording")
	}
	if _, err := a.Begin(t.Context(), attempt, "fridge"); err == nil {
		t.Error("an unknown kind was begun")
	}
	if _, err := a.Begin(t.Context(), uuid.New(), "camera"); err == nil {
		t.Error("a recording of no attempt was begun")
	}

	zero := a.spooled(first.ID, 0, "zero", nil)
	one := a.spooled(first.ID, 1, "one", &zero)
	one.Duration = 4321 * time.Millisecond
	a.store(zero)
	a.store(one)
	resumed := a.begin(attempt, "camera")
	if resumed.ID != first.ID || !resumed.Started.Equal(first.Started) || resumed.NextSegment != 2 || resumed.PrevSHA256 != one.SHA256 || resumed.Offset != 14321*time.Millisecond {
		t.Errorf("after a reconnection: %+v", resumed)
	}
}

func TestSegmentsAreStoredAsTheyCame(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	start := a.begin(attempt, "camera")
	zero := a.spooled(start.ID, 0, "zero", nil)
	one := a.spooled(start.ID, 1, "one", &zero)
	one.NTP, one.RTPTime, one.Recovered, one.Audio = testTime, 1<<32-1, true, false
	one.Gaps = []media.Gap{{Media: media.Video, Offset: time.Second, Duration: time.Millisecond, Reason: media.GapLoss}}
	a.store(zero)
	a.store(one)

	list, err := a.Recordings(t.Context(), attempt)
	if err != nil || len(list) != 1 || len(list[0].Segments) != 2 {
		t.Fatalf("recordings: %+v, %v", list, err)
	}
	r := list[0]
	if r.ID != start.ID || r.Attempt != attempt || r.Kind != "camera" || !r.StartedAt.Equal(testTime) || r.EndMS() != 20_000 {
		t.Errorf("recording: %+v", r)
	}
	chain0 := sha256.Sum256(zero.SHA256[:])
	chain1 := sha256.Sum256(append(chain0[:], one.SHA256[:]...))
	key := func(s media.Segment) string {
		return fmt.Sprintf("attempts/%s/recording/%s/%x.webm", attempt, start.ID, s.SHA256)
	}
	want := []Segment{
		{Recording: start.ID, Number: 0, Key: key(zero), StartedAt: zero.Started, StartMS: 0, DurationMS: 10_000, Size: 4, SHA256: zero.SHA256[:], PrevSHA256: make([]byte, 32), Chain: chain0[:], Video: true, Audio: true, Gaps: []media.Gap{}},
		{Recording: start.ID, Number: 1, Key: key(one), StartedAt: one.Started, StartMS: 10_000, DurationMS: 10_000, Size: 3, SHA256: one.SHA256[:], PrevSHA256: zero.SHA256[:], Chain: chain1[:], Video: true, Recovered: true, Gaps: one.Gaps},
	}
	for i := range want {
		r.Segments[i].StartedAt = r.Segments[i].StartedAt.UTC()
		if !reflect.DeepEqual(r.Segments[i], want[i]) {
			t.Errorf("segment %d:\n%+v\nwant\n%+v", i, r.Segments[i], want[i])
		}
	}
	if n := a.count(`select count(*) from segment where number = 1 and rtp_time = 4294967295 and ntp_time = $1 and width = 640 and height = 480`, testTime); n != 1 {
		t.Error("the sender's clock was not stored")
	}
	for i, content := range []string{"zero", "one"} {
		if got, err := a.Segment(t.Context(), start.ID, i); err != nil || string(got) != content {
			t.Errorf("segment %d reads %q, %v", i, got, err)
		}
	}
	if (Recording{}).EndMS() != 0 {
		t.Error("an empty recording has a length")
	}
}

// The object, then its row, then the spool file goes: a crash at any point loses nothing.
func TestOrderOfWrites(t *testing.T) {
	a := newTestArchive(t)
	start := a.begin(a.attempt(), "camera")
	s := a.spooled(start.ID, 0, "zero", nil)
	asked := 0
	refuse := true
	check := func() bool {
		asked++
		if n := a.count(`select count(*) from segment`); n != 0 || !inSpool(s) {
			t.Errorf("before the object is written there are %d rows, and it is in the spool: %v", n, inSpool(s))
		}
		return !refuse
	}
	a.gate.ask(check)
	if err := a.StoreSegment(t.Context(), s); err == nil {
		t.Error("a segment that MinIO refused counts as stored")
	}
	if n := a.count(`select count(*) from segment`); n != 0 || !inSpool(s) || len(a.objects()) != 0 {
		t.Errorf("after a refusal: %d rows, %d objects, in the spool: %v", n, len(a.objects()), inSpool(s))
	}

	a.gate.ask(nil)
	a.exec(`alter table segment rename to hidden`)
	if err := a.StoreSegment(t.Context(), s); err == nil {
		t.Error("a segment that PostgreSQL refused counts as stored")
	}
	if !inSpool(s) || len(a.objects()) != 1 {
		t.Errorf("without its row: %d objects, in the spool: %v", len(a.objects()), inSpool(s))
	}
	a.exec(`alter table hidden rename to segment`)

	refuse = false
	a.gate.ask(check)
	a.store(s)
	if n := a.count(`select count(*) from segment`); n != 1 || inSpool(s) || len(a.objects()) != 1 {
		t.Errorf("stored: %d rows, %d objects, in the spool: %v", n, len(a.objects()), inSpool(s))
	}
	if asked != 2 {
		t.Errorf("MinIO was written to %d times under watch; want 2", asked)
	}
}

func TestSegmentOfferedTwice(t *testing.T) {
	a := newTestArchive(t)
	start := a.begin(a.attempt(), "camera")
	zero := a.spooled(start.ID, 0, "zero", nil)
	one := a.spooled(start.ID, 1, "one", &zero)
	a.store(zero)
	a.store(one)
	rows := func() string {
		var text string
		if err := a.pool.QueryRow(t.Context(), `select string_agg(s::text, E'\n' order by number) from segment s`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := rows()
	// The process died after the row and before the file went.
	a.spool(zero, "zero")
	a.store(zero)
	if after := rows(); after != before {
		t.Errorf("the same again changed the rows:\n%s\n%s", before, after)
	}
	if inSpool(zero) {
		t.Error("the same again stays in the spool")
	}
	if got, err := a.Segment(t.Context(), start.ID, 0); err != nil || string(got) != "zero" {
		t.Errorf("it reads %q, %v", got, err)
	}
}

func TestSegmentsThatAreRefused(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	start, empty := a.begin(attempt, "camera"), a.begin(attempt, "screen")
	zero := a.spooled(start.ID, 0, "zero", nil)
	one := a.spooled(start.ID, 1, "one", &zero)
	a.store(zero)
	a.store(one)
	changed := a.spooled(start.ID, 2, "two", &one)
	a.spool(changed, "TWO")
	longer := a.spooled(start.ID, 2, "two", &one)
	a.spool(longer, "two and more")
	cut := a.spooled(start.ID, 2, "two", &one)
	a.spool(cut, "")
	for _, c := range []struct {
		name string
		s    media.Segment
		want string
	}{
		{"another under the same number", a.spooled(start.ID, 1, "another", &zero), "another segment is stored under this number"},
		{"another first one", a.spooled(start.ID, 0, "another", nil), "another segment is stored under this number"},
		{"follows the one before the last", a.spooled(start.ID, 2, "two", &zero), "does not follow"},
		{"follows nothing", a.spooled(start.ID, 2, "two", nil), "does not follow"},
		{"follows what never was", a.spooled(start.ID, 2, "two", &changed), "does not follow"},
		{"the first one follows something", a.spooled(empty.ID, 0, "zero", &zero), "does not follow"},
		{"comes before the first", a.spooled(empty.ID, 1, "one", &zero), "does not follow"},
		{"its file changed", changed, "changed on disk"},
		{"its file grew", longer, "changed on disk"},
		{"its file was emptied", cut, "changed on disk"},
		{"of no recording", a.spooled(uuid.New(), 0, "zero", nil), "the recording of a segment"},
	} {
		err := a.StoreSegment(t.Context(), c.s)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want an error with %q", c.name, err, c.want)
		}
		if !inSpool(c.s) {
			t.Errorf("%s: what was not taken is gone from the spool", c.name)
		}
	}
	gone := a.spooled(start.ID, 2, "two", &one)
	if err := os.Remove(gone.Path); err != nil {
		t.Fatal(err)
	}
	if err := a.StoreSegment(t.Context(), gone); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its file is not there: %v", err)
	}
	if n := a.count(`select count(*) from segment`); n != 2 {
		t.Errorf("%d rows; want the 2 from before", n)
	}
	for i, want := range []string{"zero", "one"} {
		if got, err := a.Segment(t.Context(), start.ID, i); err != nil || string(got) != want {
			t.Errorf("segment %d reads %q, %v", i, got, err)
		}
	}
}

// A number whose file could not be finished is never stored; the recording goes on after it.
func TestGapInTheNumbers(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	start := a.begin(attempt, "camera")
	one := a.spooled(start.ID, 1, "one", nil) // number 0 was lost
	four := a.spooled(start.ID, 4, "four", &one)
	a.store(one)
	a.store(four)
	if next := a.begin(attempt, "camera"); next.NextSegment != 5 || next.PrevSHA256 != four.SHA256 {
		t.Errorf("goes on at %+v", next)
	}
	list, err := a.Recordings(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	before := sha256.Sum256(one.SHA256[:])
	want := sha256.Sum256(append(before[:], four.SHA256[:]...))
	if got := list[0].Segments[1].Chain; !bytes.Equal(got, want[:]) {
		t.Errorf("chain %x; want %x", got, want)
	}
}

// heads reads the recording heads in the log, oldest first.
func (a *testArchive) heads() []ledger.RecordingHead {
	a.t.Helper()
	var list []ledger.RecordingHead
	err := a.log.Each(a.t.Context(), ledger.Filter{Type: ledger.TypeRecordingHead, Exam: a.exam}, func(r ledger.Row) error {
		var h ledger.RecordingHead
		list = append(list, h)
		return r.Data(&list[len(list)-1])
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return list
}

func (a *testArchive) seal(attempt uuid.UUID, final bool) {
	a.t.Helper()
	if err := a.Seal(a.t.Context(), a.exam, attempt, final); err != nil {
		a.t.Fatal(err)
	}
}

func TestSeal(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	a.seal(attempt, false) // nothing recorded
	start := a.begin(attempt, "camera")
	a.seal(attempt, false) // no segment yet
	if n := len(a.heads()); n != 0 {
		t.Fatalf("%d heads of nothing", n)
	}

	// SHA-256 of the previous chain value ‖ the segment's hash, by hand.
	var chain []byte
	var prev *media.Segment
	head := func(number int, final bool) ledger.RecordingHead {
		content := fmt.Sprintf("segment %d", number)
		s := a.spooled(start.ID, number, content, prev)
		a.store(s)
		prev = &s
		sum := sha256.Sum256([]byte(content))
		link := sha256.Sum256(append(bytes.Clone(chain), sum[:]...))
		chain = link[:]
		return ledger.RecordingHead{
			Recording: start.ID.String(), Segment: number, SHA256: hex.EncodeToString(sum[:]), Chain: hex.EncodeToString(chain), ToMS: int64(number+1) * 10_000, Final: final,
		}
	}
	head(0, false)
	want := []ledger.RecordingHead{head(1, false)} // one head covers all that is new
	for range 2 {
		a.seal(attempt, false)
		if got := a.heads(); !reflect.DeepEqual(got, want) {
			t.Fatalf("heads\n%+v\nwant\n%+v", got, want)
		}
	}
	want = append(want, head(2, true))
	for range 2 {
		a.seal(attempt, true)
		if got := a.heads(); !reflect.DeepEqual(got, want) {
			t.Fatalf("heads\n%+v\nwant\n%+v", got, want)
		}
	}
	err := a.log.Each(t.Context(), ledger.Filter{Attempt: attempt}, func(r ledger.Row) error {
		if r.Exam != a.exam || !r.At.Equal(testTime) {
			t.Errorf("record %+v", r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSealTakesEveryRecordingOfTheAttempt(t *testing.T) {
	a := newTestArchive(t)
	mine, other := a.attempt(), a.attempt()
	camera, screen, theirs := a.begin(mine, "camera"), a.begin(mine, "screen"), a.begin(other, "camera")
	for i, r := range []media.RecordingStart{camera, screen, theirs} {
		a.store(a.spooled(r.ID, 0, fmt.Sprint(i), nil))
	}
	a.seal(mine, false)
	sealed := map[string]bool{}
	for _, h := range a.heads() {
		sealed[h.Recording] = true
	}
	if len(sealed) != 2 || !sealed[camera.ID.String()] || !sealed[screen.ID.String()] {
		t.Errorf("sealed %v; want camera and screen of one attempt", sealed)
	}
	if open, err := a.Unsealed(t.Context()); err != nil || !reflect.DeepEqual(open, []uuid.UUID{other}) {
		t.Errorf("unsealed: %v, %v; want %s", open, err, other)
	}
	a.seal(other, false)
	if open, err := a.Unsealed(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("unsealed: %v, %v; want none", open, err)
	}
}

func TestUnsealed(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	start := a.begin(attempt, "camera")
	zero := a.spooled(start.ID, 0, "zero", nil)
	one := a.spooled(start.ID, 1, "one", &zero)
	for _, step := range []struct {
		name string
		do   func()
		want bool
	}{
		{"an empty recording", func() {}, false},
		{"a segment", func() { a.store(zero) }, true},
		{"sealed", func() { a.seal(attempt, false) }, false},
		{"another segment", func() { a.store(one) }, true},
		{"sealed at the end", func() { a.seal(attempt, true) }, false},
	} {
		step.do()
		open, err := a.Unsealed(t.Context())
		if err != nil || (len(open) == 1) != step.want || len(open) > 1 {
			t.Errorf("%s: %v, %v; want unsealed: %v", step.name, open, err, step.want)
		}
	}
}

func TestTwoSealsAtOnce(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	start := a.begin(attempt, "camera")
	a.store(a.spooled(start.ID, 0, "zero", nil))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := a.Seal(t.Context(), a.exam, attempt, false); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := len(a.heads()); n != 1 {
		t.Errorf("%d heads; want 1", n)
	}
}

// A head whose record did not commit is not sealed: it is tried again.
func TestSealThatFails(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	start := a.begin(attempt, "camera")
	a.store(a.spooled(start.ID, 0, "zero", nil))
	a.exec(`alter table ledger_record rename to hidden`)
	if err := a.Seal(t.Context(), a.exam, attempt, false); err == nil {
		t.Error("sealed without a log")
	}
	a.exec(`alter table hidden rename to ledger_record`)
	if open, err := a.Unsealed(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("unsealed: %v, %v; want the attempt", open, err)
	}
	a.seal(attempt, false)
	if n := len(a.heads()); n != 1 {
		t.Errorf("%d heads; want 1", n)
	}
}

func TestSegmentFindsAChangedObject(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	start := a.begin(attempt, "camera")
	zero := a.spooled(start.ID, 0, "zero", nil)
	a.store(zero)
	a.store(a.spooled(start.ID, 1, "one", &zero))
	list, err := a.Recordings(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	name, other := list[0].Segments[0].Key, list[0].Segments[1].Key
	good := a.stored(name)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	secret, err := a.storedKey(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := keyring.SealObject(secret, name, []byte("forged"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		with []byte
		want string
	}{
		{"a bit", flipped, keyring.ErrBroken.Error()},
		{"cut", good[:len(good)-1], keyring.ErrBroken.Error()},
		{"emptied", nil, keyring.ErrBroken.Error()},
		{"in plain", []byte("zero"), keyring.ErrBroken.Error()},
		{"the next segment instead", a.stored(other), keyring.ErrBroken.Error()},
		{"another one under the right key", forged, "is not the one that was stored"},
	} {
		a.overwrite(name, c.with)
		got, err := a.Segment(t.Context(), start.ID, 0)
		if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v; want an error with %q", c.name, got, err, c.want)
		}
	}
	a.overwrite(name, good)
	if got, err := a.Segment(t.Context(), start.ID, 0); err != nil || string(got) != "zero" {
		t.Errorf("as it was: %q, %v", got, err)
	}
	if err := a.raw.RemoveObject(t.Context(), a.bucket, name, minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Segment(t.Context(), start.ID, 0); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed: %v; want ErrNotFound", err)
	}
}
