package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
)

// locking tells whether the bucket was made with object locking.
func locking(ctx context.Context, client *minio.Client, bucket string) (bool, error) {
	enabled, _, _, _, err := client.GetObjectLockConfig(ctx, bucket)
	switch code := minio.ToErrorResponse(err).Code; {
	case err == nil:
		return enabled == "Enabled", nil
	case code == "ObjectLockConfigurationNotFoundError" || code == "NoSuchObjectLockConfiguration" || code == "NotImplemented" || code == "MethodNotAllowed":
		return false, nil
	case code == "AccessDenied":
		return false, errors.New("whether the bucket locks objects may not be asked: the user lacks s3:GetBucketObjectLockConfiguration")
	}
	return false, fmt.Errorf("ask whether the bucket %q locks objects: %w", bucket, err)
}

// Locked tells whether objects are put with a retention of their own.
func (a *Archive) Locked() bool { return a.locked }

// LockUntil says until when an attempt's objects are locked, in a bucket with object locking: governance, so that a withdrawn consent still counts.
// It must be set before the first Put; in other buckets nothing changes.
func (a *Archive) LockUntil(until func(ctx context.Context, attempt uuid.UUID) (time.Time, error)) {
	a.until = until
}

// lock sets an object's retention where the bucket has it. A time that is over locks nothing.
func (a *Archive) lock(ctx context.Context, attempt uuid.UUID, options *minio.PutObjectOptions) error {
	if !a.locked || a.until == nil {
		return nil
	}
	until, err := a.until(ctx, attempt)
	if err != nil {
		return fmt.Errorf("until when to lock an object: %w", err)
	}
	if !until.After(a.now()) {
		return nil
	}
	// The object that is locked for the shortest time counts; the others of the attempt change nothing.
	if _, err := a.pool.Exec(ctx, `update object_key set locked_until = $2 where attempt_id = $1 and (locked_until is null or locked_until > $2)`, attempt, until); err != nil {
		return fmt.Errorf("note until when objects are locked: %w", err)
	}
	options.Mode, options.RetainUntilDate = minio.Governance, until
	return nil
}

// Relock locks the objects of an attempt for longer, all versions of them: their term was lengthened. A lock that ends later stays. In a bucket
// that locks nothing, and for objects that are gone, nothing is done.
func (a *Archive) Relock(ctx context.Context, attempt uuid.UUID, until time.Time) error {
	if !a.locked || !until.After(a.now()) {
		return nil
	}
	there, err := a.versions(ctx, folderOf(attempt))
	if err != nil {
		return err
	}
	mode := minio.Governance
	for _, o := range there {
		if o.IsDeleteMarker {
			continue
		}
		_, kept, err := a.minio.GetObjectRetention(ctx, a.bucket, o.Key, o.VersionID)
		if err != nil && minio.ToErrorResponse(err).Code != "NoSuchObjectLockConfiguration" {
			return fmt.Errorf("until when %s is locked: %w", o.Key, err)
		}
		if kept != nil && !kept.Before(until.Truncate(time.Second)) {
			continue
		}
		if err := a.minio.PutObjectRetention(ctx, a.bucket, o.Key, minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &until, VersionID: o.VersionID}); err != nil {
			return fmt.Errorf("lock %s for longer: %w", o.Key, err)
		}
	}
	if _, err := a.pool.Exec(ctx, `update object_key set locked_until = $2 where attempt_id = $1 and destroyed_at is null`, attempt, until); err != nil {
		return fmt.Errorf("note until when objects are locked: %w", err)
	}
	return nil
}
