package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor/keyring"
)

func TestPutAndGet(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	for _, plain := range [][]byte{[]byte("a verdict about Ёлкина Мария"), {}, bytes.Repeat([]byte("0123456789abcdef"), 200_000)} {
		name, err := a.Put(t.Context(), attempt, "verdicts", "jws", plain)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("attempts/%s/verdicts/%x.jws", attempt, sha256.Sum256(plain)); name != want {
			t.Errorf("stored as %s; want %s", name, want)
		}
		if got, err := a.Get(t.Context(), attempt, name); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes come back as %d, %v", len(plain), len(got), err)
		}
		sealed := a.stored(name)
		if len(sealed) != len(plain)+sealing {
			t.Errorf("%d bytes are stored as %d", len(plain), len(sealed))
		}
		if len(plain) > 0 && bytes.Contains(sealed, plain[:16]) {
			t.Error("the plain text lies in MinIO")
		}
		again, err := a.Put(t.Context(), attempt, "verdicts", "jws", plain)
		if err != nil || again != name {
			t.Errorf("the same again is %s, %v; want the same object", again, err)
		}
	}
	names := a.objects()
	if len(names) != 3 {
		t.Errorf("%d objects; want 3", len(names))
	}
	// Ids and hashes say nothing of a person.
	pattern := regexp.MustCompile(`^attempts/[0-9a-f-]{36}/verdicts/[0-9a-f]{64}\.jws$`)
	for _, name := range names {
		if !pattern.MatchString(name) {
			t.Errorf("an object's name is %s", name)
		}
	}
}

