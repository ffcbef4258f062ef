package ledger

import "time"

// Type names what a record tells of.
type Type string

// The types of record. Their data types follow.
const (
	TypeIdentification Type = "identification"        // Identification
	TypeManual         Type = "manual_identification" // ManualIdentification
	TypeAdmission      Type = "admission"             // Admission
	TypeConsent        Type = "consent"               // Consent
	TypeWithdrawal     Type = "withdrawal"            // Withdrawal
	TypeGuardian       Type = "guardian"              // Guardian
	TypeErasure        Type = "erasure"               // Erasure
	TypeDecline        Type = "decline"               // Decline
	TypeRecordingHead  Type = "recording_head"        // RecordingHead
	TypeLink           Type = "link"                  // Link
	TypeUnlink         Type = "unlink"                // Unlink
	TypeSignIn         Type = "sign_in"               // SignIn
	TypeRequest        Type = "request"               // Request
	TypeStaff          Type = "staff"                 // Staff
	TypeDecision       Type = "decision"              // Decision
	TypeAppeal         Type = "appeal"                // Appeal
	TypeAccess         Type = "access"                // Access
	TypeKeyChange      Type = "key_change"            // KeyChange
	TypeHold           Type = "hold"                  // Hold
	TypePolicyChange   Type = "policy_change"         // PolicyChange
	TypeReceipt        Type = "receipt"               // Receipt
)

// ExamRef names the exam of a record as it was called then.
type ExamRef struct {
	Code  string `json:"code"`
	Title string `json:"title"`
	Group string `json:"group,omitempty"` // the student's group in the roster
}

// Identification is one act of verification within an attempt. Personal fields: student, oid.
// Times in milliseconds count from the recording's start; hashes are SHA-256 in hex.
type Identification struct {
	Exam      ExamRef   `json:"exam"`
	Number    int       `json:"number"`          // 1, 2, … within the attempt
	Kind      string    `json:"kind,omitempty"`  // "again": during the exam; absent: for the admission
	Cause     string    `json:"cause,omitempty"` // of one during the exam: "random", "request" of a proctor, "reconnection", "away", "doubt" after one that failed
	StartedAt time.Time `json:"startedAt"`
	Outcome   string    `json:"outcome"`
	Reason    string    `json:"reason"`
	Challenge string    `json:"challenge,omitempty"` // the challenge's id
	Policy    Policy    `json:"policy"`
	Scores    *Scores   `json:"scores,omitempty"`
	Liveness  *float64  `json:"liveness,omitempty"`
	Session   string    `json:"session,omitempty"` // the verifier's, where it identified on its own page
	Photo     *Photo    `json:"photo,omitempty"`
	Voice     *Voice    `json:"voice,omitempty"`
	Quality   []Measure `json:"quality,omitempty"`
	Flags     []Flag    `json:"flags,omitempty"` // doubts of our own that a living person sat there; those the policy turned off are left out
	Verdict   *Verdict  `json:"verdict,omitempty"`
	Request   string    `json:"request"`  // the request id towards the verifier
	Software  string    `json:"software"` // our version
}

// Policy is what was in force. Fields but the first two are absent in records of earlier versions, which compared both modalities.
type Policy struct {
	Threshold      float64  `json:"threshold"`
	Tries          int      `json:"tries"`
	Modalities     []string `json:"modalities,omitempty"`    // what was compared: "photo", "sound"
	Accommodated   bool     `json:"accommodated,omitzero"`   // the voice was not compared by an accommodation of this student's; the exam's policy compares it
	PhotoThreshold float64  `json:"photoThreshold,omitzero"` // the least score of one modality; absent: the overall score alone counted
	SoundThreshold float64  `json:"soundThreshold,omitzero"`
	Digits         int      `json:"digits,omitzero"`    // length of the challenge that was read aloud; absent: nobody was asked to speak
	Verifier       string   `json:"verifier,omitempty"` // "push": the samples were sent; "session": the browser went to the verifier's page
}

// Scores are 0…1 as the verifier signed them.
type Scores struct {
	Overall float64  `json:"overall"`
	Photo   float64  `json:"photo"`
	Sound   *float64 `json:"sound,omitempty"` // absent: the voice was not compared
}

