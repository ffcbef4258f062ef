package api

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
)

// The shapes on the wire, the same over HTTP and WebSocket. Times are RFC 3339 in UTC, hashes SHA-256 in hex.

// Session says who is signed in.
type Session struct {
	SignedIn     bool             `json:"signedIn"`
	Person       *SessionPerson   `json:"person,omitempty"`
	Organisation OrganisationCard `json:"organisation" doc:"In which the person acts; the installation's before that"`
	Choices      int              `json:"choices" doc:"In how many roles and organisations whoever signed in may act; with more than none and no person, one must be chosen"`
	Version      string           `json:"version"`
}

// SessionPerson is the one who signed in.
type SessionPerson struct {
	ID          uuid.UUID `json:"id"`
	DisplayName string    `json:"displayName"`
	Roles       []string  `json:"roles" nullable:"false" doc:"The one in which she acts; empty when it was taken away"`
	NeedsParent bool      `json:"needsParent" doc:"A student under 18 for whom no parent has consented"`
}

// OrganisationCard names the organisation.
type OrganisationCard struct {
	Name      string `json:"name"`
	ShortName string `json:"shortName"`
}

// ExamCard is what anybody with the link may see.
type ExamCard struct {
	ID           uuid.UUID        `json:"id"`
	Code         string           `json:"code"`
	Title        string           `json:"title"`
	Organisation OrganisationCard `json:"organisation"`
	ActNumber    string           `json:"actNumber"`
	ActDate      string           `json:"actDate" doc:"A date, or empty"`
	StartsAt     time.Time        `json:"startsAt"`
	EndsAt       time.Time        `json:"endsAt"`
	Contact      string           `json:"contact"`
	Recorded     []string         `json:"recorded" nullable:"false" enum:"camera,microphone,screen,phone"`
	Page         exam.PageRules   `json:"page" doc:"What of the student's page is watched"`
	ServerTime   time.Time        `json:"serverTime"`
	AttemptID    *uuid.UUID       `json:"attemptId,omitempty" doc:"Of the one who is signed in"`

	Accommodation *exam.Accommodation `json:"accommodation,omitempty" doc:"What is done differently for the student; absent: nothing"`
}

// Attempt is one student's sitting.
type Attempt struct {
	ID                 uuid.UUID             `json:"id"`
	ExamID             uuid.UUID             `json:"examId"`
	Exam               ExamCard              `json:"exam"`
	Student            StudentCard           `json:"student"`
	State              string                `json:"state" enum:"registered,ready,identifying,identified,admitted,in_progress,paused,finished,reviewed,declined,manual_identification,terminated,expired"`
	StateReason        string                `json:"stateReason"`
	Consent            Consent               `json:"consent"`
	TriesLeft          int                   `json:"triesLeft"`
	TriesTotal         int                   `json:"triesTotal"`
	Threshold          float64               `json:"threshold"`
	Voice              bool                  `json:"voice" doc:"Her voice is compared: she will be asked to speak"`
	Verifier           string                `json:"verifier" enum:"push,session" doc:"session: she is identified on the verifier's own page"`
	LastIdentification *Identification       `json:"lastIdentification,omitempty"`
	Waiting            *Waiting              `json:"waiting,omitempty" doc:"While the verifier does not answer"`
	Again              *AgainDemand          `json:"again,omitempty" doc:"During the exam, when she must identify herself again or seems to be somebody else"`
	Manual             *ManualIdentification `json:"manual,omitempty" doc:"While staff identify"`
	EndsAt             time.Time             `json:"endsAt" doc:"The exam's end for her, extra time included"`
	ExtraMinutes       int                   `json:"extraMinutes"`
	Extra              []ExtraTime           `json:"extra,omitempty" doc:"What she was given, in order"`
	Breaks             *AttemptBreaks        `json:"breaks,omitempty" doc:"Where the policy allows them"`
	Talk               *Talk                 `json:"talk,omitempty" doc:"Absent while nobody has written"`
	Call               *HelpCall             `json:"call,omitempty" doc:"Her raised hand"`
	Warnings           []Warning             `json:"warnings,omitempty" doc:"In order, those taken back too"`
	Flags              int                   `json:"flags,omitempty" doc:"Of machines, that nobody has judged; told to staff"`
	Charge             *StaffCard            `json:"charge,omitempty" doc:"The proctor who looks after her; told to staff"`
	Work               *exam.Work            `json:"work,omitempty" doc:"Where the exam itself is, while she sits it"`
	Queue              *Queue                `json:"queue,omitempty" doc:"While she waits for a member of staff"`
	Phone              string                `json:"phone,omitempty" enum:"waiting,live,lost" doc:"How the second camera stands, where the policy wants one"`
	ServerTime         time.Time             `json:"serverTime"`
}

