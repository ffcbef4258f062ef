package invigilate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
)

// TestFloor: a student hears one proctor at a time.
func TestFloor(t *testing.T) {
	var f Floor
	of, another := uuid.New(), uuid.New()
	anna, boris := uuid.New(), uuid.New()
	voice := func(in, to uuid.UUID) Voice { return Voice{ID: uuid.New(), Exam: in, Attempt: to, Name: "П"} }
	take := func(v Voice) Voice {
		t.Helper()
		if err := f.Take(v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	refused := func(v Voice, by Voice) {
		t.Helper()
		var spoken *SpokenError
		before := f.In(of)
		if err := f.Take(v); !errors.As(err, &spoken) || spoken.By.ID != by.ID {
			t.Errorf("taken beside another voice: %v", err)
		}
		if !slices.Equal(f.In(of), before) {
			t.Error("what was refused changed something")
		}
	}
	all := []uuid.UUID{anna, boris}
	alone := take(voice(of, anna))
	refused(voice(of, anna), alone)
	take(voice(another, uuid.Nil)) // another exam is another room
	if got := f.Hear(alone, all); !slices.Equal(got, []uuid.UUID{anna}) {
		t.Errorf("a private talk is for %v", got)
	}
	if got := f.Hear(alone, []uuid.UUID{boris}); len(got) != 0 {
		t.Errorf("who is not there hears: %v", got)
	}
	everybody := take(voice(of, uuid.Nil))
	if got := f.Hear(everybody, all); !slices.Equal(got, []uuid.UUID{boris}) {
		t.Errorf("to everybody beside a private talk is for %v", got)
	}
	refused(voice(of, uuid.Nil), everybody)
	refused(voice(of, boris), everybody)
	if !f.Leave(alone.ID) || f.Leave(alone.ID) {
		t.Error("a voice ends once")
	}
	if got := f.Hear(everybody, all); !slices.Equal(got, all) {
		t.Errorf("to everybody is for %v", got)
	}
	f.Leave(everybody.ID)
	take(voice(of, anna))
	take(voice(of, boris)) // two proctors, two students
	if n := len(f.In(of)); n != 2 {
		t.Errorf("%d voices", n)
	}
}

// FuzzFloor takes and leaves the floor of two exams in any order: no student ever hears two at once, who is refused changes nothing, and who has left is
// heard by nobody.
func FuzzFloor(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 0x80, 0x81, 4, 5, 6, 7})
	f.Add([]byte{4, 0, 0x80, 1, 5})
	f.Fuzz(func(t *testing.T, acts []byte) {
		var floor Floor
		exams, students := []uuid.UUID{{1}, {2}}, []uuid.UUID{{11}, {12}, {13}}
		var on []Voice
		for n, act := range acts[:min(len(acts), 200)] {
			if act&0x80 != 0 && len(on) > 0 {
				i := int(act&0x7f) % len(on)
				if !floor.Leave(on[i].ID) || floor.Leave(on[i].ID) {
					t.Fatal("a voice ends once")
				}
				on = slices.Delete(on, i, i+1)
			} else {
				v := Voice{ID: uuid.UUID{0xff, byte(n)}, Exam: exams[act&1]}
				if who := int(act >> 1 & 3); who < len(students) {
					v.Attempt = students[who]
				}
				if floor.Take(v) == nil {
					on = append(on, v)
				}
			}
			for _, e := range exams {
				heard := map[uuid.UUID]int{}
				voices := floor.In(e)
				for _, v := range voices {
					if !slices.ContainsFunc(on, func(o Voice) bool { return o.ID == v.ID }) {
						t.Fatal("somebody speaks who was refused, or has left")
					}
					for _, student := range floor.Hear(v, students) {
						heard[student]++
					}
				}
				for student, by := range heard {
					if by > 1 {
						t.Fatalf("%s hears %d at once: %+v", student, by, voices)
					}
				}
			}
		}
	})
}

// TestVoices is what is kept of what was said aloud: who, to whom, from when to when.
func TestVoices(t *testing.T) {
	d := newTestDesk(t)
	ctx := t.Context()
	_, first := d.student(exam.InProgress)
	_, second := d.student(exam.InProgress)
	_, over := d.student(exam.Terminated)
	voice := func(to uuid.UUID) Voice {
		return Voice{ID: uuid.New(), Exam: d.exam.ID, Attempt: to, Speaker: d.anna.ID, Name: d.anna.Name.String(), At: d.now()}
	}
	kept := func() string {
		t.Helper()
		out := ""
		for _, table := range []string{"voice", "voice_heard"} {
			var text string
			must(t, d.pool.QueryRow(ctx, `select coalesce(string_agg(r::text, E'\n' order by r::text), '') from `+table+` r`).Scan(&text))
			out += text + "\n"
		}
		return out
	}
	private, all := voice(first), voice(uuid.Nil)
	must(t, d.BeginVoice(ctx, private))
	must(t, d.Heard(ctx, private.ID, []uuid.UUID{first}))
	d.clock.Add(int64(30 * time.Second))
	must(t, d.EndVoice(ctx, private.ID))
	all.At = d.now()
	must(t, d.BeginVoice(ctx, all))
	must(t, d.Heard(ctx, all.ID, []uuid.UUID{second}))
	d.clock.Add(int64(10 * time.Second))
	must(t, d.Heard(ctx, all.ID, []uuid.UUID{second, first})) // she came later; the other one stays as she was

	before := kept()
	stranger, boris := d.person("Чужая", "student"), voice(first)
	boris.Speaker = stranger.ID
	wrong := voice(first)
	wrong.Exam = uuid.New()
	for what, refused := range map[string]struct {
		voice Voice
		want  error
	}{
		"who is no proctor":                {boris, ErrNotStaff},
		"an exam that is not there":        {wrong, exam.ErrNotFound},
		"a student who is not there":       {voice(uuid.New()), exam.ErrNotFound},
		"a student whose attempt is ended": {voice(over), ErrOver},
	} {
		if err := d.BeginVoice(ctx, refused.voice); !errors.Is(err, refused.want) {
			t.Errorf("%s: %v, want %v", what, err, refused.want)
		}
	}
	must(t, d.EndVoice(ctx, private.ID)) // again
	must(t, d.Heard(ctx, all.ID, nil))
	if after := kept(); after != before {
		t.Errorf("what was refused changed something:\n%s\nbefore:\n%s", after, before)
	}

	timeline := func(attempt uuid.UUID) string {
		t.Helper()
		list, err := d.Timeline(ctx, attempt)
		must(t, err)
		var out []string
		for _, e := range list {
			until := "…"
			if !e.Until.IsZero() {
				until = e.Until.Format("04:05")
			}
			out = append(out, fmt.Sprintf("%s %s–%s %s", e.Kind, e.At.Format("04:05"), until, e.Actor))
		}
		return strings.Join(out, "; ")
	}
	if got, want := timeline(first), "voice_talk 30:00–30:30 Ёлкин Анна; voice_announcement 30:40–… Ёлкин Анна"; got != want {
		t.Errorf("her timeline is %q, want %q", got, want)
	}
	must(t, d.EndVoice(ctx, all.ID))
	if got, want := timeline(second), "voice_announcement 30:30–30:40 Ёлкин Анна"; got != want {
		t.Errorf("the other one's is %q, want %q", got, want)
	}
	if got := timeline(over); got != "" {
		t.Errorf("who heard nothing: %q", got)
	}
}
