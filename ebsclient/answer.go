package ebsclient

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

const (
	// maxAnswer bounds a verifier's answer in bytes.
	maxAnswer = 64 << 10
	// maxRetryAfter bounds what a verifier may ask to wait.
	maxRetryAfter = time.Hour
)

// readResult reads an answer that should hold a verdict.
func (e errand) readResult(resp *http.Response, body []byte) (string, error) {
	if resp.StatusCode != http.StatusOK {
		return "", e.refusal(resp, body)
	}
	if len(body) > maxAnswer {
		return "", broken(ReasonMalformed, "an answer of more than %d bytes", maxAnswer)
	}
	var result struct {
		State          State  `json:"state"`
		ExtendedResult string `json:"extended_result"`
		// Gateways that write all their names so write this one so as well.
		Camel string `json:"extendedResult"`
	}
	if err := json.Unmarshal(body, &result); err != nil {
		return "", broken(ReasonMalformed, "an answer that is not the JSON that was asked for")
	}
	token := result.ExtendedResult
	if token == "" {
		token = result.Camel
	}
	if token == "" && result.State != StateSuccess {
		if code, ok := result.State.code(); ok {
			return "", &Error{Code: code, Status: resp.StatusCode}
		}
	}
	if token == "" || (result.State != "" && result.State != StateSuccess) {
		return "", broken(ReasonMalformed, "an answer without extended_result, or with a state that does not go with it")
	}
	return token, nil
}

// refusal turns an answer that is no verdict into an error. The verifier's words are not repeated: they may name the person.
func (e errand) refusal(resp *http.Response, body []byte) *Error {
	err := &Error{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	var problem struct {
		Code Code `json:"code"`
	}
	// No problem document, no code: the status has to do.
	_ = json.Unmarshal(body, &problem)
	switch status := resp.StatusCode; {
	case status == http.StatusAccepted:
		err.Code = Pending
	case status == http.StatusNotFound && (problem.Code == NotEnrolled || problem.Code == Expired):
		err.Code = problem.Code
	case status == http.StatusGone:
		err.Code = Expired
	case status == http.StatusUnprocessableEntity:
		err.Code = e.unprocessable
		switch problem.Code {
		case NotEnrolled, LowQuality, LivenessFailed, Expired, Cancelled, Repeat, Failed, SecretUsed:
			err.Code = problem.Code
		}
	case status == http.StatusTooManyRequests:
		err.Code = Busy
	case status == http.StatusRequestTimeout, status >= 500:
		err.Code = Unavailable
	default:
		err.Code = Denied
	}
	return err
}

// retryAfter reads seconds or a date; 0 for what it cannot read.
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
