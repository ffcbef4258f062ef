package ebsmock

import (
	"encoding/json"
	"net/http"
)

// problem is the body of a refusal (RFC 9457). Its code is what a client decides on.
type problem struct {
	Type    string  `json:"type"`
	Title   string  `json:"title"`
	Status  int     `json:"status"`
	Detail  string  `json:"detail"`
	Code    string  `json:"code"`
	Message message `json:"message"`
}

type message struct {
	Ru string `json:"ru"`
	En string `json:"en"`
}

// refuse answers with a problem. The texts name nobody.
func refuse(w http.ResponseWriter, status int, code, ru, en string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// The client may be gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: en, Code: code, Message: message{ru, en},
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
