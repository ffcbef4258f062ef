package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/mail"
)

// guardianLetter is a letter about a minor: Russian, then English. {student} is her first name and an initial, as a letter may reach the wrong
// person; {organisation}, {contact}, {link} and {until} are what they say.
type guardianLetter struct{ kind, subject, ru, en string }

var (
	invitationLetter = guardianLetter{
		"guardian_invitation", "Нужно ваше согласие: {organisation}",
		"Здравствуйте!\n\n{student} указал(а) вас как родителя. Чтобы студент младше 18 лет мог сдавать экзамен с подтверждением личности, организация «{organisation}» просит согласия одного из родителей.\n\n" +
			"Откройте ссылку и войдите через Госуслуги (нужна подтверждённая учётная запись):\n{link}\n\nСсылка действует до {until} и только один раз. Прочитайте согласие: его можно дать или отказать, отказ ничем не грозит, студент выберет другую форму экзамена.\n\n" +
			"Если вы не родитель этого студента, ничего не делайте.",
		"{student} named you as a parent. “{organisation}” asks one of the parents to consent. Open the link above and sign in through Gosuslugi. It works once, until {until}. If you are not a parent, do nothing.",
	}
	grantedLetter = guardianLetter{
		"guardian_granted", "Согласие дано: {organisation}",
		"Здравствуйте!\n\nОдин из родителей дал согласие: {student} может сдавать экзамен с подтверждением личности в организации «{organisation}». Любой из родителей может отозвать согласие в любое время:\n{link}",
		"One of the parents has consented for {student}. Either parent may withdraw the consent at any time at the link above.",
	}
	refusedConsentLetter = guardianLetter{
		"guardian_refused", "В согласии отказано: {organisation}",
		"Здравствуйте!\n\nОдин из родителей не дал согласия ({student}, «{organisation}»). Это ничем не грозит: экзамен сдаётся в другой форме. Согласие может дать и другой родитель.",
		"One of the parents did not consent for {student}. Nothing follows from it: the exam takes another form. The other parent may still consent.",
	}
	withdrawnLetter = guardianLetter{
		"guardian_withdrawn", "Согласие отозвано: {organisation}",
		"Здравствуйте!\n\nСогласие отозвано ({student}, «{organisation}»). Обработка данных прекращена, экзамен сдаётся в другой форме. Сделанные записи будут удалены не позднее {until}.",
		"The consent for {student} was withdrawn. Nothing more is done with the data, the exam takes another form, and the recordings are erased by {until}.",
	}
	papersConfirmedLetter = guardianLetter{
		"guardian_papers_confirmed", "Документы проверены: {organisation}",
		"Здравствуйте!\n\nОрганизация «{organisation}» проверила документы: вы родитель ({student}). Войдите через Госуслуги, прочитайте согласие и ответьте:\n{link}",
		"“{organisation}” has looked at your papers: you are known as a parent of {student}. Sign in at the link above to read the consent and answer.",
	}
	papersRefusedLetter = guardianLetter{
		"guardian_papers_refused", "Документы не подтверждены: {organisation}",
		"Здравствуйте!\n\nОрганизация «{organisation}» не смогла подтвердить, что вы родитель ({student}). Обратитесь к ней: {contact}",
		"“{organisation}” could not confirm that you are a parent of {student}. Turn to it: {contact}",
	}
)

// invite sends an invitation's link.
func (g *Guardians) invite(ctx context.Context, tx pgx.Tx, student Person, email, link string, until time.Time) error {
	return g.write(ctx, tx, email, student, invitationLetter, link, until)
}

// tell sends the letter to the student and to all of her parents whose address is known.
func (g *Guardians) tell(ctx context.Context, tx pgx.Tx, student Person, letter guardianLetter) error {
	rows, _ := tx.Query(ctx, `select p.id, p.email_sealed from person p where p.email_sealed is not null
		and (p.id = $1 or p.id in (select guardian_id from guardianship where student_id = $1)) order by p.id`, student.ID)
	return g.writeTo(ctx, tx, rows, student, letter)
}

// TellWithdrawn tells the student and her parents that the consent was withdrawn, within the transaction of the withdrawal.
func (g *Guardians) TellWithdrawn(ctx context.Context, tx pgx.Tx, student Person) error {
	return g.tell(ctx, tx, student, withdrawnLetter)
}

// tellOne sends the letter to one person, where the address is known.
func (g *Guardians) tellOne(ctx context.Context, tx pgx.Tx, to, student Person, letter guardianLetter) error {
	rows, _ := tx.Query(ctx, `select id, email_sealed from person where id = $1 and email_sealed is not null`, to.ID)
	return g.writeTo(ctx, tx, rows, student, letter)
}

// writeTo sends the letter to everybody of the rows: a person's id and sealed address.
func (g *Guardians) writeTo(ctx context.Context, tx pgx.Tx, rows pgx.Rows, student Person, letter guardianLetter) error {
	type addressee struct {
		ID    uuid.UUID
		Email []byte
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[addressee])
	if err != nil {
		return fmt.Errorf("find whom to tell: %w", err)
	}
	for _, to := range list {
		email, err := g.email(to.ID, to.Email)
		if err != nil {
			return err
		}
		if err := g.write(ctx, tx, email, student, letter, g.link(""), g.now().Add(EraseAfter)); err != nil {
			return err
		}
	}
	return nil
}

func (g *Guardians) write(ctx context.Context, tx pgx.Tx, to string, student Person, letter guardianLetter, link string, until time.Time) error {
	var name, contact string
	if err := tx.QueryRow(ctx, `select name, contact from organisation where id = $1`, student.Organisation).Scan(&name, &contact); err != nil {
		return fmt.Errorf("a letter of the organisation: %w", err)
	}
	fill := strings.NewReplacer("{student}", student.Name.Short(), "{organisation}", name, "{contact}", contact, "{link}", link, "{until}", until.In(moscow).Format("02.01.2006"))
	subject := []rune(fill.Replace(letter.subject))
	return g.post.Enqueue(ctx, tx, mail.Message{
		Organisation: student.Organisation, To: to, Kind: letter.kind, Subject: string(subject[:min(len(subject), mail.MaxSubject)]),
		Text: fill.Replace(letter.ru) + "\n\n" + fill.Replace(letter.en) + "\n",
	})
}

// Short is a first name and the initial of the last: «Кира Ф.».
func (n Name) Short() string {
	last := []rune(n.Last)
	return n.First + " " + string(last[:min(1, len(last))]) + "."
}

// KnowAddress keeps a person's e-mail address for letters; empty forgets it.
func (g *Guardians) KnowAddress(ctx context.Context, person uuid.UUID, email string) error {
	var sealed []byte
	if email != "" {
		checked, err := mail.CheckAddress(email)
		if err != nil {
			return err
		}
		sealed = g.sealEmail(person, checked)
	}
	if _, err := g.pool.Exec(ctx, `update person set email_sealed = $2 where id = $1`, person, sealed); err != nil {
		return fmt.Errorf("keep an address: %w", err)
	}
	return nil
}