func TestObjectsBelongToTheirAttemptAndName(t *testing.T) {
	a := newTestArchive(t)
	mine, other := a.attempt(), a.attempt()
	name, err := a.Put(t.Context(), mine, "verdicts", "jws", []byte("mine"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Put(t.Context(), other, "verdicts", "jws", []byte("other")); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Get(t.Context(), other, name); !errors.Is(err, keyring.ErrBroken) || got != nil {
		t.Errorf("with another attempt's key: %q, %v; want ErrBroken", got, err)
	}
	moved := strings.Replace(name, "verdicts", "recording", 1)
	a.overwrite(moved, a.stored(name))
	if got, err := a.Get(t.Context(), mine, moved); !errors.Is(err, keyring.ErrBroken) || got != nil {
		t.Errorf("under another name: %q, %v; want ErrBroken", got, err)
	}
	// Exchanging the keys' rows opens nothing either: a wrapped key is bound to its attempt.
	a.exec(`update object_key set wrapped = (select wrapped from object_key where attempt_id = $1) where attempt_id = $2`, mine, other)
	if got, err := a.Get(t.Context(), other, name); !errors.Is(err, keyring.ErrBroken) || got != nil {
		t.Errorf("with another attempt's row: %q, %v; want ErrBroken", got, err)
	}
}

func TestDestroyedKey(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	name, err := a.Put(t.Context(), attempt, "verdicts", "jws", []byte("evidence"))
	if err != nil {
		t.Fatal(err)
	}
	start := a.begin(attempt, "camera")
	s := a.spooled(start.ID, 0, "zero", nil)
	a.store(s)
	next := a.spooled(start.ID, 1, "one", &s)
	a.exec(`update object_key set wrapped = null, destroyed_at = now() where attempt_id = $1`, attempt)

	for what, do := range map[string]func() error{
		"Get":          func() error { _, err := a.Get(t.Context(), attempt, name); return err },
		"Put":          func() error { _, err := a.Put(t.Context(), attempt, "verdicts", "jws", []byte("more")); return err },
		"Segment":      func() error { _, err := a.Segment(t.Context(), start.ID, 0); return err },
		"Begin":        func() error { _, err := a.Begin(t.Context(), attempt, "camera"); return err },
		"StoreSegment": func() error { return a.StoreSegment(t.Context(), next) },
	} {
		if err := do(); !errors.Is(err, ErrDestroyed) {
			t.Errorf("%s: %v; want ErrDestroyed", what, err)
		}
	}
	if n := a.count(`select count(*) from object_key where wrapped is not null`); n != 0 {
		t.Error("a new key was made for an attempt whose key was destroyed")
	}
	if n := len(a.objects()); n != 2 {
		t.Errorf("%d objects; want the 2 from before", n)
	}
}

func TestNotFound(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	start := a.begin(attempt, "camera")
	for what, do := range map[string]func() error{
		"an object of an attempt that has none": func() error { _, err := a.Get(t.Context(), a.attempt(), "attempts/x"); return err },
		"an object of no attempt":               func() error { _, err := a.Get(t.Context(), uuid.New(), "attempts/x"); return err },
		"another object":                        func() error { _, err := a.Get(t.Context(), attempt, "attempts/x"); return err },
		"the segment of no recording":           func() error { _, err := a.Segment(t.Context(), uuid.New(), 0); return err },
		"a segment that is not there":           func() error { _, err := a.Segment(t.Context(), start.ID, 0); return err },
		"the attempt of no recording":           func() error { _, err := a.AttemptOf(t.Context(), uuid.New()); return err },
	} {
		if err := do(); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v; want ErrNotFound", what, err)
		}
	}
	if n := a.count(`select count(*) from object_key`); n != 1 {
		t.Errorf("reading made keys: there are %d", n)
	}
	if got, err := a.AttemptOf(t.Context(), start.ID); err != nil || got != attempt {
		t.Errorf("AttemptOf: %s, %v", got, err)
	}
	if list, err := a.Recordings(t.Context(), uuid.New()); err != nil || len(list) != 0 {
		t.Errorf("the recordings of no attempt: %v, %v", list, err)
	}
}

// Everything of an attempt that begins at once is under one key.
func TestOneKeyForAnAttempt(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	var wait sync.WaitGroup
	names := make([]string, 8)
	for i := range names {
		wait.Go(func() {
			var err error
			if names[i], err = a.Put(t.Context(), attempt, "verdicts", "jws", []byte{byte(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for i, name := range names {
		if got, err := a.Get(t.Context(), attempt, name); err != nil || !bytes.Equal(got, []byte{byte(i)}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := a.Put(t.Context(), uuid.New(), "verdicts", "jws", nil); err == nil {
		t.Error("an object of an attempt that does not exist was stored")
	}
}

// Another node makes the key at the same moment: its key is the one.
func TestKeyThatAnotherNodeMade(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	other, err := a.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Rollback(context.Background())
	theirs, wrapped := a.ring.NewObjectKey(attempt.String())
	if _, err := other.Exec(t.Context(), `insert into object_key (attempt_id, wrapped) values ($1, $2)`, attempt, wrapped); err != nil {
		t.Fatal(err)
	}
	var name string
	done := make(chan error, 1)
	go func() {
		var err error
		name, err = a.Put(t.Context(), attempt, "verdicts", "jws", []byte("plain"))
		done <- err
	}()
	a.waitBlocked(other)
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, err := keyring.OpenObject(theirs, name, a.stored(name)); err != nil || string(got) != "plain" {
		t.Errorf("with the other node's key it opens as %q, %v", got, err)
	}
	if got, err := a.Get(t.Context(), attempt, name); err != nil || string(got) != "plain" {
		t.Errorf("it reads %q, %v", got, err)
	}
}

func TestPutRefusesWhatCouldNotBeRead(t *testing.T) {
	a := newTestArchive(t)
	if _, err := a.Put(t.Context(), a.attempt(), "recording", "webm", make([]byte, maxObject-sealing+1)); err == nil || len(a.objects()) != 0 {
		t.Errorf("an object above the limit: %v, %d objects", err, len(a.objects()))
	}
}

func TestPutWhenMinIORefuses(t *testing.T) {
	a := newTestArchive(t)
	attempt := a.attempt()
	a.gate.ask(func() bool { return false })
	if name, err := a.Put(t.Context(), attempt, "verdicts", "jws", []byte("plain text")); err == nil || name != "" || strings.Contains(err.Error(), "plain") {
		t.Errorf("refused: %q, %v", name, err)
	}
	a.gate.ask(nil)
	if _, err := a.Put(cancelled(), attempt, "verdicts", "jws", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has gone: %v", err)
	}
	if _, err := a.Put(t.Context(), attempt, "verdicts", "jws", nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestOpenMakesTheBucketAndProbeDoesNot(t *testing.T) {
	cfg := config(t)
	for range 2 {
		if there, _, err := Probe(t.Context(), cfg); err != nil || there {
			t.Fatalf("before: %v, %v; want no bucket", there, err)
		}
	}
	var a *Archive
	for range 2 {
		var err error
		if a, err = Open(t.Context(), cfg, nil, nil, nil, time.Now); err != nil {
			t.Fatal(err)
		}
	}
	if there, _, err := Probe(t.Context(), cfg); err != nil || !there {
		t.Errorf("after: %v, %v; want a bucket", there, err)
	}
	if err := a.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := a.minio.RemoveBucketWithOptions(t.Context(), cfg.Bucket, minio.RemoveBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := a.Check(t.Context()); err == nil || !strings.Contains(err.Error(), cfg.Bucket) {
		t.Errorf("a bucket that was removed: %v; want an error that names it", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"another secret":          func(c *Config) { c.SecretKey = "not-the-secret" },
		"another user":            func(c *Config) { c.AccessKey = "nobody" },
		"a bad name":              func(c *Config) { c.Bucket = "Not A Bucket" },
		"no endpoint":             func(c *Config) { c.Endpoint = "" },
		"TLS to a server without": func(c *Config) { c.TLS = true },
	} {
		cfg := config(t)
		change(&cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := Open(ctx, cfg, nil, nil, nil, time.Now)
		cancel()
		if err == nil || strings.Contains(err.Error(), cfg.SecretKey) {
			t.Errorf("%s: %v; want an error without the secret", name, err)
		}
	}
}

// What was kept stays as it was: the same again is fine, anything else is refused and changes nothing.
func TestKeepOverwritesNothing(t *testing.T) {
	a := newTestArchive(t)
	bucket := stacktest.Bucket()
	for range 2 {
		if err := a.Keep(t.Context(), bucket, "checkpoints/1.txt", "text/plain", []byte("one")); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{"two", "one and more", "on"} {
		if err := a.Keep(t.Context(), bucket, "checkpoints/1.txt", "text/plain", []byte(other)); err == nil || !strings.Contains(err.Error(), "other content") {
			t.Errorf("%q over it: %v", other, err)
		}
	}
	object, err := a.raw.GetObject(t.Context(), bucket, "checkpoints/1.txt", minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	if kept, err := io.ReadAll(object); err != nil || string(kept) != "one" {
		t.Errorf("kept: %q, %v", kept, err)
	}
}
