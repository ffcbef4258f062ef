// Package archive keeps objects in MinIO: recordings and verdicts, encrypted with a key per attempt.
//
// It owns object_key, recording and segment. Objects come first, then the row that names them, so a row never points at nothing. Destroying an
// attempt's key destroys its objects everywhere, backups included. It knows nothing of exams' rules. Start reading at Archive.Put, then
// StoreSegment (recording.go).
package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// Config says where the objects are.
type Config struct {
	Endpoint  string // host:port
	AccessKey string
	SecretKey string
	TLS       bool
	Bucket    string
}

// ErrNotFound: no such recording, segment or object.
var ErrNotFound = errors.New("not found")

// ErrDestroyed: the attempt's key was destroyed, so its objects cannot be read any more, here or in any copy.
var ErrDestroyed = errors.New("the key of these objects was destroyed")

// maxObject bounds an object, encrypted; a segment of 10 seconds takes about 1 MB.
const maxObject = 128 << 20

// sealing is what encryption adds to an object: nonce and tag.
const sealing = 28

// Archive reads and writes objects. Safe for concurrent use.
type Archive struct {
	pool   *pgxpool.Pool
	ring   *keyring.Ring
	log    *ledger.Log
	minio  *minio.Client
	bucket string
	now    func() time.Time
	locked bool // the bucket was made with object locking
	spool  uuid.NullUUID
	until  func(context.Context, uuid.UUID) (time.Time, error)
}

// Open connects and makes the bucket when it is absent.
func Open(ctx context.Context, cfg Config, pool *pgxpool.Pool, ring *keyring.Ring, log *ledger.Log, now func() time.Time) (*Archive, error) {
	client, there, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if !there {
		if err := client.MakeBucket(ctx, cfg.Bucket, minio.MakeBucketOptions{}); err != nil && minio.ToErrorResponse(err).Code != "BucketAlreadyOwnedByYou" {
			return nil, fmt.Errorf("make the bucket %q: %w", cfg.Bucket, err)
		}
	}
	locked, err := locking(ctx, client, cfg.Bucket)
	if err != nil {
		return nil, err
	}
	return &Archive{pool: pool, ring: ring, log: log, minio: client, bucket: cfg.Bucket, now: now, locked: locked}, nil
}

// Probe tells whether MinIO answers to these credentials, whether the bucket is there, and whether it locks objects, changing nothing.
func Probe(ctx context.Context, cfg Config) (bucket, locked bool, err error) {
	client, bucket, err := connect(ctx, cfg)
	if err == nil && bucket {
		locked, err = locking(ctx, client, cfg.Bucket)
	}
	return bucket, locked, err
}

func connect(ctx context.Context, cfg Config) (*minio.Client, bool, error) {
	client, err := minio.New(cfg.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Secure: cfg.TLS})
	if err != nil {
		return nil, false, fmt.Errorf("MinIO at %s: %w", cfg.Endpoint, err)
	}
	there, err := client.BucketExists(ctx, cfg.Bucket)
	if err != nil {
		return nil, false, fmt.Errorf("MinIO at %s: %w", cfg.Endpoint, err)
	}
	return client, there, nil
}

// Check asks MinIO for the bucket.
func (a *Archive) Check(ctx context.Context) error {
	there, err := a.minio.BucketExists(ctx, a.bucket)
	if err != nil {
		return fmt.Errorf("MinIO: %w", err)
	}
	if !there {
		return fmt.Errorf("MinIO: the bucket %q is gone", a.bucket)
	}
	return nil
}

// Put encrypts plain under the attempt's key and stores it as "attempts/<attempt>/<folder>/<SHA-256 of plain>.<extension>". Putting the same
// bytes twice is the same object. It returns the object's key once MinIO has taken it.
func (a *Archive) Put(ctx context.Context, attempt uuid.UUID, folder, extension string, plain []byte) (string, error) {
	if len(plain) > maxObject-sealing {
		return "", fmt.Errorf("an object of %d bytes could not be read again: at most %d", len(plain), maxObject-sealing)
	}
	secret, err := a.key(ctx, attempt)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(plain)
	name := path.Join("attempts", attempt.String(), folder, hex.EncodeToString(sum[:])+"."+extension)
	sealed, err := keyring.SealObject(secret, name, plain)
	if err != nil {
		return "", fmt.Errorf("seal an object: %w", err)
	}
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", SendContentMd5: true, DisableMultipart: true}
	if err := a.lock(ctx, attempt, &options); err != nil {
		return "", err
	}
	_, err = a.minio.PutObject(ctx, a.bucket, name, bytes.NewReader(sealed), int64(len(sealed)), options)
	if err != nil {
		return "", fmt.Errorf("store %s: %w", name, err)
	}
	return name, nil
}

