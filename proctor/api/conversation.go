package api

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/invigilate"
	"ochno/proctor/ledger"
)

// talksPerPerson bounds messages, calls and announcements of one person in a minute.
const talksPerPerson = 30

// Message is one of a student's conversation with the staff, or an announcement to everybody.
type Message struct {
	ID          uuid.UUID `json:"id"`
	Number      int64     `json:"number" doc:"Grows; the order"`
	ToAll       bool      `json:"toAll"`
	FromStudent bool      `json:"fromStudent"`
	Sender      string    `json:"sender"`
	At          time.Time `json:"at"`
	Text        string    `json:"text" doc:"Empty once erased"`
}

// MessageList is a part of a conversation, in order.
type MessageList struct {
	Messages []Message `json:"messages" nullable:"false"`
}

// Talk is how far a conversation is.
type Talk struct {
	Last            int64 `json:"last" doc:"The newest message's number"`
	UnreadByStudent int   `json:"unreadByStudent"`
	UnreadByStaff   int   `json:"unreadByStaff"`
}

// mayTalk bounds how often one person writes.
func (s *Server) mayTalk(ctx context.Context) error {
	if !s.talks.allow(caller(ctx).ID.String()) {
		return problem(http.StatusTooManyRequests, "talk_often")
	}
	return nil
}

type messagesInput struct {
	AttemptPath
	Before int64 `query:"before" minimum:"0" doc:"Those before that number; the newest without"`
}

func (s *Server) messages(ctx context.Context, in *messagesInput) (*body[MessageList], error) {
	if err := s.lookAt(ctx, ledger.SawTimeline, in.ID); err != nil {
		return nil, err
	}
	list, err := s.Invigilate.History(ctx, in.ID, in.Before)
	return messageList(list, err)
}

func messageList(list []invigilate.Message, err error) (*body[MessageList], error) {
	if err != nil {
		return nil, err
	}
	out := MessageList{Messages: []Message{}}
	for _, m := range list {
		out.Messages = append(out.Messages, Message{ID: m.ID, Number: m.Number, ToAll: m.ToAll, FromStudent: m.FromStudent, Sender: m.Sender, At: m.At, Text: m.Text})
	}
	return answer(out), nil
}

type textInput struct {
	Text string `json:"text" minLength:"1" maxLength:"4000"`
}

type sayInput struct {
	AttemptPath
	Body textInput
}

func (s *Server) say(ctx context.Context, in *sayInput) (*body[MessageList], error) {
	if err := s.mayTalk(ctx); err != nil {
		return nil, err
	}
	if _, err := s.Invigilate.Say(ctx, in.ID, *caller(ctx), in.Body.Text); err != nil {
		return nil, err
	}
	return s.messages(ctx, &messagesInput{AttemptPath: in.AttemptPath})
}

type seenInput struct {
	AttemptPath
	Body struct {
		Number int64 `json:"number" minimum:"1"`
	}
}

func (s *Server) seen(ctx context.Context, in *seenInput) (*body[Attempt], error) {
	if err := s.Invigilate.Seen(ctx, in.ID, caller(ctx).Has(account.Student), in.Body.Number); err != nil {
		return nil, err
	}
	return s.getAttempt(ctx, &in.AttemptPath)
}

func (s *Server) announcements(ctx context.Context, in *examPath) (*body[MessageList], error) {
	list, err := s.Invigilate.Announcements(ctx, in.ID)
	return messageList(list, err)
}

type announceInput struct {
	ID   uuid.UUID `path:"id"`
	Body textInput
}

func (s *Server) announce(ctx context.Context, in *announceInput) (*body[MessageList], error) {
	if err := s.mayTalk(ctx); err != nil {
		return nil, err
	}
	if _, err := s.Invigilate.Announce(ctx, in.ID, *caller(ctx), in.Body.Text); err != nil {
		return nil, err
	}
	return s.announcements(ctx, &examPath{ID: in.ID})
}