// Photo tells where the picture came from: the encoded frame is found in the recording at that offset, byte for byte.
type Photo struct {
	Recording   string `json:"recording"`
	OffsetMS    int64  `json:"offsetMs"`
	FrameSHA256 string `json:"frameSha256"`      // the VP8 frame as it arrived
	SHA256      string `json:"sha256,omitempty"` // the picture as it was sent; absent where the verifier took its own
}

// Voice tells where the sound came from.
type Voice struct {
	Recording     string `json:"recording"`
	FromMS        int64  `json:"fromMs"`
	ToMS          int64  `json:"toMs"`
	PacketsSHA256 string `json:"packetsSha256"`    // the Opus packets as they arrived, one after the other
	SHA256        string `json:"sha256"`           // the WAV as it was sent
	VoicedMS      int64  `json:"voicedMs"`         // time of speech
	SNR           int    `json:"snr"`              // signal-to-noise ratio, dB
	LevelDBFS     int    `json:"levelDbfs"`        // mean level of the speech
	Codec         string `json:"codec,omitempty"`  // as it arrived: "opus"
	BitRate       int    `json:"bitRate,omitzero"` // of the packets, bits a second
	// ShownMS is when each digit of the challenge was shown, from the recording's start.
	ShownMS []int64 `json:"shownMs,omitempty"`
}

// Measure is one component of quality by its ISO/IEC 29794-5 name, 0…100, or −1 where it could not be assessed.
type Measure struct {
	Name  string `json:"name"`
	Value int    `json:"value"`
}

// Flag is a doubt by its code: "frozen_picture", "looped_picture", "virtual_camera", "odd_frame_rate", "no_camera_noise", "voice_before_digits",
// "voice_not_following_digits", "mouth_not_moving", "face_changed". A hint, not a finding about a person.
type Flag struct {
	Name       string  `json:"name"`
	Confidence float64 `json:"confidence"` // 0…1, how far beyond its limit the measure was
}

// Verdict is what the verifier signed, verbatim.
type Verdict struct {
	ID     string            `json:"id"` // jti
	Issuer string            `json:"issuer"`
	JWS    string            `json:"jws"`
	Object string            `json:"object"` // its key in the archive
	Engine map[string]string `json:"engine,omitempty"`
	// ReceivedAt is when it came; the record's own time is when it was decided on.
	ReceivedAt *time.Time `json:"receivedAt,omitempty"`
}

// ManualIdentification says that two members of staff compared the student with a document that she showed to the camera, instead of the verifier,
// or that one of them refused to (outcomes confirmed, refused). Personal fields: student, oid; first and second, who confirmed; of a refusal also
// actor, and note, in her words.
type ManualIdentification struct {
	Exam          ExamRef    `json:"exam"`
	Why           string     `json:"why"`                // "verifier_unavailable", "identification_failed", "not_enrolled", "no_sample" or "other"
	StartedAt     time.Time  `json:"startedAt"`          // when staff took over
	Document      string     `json:"document,omitempty"` // its kind, such as "passport"; its number is stored nowhere
	Compared      []string   `json:"compared,omitempty"` // what of it was: "face", "name", "birth_date", "validity"
	FirstAt       *time.Time `json:"firstAt,omitempty"`
	SecondAt      *time.Time `json:"secondAt,omitempty"`
	Recording     string     `json:"recording,omitempty"`     // in which both can be seen to have looked
	FromMS        *int64     `json:"fromMs,omitempty"`        // where the first confirmed
	ToMS          *int64     `json:"toMs,omitempty"`          // where the second did
	Segment       *int       `json:"segment,omitempty"`       // the recording's head at that moment
	SegmentSHA256 string     `json:"segmentSha256,omitempty"` // of that segment's file
	Reason        string     `json:"reason,omitempty"`        // of a refusal: "no_document", "unreadable", "face_differs", "data_differs", "invalid_document", "technical"
	Software      string     `json:"software"`                // our version
}

