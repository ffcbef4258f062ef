package paper

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/google/uuid"

	"ochno/proctor/ledger"
)

// Protocol is «Протокол идентификации» of one student's attempt: what the log says of it, without a picture.
type Protocol struct {
	Organisation string
	Act          string
	Exam         ledger.ExamRef
	Student      string // empty: erased
	Attempt      uuid.UUID
	Tries        []ledger.Identification
	Steps        []Step
	Recordings   []Recording
	Checkpoint   ledger.Checkpoint
	Key          string
	At           time.Time
	Zone         *time.Location
}

// Step is a record of the attempt, in the order of the log.
type Step struct {
	At   time.Time
	Leaf int64
	What string // in words
	By   string // who decided, where a person did and is not erased
	ID   uuid.UUID
}

// Recording is what the log sealed last of a recording.
type Recording struct {
	ID      string
	Segment int
	ToMS    int64
	SHA256  string // of that segment's file
	Chain   string
	Final   bool
}

// maxSteps bounds a protocol; an attempt has some dozens of records.
const maxSteps = 2000

// CollectProtocol reads what the sealed records under the checkpoint say of an attempt.
func CollectProtocol(ctx context.Context, log *ledger.Log, attempt uuid.UUID, c ledger.Checkpoint) (Protocol, error) {
	p := Protocol{Attempt: attempt, Checkpoint: c}
	heads := map[string]int{}
	err := log.Each(ctx, ledger.Filter{Attempt: attempt}, func(r ledger.Row) error {
		if r.Leaf == nil || *r.Leaf >= c.Size {
			return nil
		}
		if len(p.Steps) == maxSteps {
			return fmt.Errorf("the attempt has more than %d records: too many for a protocol", maxSteps)
		}
		if r.Type == ledger.TypeRecordingHead {
			var d ledger.RecordingHead
			if err := r.Data(&d); err != nil {
				return err
			}
			at, ok := heads[d.Recording]
			if !ok {
				at = len(p.Recordings)
				heads[d.Recording] = at
				p.Recordings = append(p.Recordings, Recording{})
			}
			p.Recordings[at] = Recording{ID: d.Recording, Segment: d.Segment, ToMS: d.ToMS, SHA256: d.SHA256, Chain: d.Chain, Final: d.Final}
			return nil
		}
		var d ledger.Identification // has the exam, as the others have
		if err := r.Data(&d); err != nil {
			return err
		}
		if d.Exam.Code != "" {
			p.Exam = d.Exam
		}
		if name := r.Personal["student"]; name != "" {
			p.Student = name
		}
		if r.Type == ledger.TypeIdentification {
			p.Tries = append(p.Tries, d)
		}
		what, err := words(r)
		if err != nil || what == "" {
			return err
		}
		p.Steps = append(p.Steps, Step{At: r.At, Leaf: *r.Leaf, What: what, By: r.Personal["actor"], ID: r.ID})
		return nil
	})
	return p, err
}

// words say what a record is about; nothing for what says nothing of the identification, as who looked at it.
func words(r ledger.Row) (string, error) {
	switch r.Type {
	case ledger.TypeIdentification:
		var d ledger.Identification
		err := r.Data(&d)
		what := "Идентификация"
		if d.Kind == "again" {
			what = "Повторная идентификация"
		}
		return fmt.Sprintf("%s № %d: %s", what, d.Number, outcomeText(d.Outcome)), err
	case ledger.TypeManual:
		return manualText(r)
	case ledger.TypeAdmission:
		return "Допуск к экзамену по результату идентификации", nil
	case ledger.TypeConsent:
		var d ledger.Consent
		err := r.Data(&d)
		what := map[string]string{"granted": "Согласие дано", "refused": "Согласия нет", "stands": "Действует данное ранее согласие"}[r.Outcome]
		if what == "" {
			what = "Согласие: " + r.Outcome
		}
		return fmt.Sprintf("%s (текст, версия %d)", what, d.Version), err
	case ledger.TypeWithdrawal:
		return "Согласие отозвано", nil
	case ledger.TypeDecline:
		return "Выбрана другая форма экзамена", nil
	case ledger.TypeErasure:
		return "Ключ видеозаписей и вердиктов уничтожен", nil
	case ledger.TypeDecision:
		var d ledger.Decision
		err := r.Data(&d)
		who := "Решение сотрудника"
		if r.Personal["student"] != "" && r.Personal["actor"] == "" { // erased values say nothing
			who = "Решение по правилам экзамена"
		}
		if d.Act != "" {
			return who + ": " + actText(d), err
		}
		what := who + ": " + stateText(d.From) + " → " + stateText(d.To)
		if d.Reason != "" {
			what += " (" + named(d.Reason, reasonWords) + ")"
		}
		return what, err
	}
	return "", nil
}

