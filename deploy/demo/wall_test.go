package demo_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor"
	"ochno/proctor/account"
	"ochno/proctor/exam"
	"ochno/proctor/media/load"
)

// A room of a hundred: nine of them are live in the proctor's tiles, some more send without being looked at, the rest sit without a connection.
const (
	roomStudents = 100
	roomTiles    = 9
	roomSenders  = 11 // besides the nine; OCHNO_WALL_SENDERS asks for another number: the detector of races makes the service slow
)

// TestWallTrace has a proctor look at a room of a hundred students with nine live tiles and a large student, and reads from a trace of the browser
// how much of a frame her page's scripts take.
func TestWallTrace(t *testing.T) {
	if testing.Short() {
		t.Fatal("the trace takes a minute: leave -short away, or name another test with -run")
	}
	senders := roomSenders
	if text := os.Getenv("OCHNO_WALL_SENDERS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > roomStudents-roomTiles {
			t.Fatalf("OCHNO_WALL_SENDERS: want a number up to %d", roomStudents-roomTiles)
		}
		senders = n
	}
	d := startDemo(t, false)
	store := openStore(t, d)
	room, tokens := seedRoom(t, store, d.Exam)
	ctx, stop := context.WithCancel(t.Context())
	sent := make(chan error, 1)
	go func() {
		_, err := load.Run(ctx, load.Options{
			Server: d.URL, Tokens: tokens[roomTiles : roomTiles+senders], Publishers: senders, Join: 5 * time.Second, Measure: 10 * time.Minute,
		})
		sent <- err
	}()
	if senders == 0 {
		stop()
	}
	var facts struct {
		Frames   int
		Problems int
	}
	play(t, d, "wall.mjs", map[string]any{"room": room, "students": roomStudents, "tokens": tokens[:roomTiles]}, &facts)
	early := ctx.Err() == nil && len(sent) > 0
	stop()
	if err := <-sent; early {
		t.Errorf("the load ended before its time: %v", err)
	}
	if facts.Frames < 100 {
		t.Errorf("the trace has %d frames", facts.Frames)
	}
	if facts.Problems > 0 {
		t.Errorf("%d problems, told above", facts.Problems)
	}
}

// seedRoom makes an exam that goes on with a hundred students, and a token to publish with for each, in the order of their names.
func seedRoom(t *testing.T, store proctor.Store, like string) (uuid.UUID, []string) {
	t.Helper()
	ctx := t.Context()
	demo, err := store.Exams.ByCode(ctx, like)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	room, err := store.Exams.Ensure(ctx, exam.Exam{
		Organisation: demo.Organisation, Code: "room", Title: "Линейная алгебра, поток", StartsAt: now.Add(-time.Hour).Truncate(time.Minute),
		EndsAt: now.Add(2 * time.Hour).Truncate(time.Minute), Policy: exam.DefaultPolicy(),
	})
	if err != nil {
		t.Fatal(err)
	}
	surnames := []string{"Агеева", "Белова", "Власова", "Громова", "Дроздова", "Егорова", "Жарова", "Зотова", "Ильина", "Котова"}
	names := []string{"Алина", "Вера", "Дарья", "Елена", "Злата", "Инна", "Кира", "Лидия", "Майя", "Нина"}
	var attempts []uuid.UUID
	if err := pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
		var people []account.NewPerson
		for i := range roomStudents {
			people = append(people, account.NewPerson{
				Organisation: demo.Organisation, Name: account.Name{Last: surnames[i/10], First: names[i%10]},
				BirthDate: time.Date(2003, 1, 1+i, 0, 0, 0, 0, time.UTC), Roles: []account.Role{account.Student},
			})
		}
		done, err := store.Accounts.EnsureAll(ctx, tx, demo.Organisation, people)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for i, person := range done {
			entry, attempt := uuid.New(), uuid.New()
			attempts = append(attempts, attempt)
			batch.Queue(`insert into roster_entry (id, exam_id, person_id, group_name) values ($1, $2, $3, $4)`, entry, room, person.ID, fmt.Sprintf("МА-2%d", i%4+1))
			batch.Queue(`insert into attempt (id, exam_id, roster_entry_id, person_id, state, tries_left) values ($1, $2, $3, $4, 'in_progress', 3)`, attempt, room, entry, person.ID)
			batch.Queue(`insert into attempt_move (attempt_id, from_state, to_state, at, reason) values ($1, '', 'registered', $2, ''), ($1, 'registered', 'in_progress', $2, '')`,
				attempt, now.Add(-time.Duration(roomStudents-i)*time.Second))
		}
		return tx.SendBatch(ctx, batch).Close()
	}); err != nil {
		t.Fatal(err)
	}
	tokens := make([]string, len(attempts))
	for i, attempt := range attempts {
		if tokens[i], _, err = store.Exams.IssueToken(ctx, attempt, exam.TokenPublish, uuid.Nil, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	return room, tokens
}