// Admission says on which identification somebody was let in. Personal fields: student.
type Admission struct {
	Exam           ExamRef `json:"exam"`
	Identification string  `json:"identification"` // the id of the record: an identification's or a manual identification's
}

// Consent is a consent that was granted, or refused, or that an attempt relies on (outcomes granted, refused, stands).
// Personal fields: student, oid; of a minor's also guardian, guardian_oid.
type Consent struct {
	Exam       ExamRef `json:"exam,omitzero"`       // the exam it was asked for
	Consent    string  `json:"consent,omitempty"`   // the consent's id
	By         string  `json:"by,omitempty"`        // "student" or "guardian"
	Authority  string  `json:"authority,omitempty"` // what tells that the guardian is one: "esia" or "papers"
	Version    int     `json:"version"`
	TextSHA256 string  `json:"textSha256"`
}

// Withdrawal is a consent that was taken back. Personal fields: student, oid; of a minor's also guardian, guardian_oid.
type Withdrawal struct {
	Consent    string    `json:"consent"` // the consent's id
	By         string    `json:"by"`      // "student" or "guardian"
	Version    int       `json:"version"`
	TextSHA256 string    `json:"textSha256"`
	EraseBy    time.Time `json:"eraseBy"` // when what was recorded is erased at the latest
}

// Guardian says whether somebody is a minor's parent (outcomes confirmed, refused). Personal fields: student, guardian, guardian_oid; actor, who looked at the papers.
type Guardian struct {
	By string `json:"by"` // what it was seen from: "esia" or "papers"
}

// Erasure says that the key of an attempt's recordings and verdicts was destroyed: no copy of them can be read any more.
type Erasure struct {
	Reason string `json:"reason"` // "consent_withdrawn" or "retention"
}

// Decline says that another form of the exam was chosen; nothing else follows from it. Personal fields: student.
type Decline struct {
	Exam   ExamRef `json:"exam"`
	Reason string  `json:"reason,omitempty"` // "consent_withdrawn"; absent: it was chosen
}

// RecordingHead seals a recording up to a segment: the segment's hash covers the one before it, and so on to the first.
type RecordingHead struct {
	Recording string `json:"recording"`
	Segment   int    `json:"segment"`
	SHA256    string `json:"sha256"` // of the segment's file
	Chain     string `json:"chain"`  // SHA-256 of the previous chain value ‖ this segment's hash
	ToMS      int64  `json:"toMs"`   // where the segment ends, from the recording's start
	Final     bool   `json:"final"`
}

// Link ties an ESIA account to a person of the organisation. Personal fields: person, oid.
type Link struct {
	By string `json:"by"` // what matched: "snils+name", "name+birth_date+document"; "request": staff decided; "person": she did it herself; "group": the organisation's access group at ESIA
}

// Unlink unties an ESIA account from a person of the organisation. Personal fields: person, oid, actor.
type Unlink struct {
	By     string `json:"by"` // "person": she did it herself; "staff"
	Reason string `json:"reason,omitempty"`
}

// SignIn says that somebody signed in, or went on in another role or organisation. The outcome says which: signed_in, role_changed.
// Personal fields: person, oid.
type SignIn struct {
	Method string `json:"method"` // "esia", "oidc", "password"
	Role   string `json:"role"`   // the role in which she acts from now on
}

// Staff is an act on what somebody may do in the organisation, or on how she signs in; the record's person is whom it concerns, none for a
// group. Personal fields: person, actor; without an actor it came from the command line or from ESIA.
type Staff struct {
	What   string `json:"what"`             // see the constants
	Role   string `json:"role,omitempty"`   // the role that is given or taken
	Group  string `json:"group,omitempty"`  // ESIA's access group by which it is
	Reason string `json:"reason,omitempty"` // why ESIA's groups took it: "left_group", "esia_unavailable", "group_unmapped", "unlinked"
}

// What a Staff record is about.
const (
	RoleGiven     = "role_given"
	RoleTaken     = "role_taken"
	LoginIssued   = "login_issued" // or its password was reset
	GroupMapped   = "group_mapped"
	GroupUnmapped = "group_unmapped"

	OrganisationCreated = "organisation_created" // the person is its first administrator
)

