package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"ochno/proctor"
	"ochno/proctor/api"
	"ochno/proctor/exam"
)

var attemptCommand = command{"attempt token", "", "make a token by which a camera publishes an attempt by WHIP", `Prints a bearer token for one attempt, and on the error output where to use it and until when. A camera of a lab or a load test
publishes with it instead of the student's page (which it takes over). The token is shown once; that it was made stands in the attempt's timeline.
Proctors make the same in the API, and there alone tokens for watching (WHEP): the log names whoever watches.`, attemptToken}

func attemptToken(ctx context.Context, c *call) error {
	attempt := c.flags.String("attempt", "", "`id` of the attempt")
	minutes := c.flags.Int("minutes", 240, "`minutes` for which it is good, at most 1440")
	if err := c.parse(0); err != nil {
		return err
	}
	id, err := uuid.Parse(*attempt)
	if err != nil {
		return usageError{errors.New("--attempt: want an attempt's id")}
	}
	return withStore(ctx, c, func(store proctor.Store) error {
		text, token, err := store.Exams.IssueToken(ctx, id, exam.TokenPublish, uuid.Nil, time.Duration(*minutes)*time.Minute)
		if err != nil {
			return err
		}
		base := strings.TrimSuffix(c.getenv("OCHNO_PUBLIC_URL"), "/")
		fmt.Fprintf(c.stderr, "%s%s, good until %s\n", base, api.TokenDoor(exam.TokenPublish), token.ExpiresAt.Format(time.RFC3339))
		_, err = fmt.Fprintln(c.stdout, text)
		return err
	})
}
