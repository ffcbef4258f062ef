package appeal

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"ochno/proctor/exam"
	"ochno/proctor/mail"
)

// letter is one about an appeal; %NUMBER is the appeal's, %EXAM the exam's title, %NAME the organisation's, %CONTACT how to reach it, %REASON why it
// was decided so.
type letter struct {
	kind   string
	ru, en words
}

type words struct{ subject, text string }

var (
	filedLetter = letter{
		"appeal_filed",
		words{"Апелляция № %NUMBER принята", "Здравствуйте!\n\nМы получили вашу апелляцию № %NUMBER по экзамену «%EXAM». Её рассмотрит сотрудник, который не принимал прежнее решение. Запись и журнал до ответа не удалят.\n\n" +
			"Ход рассмотрения: страница «Моё дело» в «Очно».\n\n%NAME\n%CONTACT"},
		words{"Appeal No. %NUMBER received", "Hello!\n\nWe have received your appeal No. %NUMBER about the exam “%EXAM”. Somebody who did not take the earlier decision will look at it. The recording and the log are kept until the answer.\n\n" +
			"Follow it on the page “My file” in Ochno.\n\n%NAME\n%CONTACT"},
	}
	tryLetter = letter{
		"appeal_try",
		words{"Апелляция № %NUMBER удовлетворена", "Здравствуйте!\n\nВаша апелляция № %NUMBER по экзамену «%EXAM» удовлетворена: вам дали ещё одну попытку идентификации. Откройте ссылку экзамена снова.\n\nРешение:\n\n%REASON\n\n%NAME\n%CONTACT"},
		words{"Appeal No. %NUMBER granted", "Hello!\n\nYour appeal No. %NUMBER about the exam “%EXAM” is granted: you may be identified once more. Open the exam's link again.\n\nThe decision:\n\n%REASON\n\n%NAME\n%CONTACT"},
	}
	annulledLetter = letter{
		"appeal_annulled",
		words{"Апелляция № %NUMBER удовлетворена", "Здравствуйте!\n\nВаша апелляция № %NUMBER по экзамену «%EXAM» удовлетворена: прежнее решение отменено. О дальнейшем сообщит учебная часть.\n\nРешение:\n\n%REASON\n\n%NAME\n%CONTACT"},
		words{"Appeal No. %NUMBER granted", "Hello!\n\nYour appeal No. %NUMBER about the exam “%EXAM” is granted: the earlier decision is void. The registrar's office will tell you what follows.\n\nThe decision:\n\n%REASON\n\n%NAME\n%CONTACT"},
	}
	rejectedLetter = letter{
		"appeal_rejected",
		words{"Апелляция № %NUMBER: ответ", "Здравствуйте!\n\nАпелляция № %NUMBER по экзамену «%EXAM» рассмотрена и отклонена.\n\nРешение:\n\n%REASON\n\nВсе доказательства можно скачать на странице «Моё дело» и проверить без нас.\n\n%NAME\n%CONTACT"},
		words{"Appeal No. %NUMBER: the answer", "Hello!\n\nYour appeal No. %NUMBER about the exam “%EXAM” was looked at and rejected.\n\nThe decision:\n\n%REASON\n\nYou can take all evidence from the page “My file” and check it without us.\n\n%NAME\n%CONTACT"},
	}
)

// send puts a letter into the post, if there is an address.
func (d *Desk) send(ctx context.Context, tx pgx.Tx, a Appeal, j exam.Judgement, l letter) error {
	if a.Email == "" {
		return nil
	}
	var name, contact string
	if err := tx.QueryRow(ctx, `select name, contact from organisation where id = $1`, a.Organisation).Scan(&name, &contact); err != nil {
		return fmt.Errorf("a letter of the organisation: %w", err)
	}
	text := l.ru
	if a.English {
		text = l.en
	}
	fill := strings.NewReplacer("%NUMBER", a.Number, "%EXAM", j.Exam.Title, "%NAME", name, "%CONTACT", contact, "%REASON", a.Reason)
	return d.c.Post.Enqueue(ctx, tx, mail.Message{
		Organisation: a.Organisation, To: a.Email, Kind: l.kind, Subject: fill.Replace(text.subject), Text: strings.TrimSpace(fill.Replace(text.text)) + "\n",
	})
}
