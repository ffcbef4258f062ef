package registrar

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/google/uuid"

	"ochno/proctor/ledger"
	"ochno/proctor/ledger/pack"
)

// ownFields are the personal fields that are a student's own in the records that concern her; a record that has another is somebody else's, too.
var ownFields = []string{"student", "oid", "person", "claimant", "text"}

// KeepsOwn tells whether the sealed log has a record that concerns the person.
func (p Papers) KeepsOwn(ctx context.Context, person uuid.UUID) (bool, error) {
	c, err := p.Log.Latest(ctx)
	if errors.Is(err, ledger.ErrEmpty) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	found := errors.New("found")
	err = p.Log.EachBody(ctx, ledger.Filter{Subject: person}, c.Size, func(int64, []byte) error { return found })
	if errors.Is(err, found) {
		return true, nil
	}
	return false, err
}

// Own streams a package of the sealed records that concern one person: of their personal values hers alone.
func (p Papers) Own(ctx context.Context, w io.Writer, person uuid.UUID) error {
	_, err := pack.Write(ctx, w, p.Log, pack.Options{
		Filter: ledger.Filter{Subject: person}, Selection: map[string]string{"person": person.String()}, Signer: p.Key.Signer, PublicKey: p.Key.Public,
		At: p.Now(), Software: p.Version, Segments: p.segments, Share: sharedWithHer,
	})
	return err
}

func sharedWithHer(values map[string]ledger.PersonalValue) bool {
	for field := range values {
		if !slices.Contains(ownFields, field) {
			return false
		}
	}
	return true
}