// actText is a decision that moved the attempt nowhere.
func actText(d ledger.Decision) string {
	if d.Act == "extra_time" && d.Minutes < 0 {
		return fmt.Sprintf("дополнительное время отменено: %d мин.", -d.Minutes)
	}
	if d.Act == "extra_time" {
		return fmt.Sprintf("дано дополнительное время: %d мин. (%s)", d.Minutes, named(d.Reason, map[string]string{
			"technical": "технический сбой", "accommodation": "особые условия", "interruption": "экзамен прерывался", "other": "иная причина",
		}))
	}
	if d.Act == "accommodation" {
		var parts []string
		if d.NoVoice {
			parts = append(parts, "без голоса")
		}
		if d.Minutes > 0 {
			parts = append(parts, fmt.Sprintf("больше времени: +%d мин.", d.Minutes))
		}
		if len(parts) == 0 {
			return "особые условия отменены"
		}
		return "особые условия: " + strings.Join(parts, ", ")
	}
	return named(d.Act, map[string]string{
		"warning": "предупреждение", "warning_withdrawn": "предупреждение отозвано", "flag_confirmed": "отметка системы подтверждена", "flag_dismissed": "отметка системы отклонена", "flag_reopened": "отметка системы снова не рассмотрена",
	}) + " (" + named(d.Reason, map[string]string{
		"looks_away": "смотрит в сторону", "talks": "разговаривает", "another_person": "посторонний в кадре", "device": "посторонний предмет", "leaves_frame": "выходит из кадра",
		"noise": "посторонний шум", "other": "иное",
	}) + ")"
}

// manualText names both members of staff, what they saw and why the verifier did not identify.
func manualText(r ledger.Row) (string, error) {
	var d ledger.ManualIdentification
	if err := r.Data(&d); err != nil {
		return "", err
	}
	why := named(d.Why, map[string]string{
		"verifier_unavailable": "система проверки не отвечает", "identification_failed": "биометрия не подтвердила личность", "not_enrolled": "нет биометрии для сравнения",
		"no_sample": "образец взять нельзя", "other": "иная",
	})
	if r.Outcome != "confirmed" {
		return fmt.Sprintf("Идентификация сотрудниками: отказано (причина перехода: %s; основание отказа: %s)", why, named(d.Reason, map[string]string{
			"no_document": "документ не показан", "unreadable": "документ не читается", "face_differs": "лицо не совпадает", "data_differs": "данные не совпадают",
			"invalid_document": "документ недействителен", "technical": "технические причины",
		})), nil
	}
	who := "двумя сотрудниками"
	if r.Personal["first"] != "" && r.Personal["second"] != "" {
		who = r.Personal["first"] + " и " + r.Personal["second"]
	}
	place := ""
	if d.ToMS != nil {
		place = fmt.Sprintf("; запись %s, %s", d.Recording, clock(*d.ToMS))
	}
	return fmt.Sprintf("Личность подтвердили по документу %s: %s; причина: %s%s", who, named(d.Document, map[string]string{
		"passport": "паспорт", "foreign_passport": "заграничный паспорт", "residence_permit": "вид на жительство",
		"temporary_identity_card": "временное удостоверение личности", "military_card": "военный билет", "student_card": "студенческий билет",
	}), why, place), nil
}

