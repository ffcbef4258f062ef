package proctor_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ochno/proctor/account"
	"ochno/proctor/esia/esiamock"
)

type talkAttempt struct {
	State        string
	ExtraMinutes int
	Talk         *struct{ UnreadByStudent, UnreadByStaff int }
	Call         *struct{ Reason, AcknowledgedBy string }
	Warnings     []struct{ ID, Reason, WithdrawnAt string }
	Charge       *struct{ Name string }
}

// TestBetweenProctorAndStudent walks what passes between them over HTTP, and hears of it over the sockets.
func TestBetweenProctorAndStudent(t *testing.T) {
	h := newHouse(t)
	student, proctor := h.signedIn(t, esiamock.StudentAnna), h.signedIn(t, esiamock.Proctor)
	a := student.join(t, true)
	at, of := "/api/attempts/"+a.ID.String(), "/api/exams/"+h.exam.ID.String()
	watch, status := proctor.dial(t, of+"/watch", nil)
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("the room: %d", status)
	}
	if m, _ := until(t, watch, "presence"); len(m["people"].([]any)) != 1 {
		t.Errorf("presence %v", m)
	}
	other := h.browser(t)
	h.grant(t, esiamock.Proctor2, account.Proctor)
	other.signIn(t, esiamock.Proctor2, "/")
	if _, status := other.dial(t, of+"/watch", nil); status != http.StatusSwitchingProtocols {
		t.Fatalf("the room for a colleague: %d", status)
	}
	if m, _ := until(t, watch, "presence"); len(m["people"].([]any)) != 2 {
		t.Errorf("presence of two %v", m)
	}
	post := func(b *browser, path string, body any, want int) string {
		t.Helper()
		status, text := b.call(t, http.MethodPost, path, body)
		if status != want {
			t.Errorf("%s: %d %.300s; want %d", path, status, text, want)
		}
		return text
	}
	now := func(b *browser) talkAttempt { return get[talkAttempt](t, b, at) }

	post(student, at+"/messages", map[string]any{"text": "Не слышу вас"}, http.StatusOK)
	heard := false
	for range 50 { // other changes of the attempt may come first
		m, code := until(t, watch, "attempt")
		if code != 0 {
			t.Fatalf("the room's socket ended with %d", code)
		}
		if talk, ok := m["roomAttempt"].(map[string]any)["attempt"].(map[string]any)["talk"].(map[string]any); ok && talk["unreadByStaff"].(float64) == 1 {
			heard = true
			break
		}
	}
	if !heard {
		t.Error("the proctor's page did not hear of the message")
	}
	post(proctor, at+"/messages", map[string]any{"text": "Проверьте наушники"}, http.StatusOK)
	post(proctor, of+"/announcements", map[string]any{"text": "Осталось пять минут"}, http.StatusOK)
	if text := post(student, at+"/messages", map[string]any{"text": "Спасибо"}, http.StatusOK); strings.Count(text, `"text"`) != 4 {
		t.Errorf("the conversation: %s", text)
	}
	if s := now(proctor); s.Talk == nil || s.Talk.UnreadByStaff != 1 || s.Talk.UnreadByStudent != 0 {
		t.Errorf("unread %+v", s.Talk)
	}

	post(student, at+"/call", map[string]any{"reason": "technical"}, http.StatusOK)
	post(proctor, at+"/call/acknowledge", nil, http.StatusOK)
	if s := now(student); s.Call == nil || s.Call.AcknowledgedBy == "" {
		t.Errorf("the call %+v", s.Call)
	}
	post(proctor, at+"/call/close", nil, http.StatusOK)
	post(proctor, at+"/warnings", map[string]any{"reason": "noise"}, http.StatusOK)
	warnings := now(student).Warnings
	if len(warnings) != 1 {
		t.Fatalf("warnings %+v", warnings)
	}
	post(proctor, at+"/warnings/withdraw", map[string]any{"warningId": warnings[0].ID}, http.StatusOK)
	post(proctor, at+"/warnings/withdraw", map[string]any{"warningId": warnings[0].ID}, http.StatusNotFound)
	if s := now(student); len(s.Warnings) != 1 || s.Warnings[0].WithdrawnAt == "" || s.Call != nil {
		t.Errorf("after it was taken back: %+v", s)
	}

	post(proctor, at+"/time", map[string]any{"minutes": 15, "reason": "technical"}, http.StatusOK)
	post(proctor, at+"/time", map[string]any{"minutes": 15, "reason": "mistake"}, http.StatusUnprocessableEntity)
	if s := now(student); s.ExtraMinutes != 15 {
		t.Errorf("extra time %d", s.ExtraMinutes)
	}
	post(proctor, at+"/notes", map[string]any{"text": "Смотрит вниз"}, http.StatusOK)

	colleague := get[struct{ Proctors []struct{ ID, Name string } }](t, proctor, of+"/proctors")
	if len(colleague.Proctors) != 2 {
		t.Fatalf("proctors %+v", colleague)
	}
	to := colleague.Proctors[0].ID
	post(proctor, of+"/handover", map[string]any{"to": to, "attemptIds": []string{a.ID.String()}}, http.StatusOK)
	if s, told := now(proctor), now(student); s.Charge == nil || s.Charge.Name != colleague.Proctors[0].Name || told.Charge != nil || told.State != s.State {
		t.Errorf("handed over: %+v; the student is told %+v", s.Charge, told.Charge)
	}
	post(proctor, at+"/admit", nil, http.StatusConflict)
	if text := post(proctor, of+"/admit", nil, http.StatusOK); !strings.Contains(text, `"admitted":0`) {
		t.Errorf("admitted all: %s", text)
	}
	post(student, at+"/break", nil, http.StatusConflict)

	for i := range 40 { // who writes without end is stopped
		if status, _ := student.call(t, http.MethodPost, at+"/messages", map[string]any{"text": fmt.Sprint(i)}); status == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("nothing bounds how often a student writes")
}
