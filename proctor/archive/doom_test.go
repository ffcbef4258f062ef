package archive

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"

	"ochno/proctor/ledger"
)

// receipts are those in the log.
func (a *testArchive) receipts() []ledger.Receipt {
	a.t.Helper()
	var list []ledger.Receipt
	if err := a.log.Each(a.t.Context(), ledger.Filter{Type: ledger.TypeReceipt}, func(r ledger.Row) error {
		var data ledger.Receipt
		list = append(list, data)
		return r.Data(&list[len(list)-1])
	}); err != nil {
		a.t.Fatal(err)
	}
	return list
}

func TestSweepDeletesOnlyWhatWasDestroyed(t *testing.T) {
	a := newTestArchive(t)
	doomed, kept := a.attempt(), a.attempt()
	for _, content := range []string{"one", "two", "three"} {
		if _, err := a.Put(t.Context(), doomed, "recording", "webm", []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	name, err := a.Put(t.Context(), kept, "recording", "webm", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	if swept, err := a.Sweep(t.Context()); err != nil || swept != (Swept{}) || len(a.objects()) != 4 {
		t.Fatalf("with no key destroyed: %+v, %v, %q", swept, err, a.objects())
	}
	a.destroy(doomed, Expired)
	if _, err := a.Put(t.Context(), doomed, "recording", "webm", []byte("four")); !errors.Is(err, ErrDestroyed) {
		t.Errorf("put after the key was destroyed: %v", err)
	}
	if swept, err := a.Sweep(t.Context()); err != nil || swept != (Swept{Attempts: 1, Objects: 3}) {
		t.Errorf("swept %+v, %v", swept, err)
	}
	if swept, err := a.Sweep(t.Context()); err != nil || swept != (Swept{}) {
		t.Errorf("swept again %+v, %v", swept, err)
	}
	if left := a.objects(); !slices.Equal(left, []string{name}) {
		t.Errorf("left: %q", left)
	}
	if got := a.receipts(); !slices.Equal(got, []ledger.Receipt{{Class: "recordings", Reason: "retention", Count: 3, Copies: "unreadable"}}) {
		t.Errorf("receipts %+v", got)
	}
	for what, attempt := range map[string]uuid.UUID{"destroyed already": doomed, "unknown": uuid.New()} {
		err := pgx.BeginFunc(t.Context(), a.pool, func(tx pgx.Tx) error { return a.Destroy(t.Context(), tx, attempt, Expired) })
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("destroy what is %s: %v", what, err)
		}
	}
	if n := a.count(`select count(*) from ledger_record where type = 'erasure'`); n != 1 {
		t.Errorf("%d records of erasure; want 1", n)
	}
}

// A crash may come after the first objects went: the receipt tells of all.
func TestReceiptCountsWhatAnEarlierSweepDeleted(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	var names []string
	for _, content := range []string{"one", "two", "three"} {
		name, err := a.Put(t.Context(), attempt, "recording", "webm", []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	a.destroy(attempt, Withdrawn)
	a.exec(`update object_key set deleted = 3 where attempt_id = $1`, attempt) // what a sweep notes first
	if err := a.raw.RemoveObject(t.Context(), a.bucket, names[1], minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := a.receipts(); len(got) != 1 || got[0].Count != 3 || got[0].Reason != "consent_withdrawn" || len(a.objects()) > 0 {
		t.Errorf("receipts %+v, left %q", got, a.objects())
	}
}

func TestObjectLock(t *testing.T) {
	a := newTestArchive(t)
	if a.Locked() {
		t.Error("a bucket without object locking is taken for one with it")
	}
	cfg := config(t)
	if err := a.raw.MakeBucket(t.Context(), cfg.Bucket, minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
		t.Fatal(err)
	}
	if there, locked, err := Probe(t.Context(), cfg); err != nil || !there || !locked {
		t.Errorf("probe: %v %v %v", there, locked, err)
	}
	now := time.Now()
	b, err := Open(t.Context(), cfg, a.pool, a.ring, a.log, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	until := now.Add(24 * time.Hour).UTC().Truncate(time.Second)
	b.LockUntil(func(context.Context, uuid.UUID) (time.Time, error) { return until, nil })
	attempt := a.attempt()
	name, err := b.Put(t.Context(), attempt, "recording", "webm", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	mode, kept, err := a.raw.GetObjectRetention(t.Context(), cfg.Bucket, name, "")
	if err != nil || mode == nil || *mode != minio.Governance || kept == nil || !kept.Equal(until) {
		t.Fatalf("retention %v until %v, %v; want until %v", mode, kept, err, until)
	}
	info, err := a.raw.StatObject(t.Context(), cfg.Bucket, name, minio.StatObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.raw.RemoveObject(t.Context(), cfg.Bucket, name, minio.RemoveObjectOptions{VersionID: info.VersionID}); err == nil {
		t.Error("a locked object was deleted")
	}
	// A mistake hides the object behind a marker; a withdrawn consent still deletes all of it.
	if err := a.raw.RemoveObject(t.Context(), cfg.Bucket, name, minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := pgx.BeginFunc(t.Context(), a.pool, func(tx pgx.Tx) error { return b.Destroy(t.Context(), tx, attempt, Withdrawn) }); err != nil {
		t.Fatal(err)
	}
	if swept, err := b.Sweep(t.Context()); err != nil || swept.Attempts != 1 {
		t.Errorf("swept %+v, %v", swept, err)
	}
	for o := range a.raw.ListObjects(t.Context(), cfg.Bucket, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		t.Errorf("left: %s %s %v", o.Key, o.VersionID, o.Err)
	}
	// What has expired by then is locked by nobody.
	until = now.Add(-time.Hour)
	if _, err := b.Put(t.Context(), a.attempt(), "recording", "webm", []byte("late")); err != nil {
		t.Errorf("put after the term: %v", err)
	}
}