// StudentCard names a student to herself and to staff.
type StudentCard struct {
	DisplayName string `json:"displayName"`
	Group       string `json:"group"`
}

// Consent is the text in force and when it was granted for this attempt.
type Consent struct {
	Text      ConsentText `json:"text"`
	GrantedAt *time.Time  `json:"grantedAt,omitempty"`
}

// ConsentText is one version of the text; paragraphs are separated by an empty line.
type ConsentText struct {
	ID      uuid.UUID `json:"id"`
	Version int       `json:"version"`
	Title   string    `json:"title"`
	Body    string    `json:"body"`
	SHA256  string    `json:"sha256"`
}

// Identification is one act of verification, decided.
type Identification struct {
	ID          uuid.UUID  `json:"id"`
	Number      int        `json:"number"`
	Kind        string     `json:"kind" enum:"admission,again"`
	Cause       string     `json:"cause,omitempty" doc:"Of one during the exam"`
	At          time.Time  `json:"at"`
	Outcome     string     `json:"outcome" enum:"match,no_match,quality,liveness,not_enrolled,verifier_unavailable,verdict_rejected,interrupted"`
	Reason      string     `json:"reason"`
	Message     Text       `json:"message"`
	Score       *Score     `json:"score,omitempty"`
	Threshold   float64    `json:"threshold"`
	Liveness    *float64   `json:"liveness,omitempty"`
	Quality     []Measure  `json:"quality,omitempty" nullable:"false"`
	Flags       []Doubt    `json:"flags,omitempty" nullable:"false" doc:"Doubts of our own that a living person sat there; hints, not findings. Not told to the student while she sits the exam"`
	RecordingID *uuid.UUID `json:"recordingId,omitempty"`
	OffsetMs    *int64     `json:"offsetMs,omitempty"`
	FrameSHA256 string     `json:"frameSha256,omitempty"`
	PhotoSHA256 string     `json:"photoSha256,omitempty"`
	VoiceSHA256 string     `json:"voiceSha256,omitempty"`
	VerdictID   string     `json:"verdictId,omitempty"`
	LogIndex    *int64     `json:"logIndex,omitempty" doc:"The leaf in the log's tree; absent until sealed"`
}

// Score is 0…1 as the verifier signed it.
type Score struct {
	Overall float64  `json:"overall"`
	Photo   float64  `json:"photo"`
	Sound   *float64 `json:"sound,omitempty" doc:"Absent when the voice was not compared"`
}

// Measure is one component of quality, 0…100, −1 where it could not be assessed.
type Measure struct {
	Component string `json:"component"`
	Value     int    `json:"value"`
}

// Doubt is a flag of our own examination.
type Doubt struct {
	Flag       string  `json:"flag" enum:"frozen_picture,looped_picture,virtual_camera,odd_frame_rate,no_camera_noise,voice_before_digits,voice_not_following_digits,mouth_not_moving,face_changed"`
	Confidence float64 `json:"confidence" minimum:"0" maximum:"1" doc:"How far beyond its limit the measure was"`
}