// Request is an act on somebody's request (обращение) to the organisation; the record's person is whom the decision concerns.
// Outcomes: filed, added, linked, refused. Personal fields: claimant, oid, actor, reason.
type Request struct {
	Number string `json:"requestNumber"`
	Kind   string `json:"kind"` // "link": the ESIA account matched nobody; "organisation": the needed organisation is missing
}

// Decision is a person's act on an attempt, or one of the exam's policy. Personal fields: student, actor; without an actor the policy decided.
type Decision struct {
	Exam    ExamRef `json:"exam"`
	From    string  `json:"from"`
	To      string  `json:"to"`
	Reason  string  `json:"reason"`
	Act     string  `json:"act,omitempty"`    // of one that moves the attempt nowhere: "warning", "warning_withdrawn", "extra_time", "accommodation" (what is done differently for the student of an exam from then on; why is written down nowhere), "flag_confirmed", "flag_dismissed", "flag_reopened"
	Minutes int     `json:"minutes,omitzero"` // of extra_time; less than 0: taken back. Of an accommodation: by how much her exam ends later, absent: not at all
	NoVoice bool    `json:"noVoice,omitzero"` // of an accommodation: her voice is not compared
}

// Appeal is an act on a student's appeal (апелляция) against a decision on her attempt; who decides is not who took that decision. Outcomes:
// filed, granted, rejected. Personal fields: student; text, as she filed it; reason and actor of the decision.
type Appeal struct {
	Exam   ExamRef `json:"exam"`
	Number string  `json:"appealNumber"`
	Remedy string  `json:"remedy,omitempty"` // of a granted one: "try" (she may be identified again) or "annul" (the contested decision is void)
}

// Access says who viewed, played or exported what. Personal fields: actor.
type Access struct {
	What   string            `json:"what"` // "recording", "live" (large on the proctor's page), "timeline", "identifications", "appeal", "readiness", "log.page", "consents.page" (once an hour each), "log.csv", "consents.csv" and other exports, "log.export" (the file of one that was made apart, once an hour), "package.own"
	Filter map[string]string `json:"filter,omitempty"`
}

// KeyChange is the last record that a key of the log sealed: another key signs from then on. Both are verifier keys of signed notes.
type KeyChange struct {
	Previous string `json:"previous"`
	Key      string `json:"key"`
}

// Hold stops the erasure of what is kept of an attempt, or of a whole exam where the record names no attempt (outcomes placed, lifted).
// Personal fields: reason; actor; without an actor it came from the command line.
type Hold struct {
	Hold string `json:"hold"` // the hold's id
	Kind string `json:"kind"` // "appeal" or "order" (of a court or an authority)
}

// PolicyChange is a change of what the organisation decided about exams or about what is kept how long. Personal fields: actor; without one it came
// from the command line.
type PolicyChange struct {
	What   string `json:"what"`             // "retention", "appeals", "exam" or "organisation"
	Class  string `json:"class"`            // of retention: "recordings", "log", "consents", "requests"; of appeals: "days" for filing, "hold_days" of keeping the evidence after the decision; of an exam and of an organisation: the setting's name
	From   int    `json:"from,omitzero"`    // days until then, the default's where none was set
	To     int    `json:"to,omitzero"`      // days from then on; absent: an exam's own term was taken back, the organisation's stands
	Before string `json:"before,omitempty"` // an exam's setting until then, as JSON; an organisation's as text, never its contact
	After  string `json:"after,omitempty"`  // and from then on
	Reason string `json:"reason,omitempty"`
}

// Receipt says that data were deleted: of an attempt's recordings after their key was destroyed, which the erasure before it tells of; of other
// classes for all that were due.
type Receipt struct {
	Class  string `json:"class"`            // "recordings", "log", "consents", "requests"
	Reason string `json:"reason"`           // "retention" or "consent_withdrawn"
	Count  int64  `json:"count"`            // objects deleted from the store; records, consents or requests emptied
	Copies string `json:"copies,omitempty"` // of recordings "unreadable": no copy or backup of the objects can be read without the key
}