// named gives a code's words; one that is newer than they are stays as it is.
func named(code string, words map[string]string) string {
	if text, ok := words[code]; ok {
		return text
	}
	return code
}

// outcomeText and stateText leave a code that is newer than they are as it is.
func outcomeText(code string) string {
	if text := map[string]string{
		"match": "личность подтверждена", "no_match": "личность не подтверждена", "quality": "качества образца недостаточно",
		"liveness": "живость не подтверждена", "not_enrolled": "нет биометрии для сравнения", "verifier_unavailable": "система проверки не ответила",
		"verdict_rejected": "вердикт не принят", "interrupted": "прервана",
	}[code]; text != "" {
		return text
	}
	return code
}

func stateText(code string) string {
	if text := map[string]string{
		"registered": "зарегистрирован(а)", "ready": "готов(а)", "identifying": "идентификация", "manual_identification": "идентификация сотрудниками",
		"identified": "личность подтверждена", "admitted": "допущен(а)", "in_progress": "на экзамене", "paused": "приостановлен", "finished": "завершил(а)", "terminated": "прекращён", "declined": "другая форма", "expired": "не явился(ась)",
	}[code]; text != "" {
		return text
	}
	return code
}

const portraitWidth = 210 - 2*margin

// Write renders the protocol as PDF.
func (p Protocol) Write(w io.Writer) error {
	zone := p.Zone
	if zone == nil {
		zone = time.UTC
	}
	f := newPDF("P", "Протокол идентификации", p.At)
	f.SetAutoPageBreak(true, 18)
	f.SetFooterFunc(func() {
		f.SetY(-12)
		f.SetFont("go", "", 8)
		f.CellFormat(portraitWidth-40, 4, fmt.Sprintf("Попытка %s. Контрольная точка журнала: %d записей.", p.Attempt, p.Checkpoint.Size), "", 0, "L", false, 0, "")
		f.CellFormat(40, 4, fmt.Sprintf("Страница %d из {pages}", f.PageNo()), "", 0, "R", false, 0, "")
	})
	f.AddPage()
	centred := func(style string, size, line float64, text string) {
		if text != "" {
			f.SetFont("go", style, size)
			f.MultiCell(portraitWidth, line, printable(text), "", "C", false)
		}
	}
	centred("", 11, 5.5, p.Organisation)
	f.Ln(2)
	centred("B", 14, 7, "Протокол идентификации")
	centred("", 10, 5, p.Act)
	centred("", 10, 5, "Составлен "+p.At.In(zone).Format("02.01.2006 15:04:05 -07:00"))
	f.Ln(3)
	student := p.Student
	if student == "" {
		student = "(данные удалены)"
	}
	fact(f, "Студент", student)
	fact(f, "Группа", p.Exam.Group)
	fact(f, "Экзамен", fmt.Sprintf("%s (%s)", p.Exam.Title, p.Exam.Code))
	fact(f, "Попытка", p.Attempt.String())

	heading(f, "Идентификации")
	if len(p.Tries) == 0 {
		plain(f, "Идентификаций не было.")
	}
	for _, d := range p.Tries {
		p.try(f, d, zone)
	}
	heading(f, "Ход и решения")
	if len(p.Steps) == 0 {
		plain(f, "Под этой контрольной точкой записей о попытке нет.")
	}
	for _, s := range p.Steps {
		text := fmt.Sprintf("%s — %s.", s.At.In(zone).Format("02.01.2006 15:04:05"), s.What)
		if s.By != "" {
			text += " " + s.By + "."
		}
		plain(f, text)
		small(f, fmt.Sprintf("лист журнала %d, запись %s", s.Leaf, s.ID))
	}
	heading(f, "Видеозаписи")
	if len(p.Recordings) == 0 {
		plain(f, "Запечатанных видеозаписей нет.")
	}
	for _, r := range p.Recordings {
		until := "до " + clock(r.ToMS)
		if r.Final {
			until = "целиком, " + clock(r.ToMS)
		}
		plain(f, fmt.Sprintf("Запись %s, запечатана %s, последний сегмент %d.", r.ID, until, r.Segment))
		small(f, "SHA-256 сегмента "+r.SHA256)
		small(f, "цепочка "+r.Chain)
	}
	if f.GetY() > 297-18-62 {
		f.AddPage()
	}
	f.Ln(8)
	f.SetFont("go", "", 10)
	f.CellFormat(portraitWidth, 9, "Сотрудник учебной части ____________________ / ____________________ /   «____» __________ 20____ г.", "", 1, "L", false, 0, "")
	if err := proof(f, p.Checkpoint, p.Key, portraitWidth); err != nil {
		return err
	}
	if err := f.Output(w); err != nil {
		return fmt.Errorf("PDF: %w", err)
	}
	return nil
}