// Keep stores an object as it is in another bucket, which is made when there is none. What is there already stays: other bytes under the same key
// are an error.
func (a *Archive) Keep(ctx context.Context, bucket, key, contentType string, content []byte) error {
	there, err := a.minio.BucketExists(ctx, bucket)
	if err == nil && !there {
		err = a.minio.MakeBucket(ctx, bucket, minio.MakeBucketOptions{})
	}
	if err != nil {
		return fmt.Errorf("bucket %s: %w", bucket, err)
	}
	options := minio.PutObjectOptions{ContentType: contentType, SendContentMd5: true, DisableMultipart: true}
	options.SetMatchETagExcept("*")
	_, err = a.minio.PutObject(ctx, bucket, key, bytes.NewReader(content), int64(len(content)), options)
	if minio.ToErrorResponse(err).StatusCode != http.StatusPreconditionFailed {
		if err != nil {
			return fmt.Errorf("store %s in %s: %w", key, bucket, err)
		}
		return nil
	}
	object, err := a.minio.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return fmt.Errorf("read %s in %s: %w", key, bucket, err)
	}
	defer object.Close()
	kept, err := io.ReadAll(io.LimitReader(object, int64(len(content))+1))
	if err != nil {
		return fmt.Errorf("read %s in %s: %w", key, bucket, err)
	}
	if !bytes.Equal(kept, content) {
		return fmt.Errorf("%s in %s is there already, with other content", key, bucket)
	}
	return nil
}

// Get reads and decrypts an object of the attempt.
func (a *Archive) Get(ctx context.Context, attempt uuid.UUID, name string) ([]byte, error) {
	secret, err := a.storedKey(ctx, attempt)
	if err != nil {
		return nil, err
	}
	sealed, err := a.read(ctx, name, maxObject)
	if err != nil {
		return nil, err
	}
	plain, err := keyring.OpenObject(secret, name, sealed)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return plain, nil
}

// read gets an object as it is stored, of at most that many bytes: of a larger one no more than what tells that it is too large.
func (a *Archive) read(ctx context.Context, name string, most int64) ([]byte, error) {
	object, err := a.minio.GetObject(ctx, a.bucket, name, minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer object.Close()
	sealed, err := io.ReadAll(io.LimitReader(object, most+1))
	if minio.ToErrorResponse(err).Code == "NoSuchKey" {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return sealed, nil
}

// key returns the attempt's object key, making it at first use.
func (a *Archive) key(ctx context.Context, attempt uuid.UUID) ([]byte, error) {
	secret, err := a.storedKey(ctx, attempt)
	if !errors.Is(err, ErrNotFound) {
		return secret, err
	}
	_, fresh := a.ring.NewObjectKey(attempt.String())
	if _, err := a.pool.Exec(ctx, `insert into object_key (attempt_id, wrapped) values ($1, $2) on conflict do nothing`, attempt, fresh); err != nil {
		return nil, fmt.Errorf("make the attempt's key: %w", err)
	}
	return a.storedKey(ctx, attempt) // another node's, where that one was faster
}

// storedKey returns the attempt's object key; ErrNotFound when nothing was ever stored of it.
func (a *Archive) storedKey(ctx context.Context, attempt uuid.UUID) ([]byte, error) {
	var wrapped []byte
	err := a.pool.QueryRow(ctx, `select wrapped from object_key where attempt_id = $1`, attempt).Scan(&wrapped)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("read the attempt's key: %w", err)
	case wrapped == nil:
		return nil, ErrDestroyed
	}
	secret, err := a.ring.Unwrap(attempt.String(), wrapped)
	if err != nil {
		return nil, fmt.Errorf("the key of attempt %s: %w", attempt, err)
	}
	return secret, nil
}

// Sealed are the columns in which this package keeps wrapped keys.
func Sealed() []keyring.Column {
	return []keyring.Column{{Table: "object_key", Key: "attempt_id", Name: "wrapped", Wrapped: true, Purpose: func(id string) string { return id }}}
}
