package account

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"ochno/proctor/mail"
)

// letterText is a letter about a request in one language; %NUMBER is the request's, %NAME the organisation's, %CONTACT how to reach it, %REASON
// why it was refused.
type letterText struct{ subject, text string }

type letterKind struct {
	kind   string
	ru, en letterText
}

var (
	receivedLetter = letterKind{
		"request_received",
		letterText{"Обращение № %NUMBER принято", "Здравствуйте!\n\nМы получили ваше обращение № %NUMBER в организацию «%NAME» о входе в систему «Очно». Сотрудник сверит данные и ответит на этот адрес.\n\n" +
			"Если вы этого не писали, просто не отвечайте: без входа через Госуслуги сделать с обращением ничего нельзя.\n\n%CONTACT"},
		letterText{"Request No. %NUMBER received", "Hello!\n\nWe have received your request No. %NUMBER to “%NAME” about signing in to Ochno. A member of staff will compare the data and answer to this address.\n\n" +
			"If you did not write it, there is nothing to do: without signing in through Gosuslugi nothing can be done with it.\n\n%CONTACT"},
	}
	linkedLetter = letterKind{
		"request_linked",
		letterText{"Обращение № %NUMBER: учётная запись привязана", "Здравствуйте!\n\nПо обращению № %NUMBER организация «%NAME» привязала вашу учётную запись Госуслуг. Войдите в «Очно» через Госуслуги ещё раз.\n\n%CONTACT"},
		letterText{"Request No. %NUMBER: the account is linked", "Hello!\n\nOn your request No. %NUMBER “%NAME” has linked your Gosuslugi account. Sign in to Ochno through Gosuslugi again.\n\n%CONTACT"},
	}
	refusedLetter = letterKind{
		"request_refused",
		letterText{"Обращение № %NUMBER: ответ", "Здравствуйте!\n\nОрганизация «%NAME» рассмотрела обращение № %NUMBER и не привязала учётную запись. Причина:\n\n%REASON\n\nЕсли причина устранена, отправьте обращение ещё раз.\n\n%CONTACT"},
		letterText{"Request No. %NUMBER: the answer", "Hello!\n\n“%NAME” has looked at your request No. %NUMBER and did not link the account. The reason:\n\n%REASON\n\nOnce the reason is gone, file the request again.\n\n%CONTACT"},
	}
)

// send puts a letter about the request into the post.
func (d *Desk) send(ctx context.Context, tx pgx.Tx, r Request, kind letterKind) error {
	var name, contact string
	if err := tx.QueryRow(ctx, `select name, contact from organisation where id = $1`, r.Organisation).Scan(&name, &contact); err != nil {
		return fmt.Errorf("a letter of the organisation: %w", err)
	}
	form, text := r.Last(), kind.ru
	if form.English {
		text = kind.en
	}
	fill := strings.NewReplacer("%NUMBER", r.Number, "%NAME", name, "%CONTACT", contact, "%REASON", r.Reason)
	return d.post.Enqueue(ctx, tx, mail.Message{
		Organisation: r.Organisation, To: form.Email, Kind: kind.kind, Subject: fill.Replace(text.subject), Text: strings.TrimSpace(fill.Replace(text.text)) + "\n",
	})
}