// try prints one identification: when, how sure, by which rule, and where in the recording its sample stands.
func (p Protocol) try(f *fpdf.Fpdf, d ledger.Identification, zone *time.Location) {
	f.SetFont("go", "B", 10)
	f.MultiCell(portraitWidth, 5.5, printable(fmt.Sprintf("№ %d. %s — %s", d.Number, d.StartedAt.In(zone).Format("02.01.2006 15:04:05"), outcomeText(d.Outcome))), "", "L", false)
	text := fmt.Sprintf("Порог %s, попыток %d.", decimal(d.Policy.Threshold), d.Policy.Tries)
	if d.Policy.Accommodated {
		text += " Голос не сравнивался: особые условия студента."
	}
	if d.Scores != nil {
		sound := "не сравнивался"
		if d.Scores.Sound != nil {
			sound = decimal(*d.Scores.Sound)
		}
		text = fmt.Sprintf("Оценки: общая %s, лицо %s, голос %s. %s", decimal(d.Scores.Overall), decimal(d.Scores.Photo), sound, text)
	}
	if d.Liveness != nil {
		text += " Живость " + decimal(*d.Liveness) + "."
	}
	if d.Reason != "" {
		text += " Основание: " + named(d.Reason, reasonWords) + "."
	}
	plain(f, text)
	if d.Photo != nil {
		small(f, fmt.Sprintf("фото: запись %s, %s от начала; SHA-256 кадра %s, снимка %s", d.Photo.Recording, clock(d.Photo.OffsetMS), d.Photo.FrameSHA256, d.Photo.SHA256))
	}
	if d.Voice != nil {
		small(f, fmt.Sprintf("голос: запись %s, %s–%s; SHA-256 %s", d.Voice.Recording, clock(d.Voice.FromMS), clock(d.Voice.ToMS), d.Voice.SHA256))
	}
	if d.Verdict != nil {
		small(f, fmt.Sprintf("вердикт %s, %s; запрос %s", d.Verdict.ID, d.Verdict.Issuer, d.Request))
	}
	f.Ln(1.5)
}

func heading(f *fpdf.Fpdf, text string) {
	f.Ln(3)
	f.SetFont("go", "B", 11)
	f.CellFormat(portraitWidth, 6.5, text, "B", 1, "L", false, 0, "")
	f.Ln(1.5)
}

func fact(f *fpdf.Fpdf, name, value string) {
	if value == "" {
		return
	}
	f.SetFont("go", "", 10)
	f.CellFormat(28, 5.5, name, "", 0, "L", false, 0, "")
	f.MultiCell(portraitWidth-28, 5.5, printable(value), "", "L", false)
}

func plain(f *fpdf.Fpdf, text string) {
	f.SetFont("go", "", 9.5)
	f.MultiCell(portraitWidth, 5, printable(text), "", "L", false)
}

func small(f *fpdf.Fpdf, text string) {
	f.SetFont("go", "", 7.5)
	f.SetTextColor(90, 90, 90)
	f.MultiCell(portraitWidth, 3.8, printable(text), "", "L", false)
	f.SetTextColor(0, 0, 0)
}

func decimal(v float64) string {
	return strings.Replace(strconv.FormatFloat(v, 'f', -1, 64), ".", ",", 1)
}

// clock shows milliseconds of a recording as a player does.
func clock(ms int64) string {
	return fmt.Sprintf("%d:%02d:%02d,%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}
