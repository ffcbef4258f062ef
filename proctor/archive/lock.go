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
	if until.After(a.now()) {
		options.Mode, options.RetainUntilDate = minio.Governance, until
	}
	return nil
}
