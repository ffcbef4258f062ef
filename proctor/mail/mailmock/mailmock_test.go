package mailmock

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func serve(t *testing.T, c Config) (*Stand, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Logger = slog.New(slog.DiscardHandler)
	s := New(c)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.ServeSMTP(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the stand ended with %v", err)
		}
	})
	return s, l.Addr().String()
}

// talk says each line and returns the codes of the answers, the greeting's first.
func talk(t *testing.T, address string, lines ...string) []string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	var codes []string
	listen := func() {
		t.Helper()
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatalf("after %v: %v", codes, err)
			}
			if len(line) > 3 && line[3] == ' ' {
				codes = append(codes, line[:3])
				return
			}
		}
	}
	listen()
	for _, line := range lines {
		if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
			t.Fatal(err)
		}
		listen()
	}
	return codes
}

const letter = "Subject: =?UTF-8?q?=D0=9F=D1=80=D0=B8=D0=B2=D0=B5=D1=82?=\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"=D0=A2=D0=B5=D0=BA=D1=81=D1=82 <script>alert(1)</script> https://a.example/x?a=3D1&b=3D2.\r\n..dot\r\n."

func TestTalk(t *testing.T) {
	s, address := serve(t, Config{Answer: func(to string) int {
		if to == "no@example.org" {
			return 550
		}
		return 0
	}})
	for _, c := range []struct {
		name  string
		lines []string
		codes []string
		took  int
	}{
		{"a letter", []string{"EHLO me", "MAIL FROM:<a@example.org> BODY=8BITMIME", "RCPT TO:<b@example.org>", "DATA", letter, "QUIT"}, []string{"220", "250", "250", "250", "354", "250", "221"}, 1},
		{"out of order", []string{"DATA", "RCPT TO:<b@example.org>", "QUIT"}, []string{"220", "503", "503", "221"}, 0},
		{"a refused recipient", []string{"MAIL FROM:<a@example.org>", "RCPT TO:<no@example.org>", "DATA", "QUIT"}, []string{"220", "250", "550", "503", "221"}, 0},
		{"rubbish", []string{"MAIL TO:<a>", "MAIL FROM:a", "HELP", "NOOP", "RSET", "QUIT"}, []string{"220", "501", "501", "502", "250", "250", "221"}, 0},
		{"a letter that is none", []string{"MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA", "nothing\r\n.", "QUIT"}, []string{"220", "250", "250", "354", "554", "221"}, 0},
	} {
		before, _ := s.Letters()
		if codes := talk(t, address, c.lines...); !slices.Equal(codes, c.codes) {
			t.Errorf("%s: %v; want %v", c.name, codes, c.codes)
		}
		if after, _ := s.Letters(); len(after) != len(before)+c.took {
			t.Errorf("%s: %d letters came; want %d", c.name, len(after)-len(before), c.took)
		}
	}
	got, _ := s.Letters()
	if got[0].Subject != "Привет" || got[0].Text != "Текст <script>alert(1)</script> https://a.example/x?a=1&b=2.\n.dot" || got[0].From != "a@example.org" || got[0].To[0] != "b@example.org" {
		t.Errorf("%+v", got[0])
	}
}

func TestPage(t *testing.T) {
	s, address := serve(t, Config{})
	h := s.Handler()
	ask := func(path string) (string, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		text, err := io.ReadAll(w.Result().Body)
		if err != nil || w.Code != 200 {
			t.Errorf("%s: %d, %v", path, w.Code, err)
		}
		return string(text), w.Header().Get("Content-Security-Policy")
	}
	if text, policy := ask("/"); !strings.Contains(text, `data-testid="no-letters"`) || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the empty page: %s\n%s", policy, text)
	}
	talk(t, address, "EHLO me", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA", letter, "QUIT")
	text, _ := ask("/")
	for _, want := range []string{"Привет", "&lt;script&gt;", `<a href="https://a.example/x?a=1&amp;b=2" rel="noreferrer">`, "</a>."} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "<script>") {
		t.Error("a letter's text runs on the page")
	}
	var list struct{ Letters []Letter }
	if text, _ := ask("/letters.json"); json.Unmarshal([]byte(text), &list) != nil || len(list.Letters) != 1 || list.Letters[0].Subject != "Привет" {
		t.Errorf("the letters as JSON: %s", text)
	}
	ask("/healthz")
	ask("/mail.css")
}

func TestOldLettersAreForgotten(t *testing.T) {
	s := New(Config{})
	for i := range keep + 5 {
		if err := s.take("a", []string{"b"}, fmt.Sprintf("Subject: %d\r\nContent-Type: text/plain\r\n\r\nx\r\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := s.Letters(); len(got) != keep || got[0].Subject != fmt.Sprint(keep+4) {
		t.Errorf("%d letters, the newest %q", len(got), got[0].Subject)
	}
}
