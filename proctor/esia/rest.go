package esia

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const maxAnswer = 64 << 10

type tokenAnswer struct {
	AccessToken string     `json:"access_token"`
	IDToken     string     `json:"id_token"`
	State       string     `json:"state"`
	TokenType   string     `json:"token_type"`
	ExpiresIn   looseCount `json:"expires_in"`
}

// looseCount is an integer, which ESIA also writes as a string.
type looseCount int

func (n *looseCount) UnmarshalJSON(data []byte) error {
	var count int
	if err := json.Unmarshal(bytes.Trim(data, `"`), &count); err != nil || count < 0 {
		return errors.New("not a count")
	}
	*n = looseCount(count)
	return nil
}

// exchange turns the code into tokens, which are not checked yet.
func (c *Client) exchange(ctx context.Context, code, verifier string) (*tokenAnswer, error) {
	const step = "token"
	state := newState()
	form, err := c.tokenForm(ctx, state, code, verifier)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodPost, c.config.BaseURL+c.config.Generation.tokenPath(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &Error{Code: CodeUnavailable, Step: step, Err: err}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer tokenAnswer
	if err := c.call(ctx, step, request, maxAnswer, &answer); err != nil {
		return nil, err
	}
	var missing string
	switch {
	case answer.AccessToken == "":
		missing = "no access_token"
	case answer.IDToken == "":
		missing = "no id_token; is openid among the system's scopes?"
	case answer.TokenType != "" && !strings.EqualFold(answer.TokenType, "Bearer"):
		missing = "token_type is not Bearer"
	case answer.State != state:
		missing = "the state is not the one sent"
	default:
		return &answer, nil
	}
	return nil, &Error{Code: CodeAnswerInvalid, Step: step, Status: http.StatusOK, Description: missing}
}

// get reads a REST resource of ESIA of at most so many bytes with the person's access token.
func (c *Client) get(ctx context.Context, step, token, path string, most int, into any) error {
	if token == "" {
		return &Error{Code: "ESIA-005013", Step: step, Description: "the identity holds no access token: it was not signed in by this process"}
	}
	request, err := http.NewRequest(http.MethodGet, c.config.BaseURL+path, nil)
	if err != nil {
		return &Error{Code: CodeUnavailable, Step: step, Err: errors.New("the address of ESIA is not a URL")}
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return c.call(ctx, step, request, most, into)
}

// call sends a request and decodes a JSON object of at most so many bytes. Errors are *Error.
func (c *Client) call(ctx context.Context, step string, request *http.Request, most int, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	request = request.WithContext(ctx)
	request.Header.Set("Accept", "application/json")
	began := time.Now()
	response, err := c.config.HTTPClient.Do(request)
	if err != nil {
		return ConnectionError(step, 0, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(most)+1))
	c.config.Logger.DebugContext(ctx, "esia answered", "step", step, "status", response.StatusCode, "size", len(body), "took", time.Since(began).Round(time.Millisecond))
	status := response.StatusCode
	switch {
	case err != nil:
		return ConnectionError(step, status, err)
	case len(body) > most:
		return &Error{Code: CodeAnswerTooBig, Step: step, Status: status}
	case isHTML(response.Header, body):
		return &Error{Code: CodeAnswerHTML, Step: step, Status: status}
	case status != http.StatusOK:
		refused := refusal(step, status, body)
		if refused.Code == "ESIA-007015" {
			refused.Description = strings.TrimSpace(refused.Description + " " + c.skew(response.Header))
		}
		return refused
	}
	if err := decodeObject(body, into); err != nil {
		return &Error{Code: CodeAnswerInvalid, Step: step, Status: status, Description: "not a JSON object of the expected shape"}
	}
	return nil
}

// skew tells how far our clock is from the one that dated an answer; "" when nothing did.
func (c *Client) skew(header http.Header) string {
	theirs, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("(our clock differs from ESIA's by %s)", c.config.Now().Sub(theirs).Round(time.Second))
}

// refusal reads the error shapes of the token end point and of REST.
func refusal(step string, status int, body []byte) *Error {
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Code        string `json:"code"`
	}
	if err := decodeObject(body, &answer); err == nil && (answer.Error != "" || answer.Code != "") {
		if answer.Error != "" {
			return fromESIA(step, status, answer.Error, answer.Description)
		}
		return fromESIA(step, status, answer.Code, "") // what REST says in words may be about the person
	}
	if status >= 500 || status == http.StatusTooManyRequests {
		return &Error{Code: CodeUnavailable, Step: step, Status: status}
	}
	return &Error{Code: CodeAnswerInvalid, Step: step, Status: status, Description: fmt.Sprintf("%d bytes without an error of ESIA in them", len(body))}
}

// ConnectionError is a request that got no whole answer, told without the address: it may hold the person's OID.
func ConnectionError(step string, status int, err error) *Error {
	// A *url.Error quotes the address.
	var quoting *url.Error
	if errors.As(err, &quoting) {
		err = quoting.Err
	}
	code := CodeUnavailable
	var netErr net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout() {
		code = CodeTimeout
	}
	return &Error{Code: code, Step: step, Status: status, Err: err}
}

func isHTML(header http.Header, body []byte) bool {
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return strings.Contains(media, "html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}
