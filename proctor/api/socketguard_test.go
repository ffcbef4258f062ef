package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestSocketEndsWithTheRightToIt(t *testing.T) {
	for name, c := range map[string]struct {
		refusal error
		code    int
	}{
		"signed out":   {problem(http.StatusUnauthorized, "not_signed_in"), closeNotSigned},
		"another role": {problem(http.StatusForbidden, "forbidden"), closeForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			ended := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(ended)
				conn, err := upgrade(w, r)
				if err != nil {
					t.Error(err)
					return
				}
				guarded := make(chan struct{})
				go func() {
					defer close(guarded)
					conn.guard(time.Millisecond, func() error {
						switch asked.Add(1) {
						case 1:
							return nil
						case 2:
							return errors.New("the database is down") // ends nobody's exam
						}
						return c.refusal
					})
				}()
				conn.serve(func([]byte) {})
				<-guarded
			}))
			defer server.Close()
			conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"), nil)
			must(t, err)
			defer conn.Close()
			must(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
			_, _, err = conn.ReadMessage()
			var closed *websocket.CloseError
			if !errors.As(err, &closed) || closed.Code != c.code || asked.Load() != 3 {
				t.Errorf("ended with %v after %d questions; want %d after 3", err, asked.Load(), c.code)
			}
			<-ended
		})
	}
}