// ExamSummary is an exam in the list of the staff.
type ExamSummary struct {
	ID         uuid.UUID  `json:"id"`
	Code       string     `json:"code"`
	Title      string     `json:"title"`
	StartsAt   time.Time  `json:"startsAt"`
	EndsAt     time.Time  `json:"endsAt"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	Counts     ExamCounts `json:"counts"`
	Mine       bool       `json:"mine,omitempty" doc:"The caller is on duty there"`
}

// ExamCounts are numbers of students.
type ExamCounts struct {
	Roster     int `json:"roster"`
	Connected  int `json:"connected"`
	Waiting    int `json:"waiting"`
	Admitted   int `json:"admitted"`
	InProgress int `json:"inProgress"`
	Finished   int `json:"finished"`
}

// ExamList is the exams of the organisation.
type ExamList struct {
	Exams []ExamSummary `json:"exams" nullable:"false"`
}

// ExamRoom is an exam with everybody who joined.
type ExamRoom struct {
	Exam     ExamSummary   `json:"exam"`
	Attempts []RoomAttempt `json:"attempts" nullable:"false"`
}

// RoomAttempt is a student in the room.
type RoomAttempt struct {
	Attempt   Attempt `json:"attempt"`
	Connected bool    `json:"connected"`
}

// Identifications are those of one attempt, in order.
type Identifications struct {
	Identifications []Identification `json:"identifications" nullable:"false"`
}

// Timeline is what happened in an attempt.
type Timeline struct {
	Events []TimelineEvent `json:"events" nullable:"false"`
}

// TimelineEvent is one thing that happened.
type TimelineEvent struct {
	At          time.Time      `json:"at"`
	Lane        string         `json:"lane" enum:"identity,behaviour,technical,proctor"`
	Kind        string         `json:"kind"`
	Actor       string         `json:"actor,omitempty"`
	Detail      map[string]any `json:"detail"`
	RecordingID *uuid.UUID     `json:"recordingId,omitempty"`
	OffsetMs    *int64         `json:"offsetMs,omitempty"`
	Until       *time.Time     `json:"until,omitempty" doc:"of what lasts some time: when it was seen last"`
	Confidence  float64        `json:"confidence,omitempty" minimum:"0" maximum:"1" doc:"of what a machine saw"`
	Flag        *EventFlag     `json:"flag,omitempty" doc:"Of a machine's hint, that a person decides on"`
}

// EventFlag is a machine's hint and what a person says of it.
type EventFlag struct {
	ID      uuid.UUID `json:"id"`
	Verdict string    `json:"verdict" enum:",confirmed,dismissed" doc:"Empty: nobody has judged it"`
	By      string    `json:"by,omitempty"`
}

// Recordings are those of one attempt.
type Recordings struct {
	Recordings []Recording `json:"recordings" nullable:"false"`
}

// Recording is one source across reconnections.
type Recording struct {
	ID         uuid.UUID   `json:"id"`
	Parts      []uuid.UUID `json:"parts" nullable:"false" doc:"The names under which events place themselves in it: each node that wrote some of it has one. The first is the id"`
	Kind       string      `json:"kind" enum:"camera,screen,phone"`
	StartedAt  time.Time   `json:"startedAt"`
	DurationMs int64       `json:"durationMs"`
	Segments   []Segment   `json:"segments" nullable:"false" doc:"By time"`
}

// Segment is one WebM file; times count from the recording's start.
type Segment struct {
	Number     int    `json:"number" doc:"Within its part"`
	StartMs    int64  `json:"startMs"`
	DurationMs int64  `json:"durationMs"`
	Size       int64  `json:"size"`
	SHA256     string `json:"sha256"`
	URL        string `json:"url" doc:"Relative to the application's root"`
}

// LogPage is a page of the identification log, newest first.
type LogPage struct {
	Records []LogRecord `json:"records" nullable:"false"`
	Next    string      `json:"next,omitempty" doc:"The cursor of the next page"`
}

// LogRecord is one record of the log.
type LogRecord struct {
	Index     *int64          `json:"index,omitempty" doc:"The leaf in the tree; absent until sealed"`
	ID        uuid.UUID       `json:"id"`
	Type      string          `json:"type"`
	At        time.Time       `json:"at"`
	ExamID    *uuid.UUID      `json:"examId,omitempty"`
	AttemptID *uuid.UUID      `json:"attemptId,omitempty"`
	ExamTitle string          `json:"examTitle,omitempty"`
	Student   string          `json:"student,omitempty"`
	Group     string          `json:"group,omitempty"`
	Outcome   string          `json:"outcome,omitempty"`
	Score     *float64        `json:"score,omitempty"`
	Threshold *float64        `json:"threshold,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	SHA256    string          `json:"sha256" doc:"Of the record's canonical bytes"`
	Body      json.RawMessage `json:"body" doc:"The record as sealed"`
}

// Checkpoint is a signed tree head.
type Checkpoint struct {
	Size     int64     `json:"size"`
	RootHash string    `json:"rootHash" doc:"Base64"`
	Note     string    `json:"note" doc:"The C2SP signed note"`
	Key      string    `json:"key" doc:"The verifier key of the note"`
	At       time.Time `json:"at"`
}

// Health is the state of the service and of what it depends on.
type Health struct {
	Status       string                `json:"status" enum:"ok,degraded"`
	Version      string                `json:"version"`
	Dependencies map[string]Dependency `json:"dependencies"`
}

// Dependency is one of them.
type Dependency struct {
	Status string `json:"status" enum:"ok,failed"`
	Detail string `json:"detail,omitempty"`
	Millis int64  `json:"millis"`
}
