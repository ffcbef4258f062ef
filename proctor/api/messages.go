package api

// problemTexts are what people read when a request was refused.
var problemTexts = map[string]Text{
	"internal":               {"На сервере что-то сломалось. Мы уже видим это в журнале; попробуйте ещё раз через минуту.", "Something broke on the server. It is in our log; try again in a minute."},
	"stopping":               {"Сервер перезапускается. Страница подключится сама.", "The server is restarting. The page will reconnect by itself."},
	"bad_request":            {"Запрос составлен неверно.", "The request is not well formed."},
	"too_large":              {"Запрос слишком велик.", "The request is too large."},
	"not_found":              {"Такой страницы или записи нет.", "There is no such page or record."},
	"not_signed_in":          {"Сначала войдите через Госуслуги.", "Sign in through Gosuslugi first."},
	"forbidden":              {"У вас нет прав на это действие.", "You may not do this."},
	"cross_origin":           {"Запрос пришёл с другого сайта и отклонён.", "The request came from another site and was refused."},
	"not_in_roster":          {"Вас нет в списке этого экзамена. Обратитесь к контактному лицу, указанному на странице экзамена.", "You are not in this exam's roster. Turn to the contact given on the exam's page."},
	"account_not_confirmed":  {"Ваша учётная запись Госуслуг не подтверждена. Подтвердите её (банк, МФЦ, центр обслуживания) и войдите снова.", "Your Gosuslugi account is not confirmed. Confirm it (a bank, an MFC office) and sign in again."},
	"person_unknown":         {"С выбранной учётной записью Госуслуг не связан ни один пользователь системы. Обратитесь в организацию.", "No user of the system is linked to this Gosuslugi account. Turn to the organisation."},
	"no_role":                {"Вы есть в системе, но роль вам не назначена. Обратитесь к администратору организации.", "You are known here, but have no role. Turn to the organisation's administrator."},
	"too_many_attempts":      {"Слишком много попыток. Подождите десять минут и повторите.", "Too many attempts. Wait ten minutes and try again."},
	"too_many_requests":      {"Вы уже отправили несколько обращений. Дождитесь ответа организации.", "You have filed several requests already. Wait for the organisation's answer."},
	"bad_form":               {"Проверьте форму: нужны имя и адрес электронной почты, по которому вам ответят.", "Check the form: a name and an e-mail address for the answer are needed."},
	"already_linked":         {"Эта учётная запись уже связана с вами в выбранной организации: просто войдите.", "This account is linked to you in that organisation already: just sign in."},
	"request_decided":        {"По этому обращению уже принято решение. Обновите страницу.", "This request is decided already. Reload the page."},
	"link_taken":             {"Привязать нельзя: этот человек уже связан с другой учётной записью Госуслуг или эта учётная запись уже связана с другим человеком.", "Cannot be linked: this person has another Gosuslugi account, or this account is another person's."},
	"exam_over":              {"Экзамен уже закончился.", "The exam is over."},
	"exam_not_started":       {"Экзамен ещё не начался.", "The exam has not started yet."},
	"illegal_move":           {"Сейчас это действие невозможно: состояние попытки уже другое. Обновите страницу.", "This is not possible now: the attempt has moved on. Reload the page."},
	"consent_needed":         {"Сначала нужно ваше согласие на обработку персональных данных.", "Your consent is needed first."},
	"consent_outdated":       {"Текст согласия изменился. Прочитайте новую редакцию.", "The consent text has changed. Read the new version."},
	"consent_text_invalid":   {"В тексте согласия не хватает обязательных сведений.", "The consent text lacks what the law wants it to say."},
	"no_consent":             {"Действующего согласия нет: отзывать нечего.", "There is no consent in force to withdraw."},
	"guardian_needed":        {"Вам ещё нет 18 лет: нужно согласие одного из родителей.", "You are under 18: one of your parents must consent."},
	"of_age":                 {"Студенту уже исполнилось 18 лет: теперь согласие даёт он сам.", "The student has come of age and consents in person."},
	"no_consent_text":        {"Организация ещё не опубликовала текст согласия. Обратитесь к контактному лицу.", "The organisation has not published its consent text yet. Turn to the contact."},
	"not_connected":          {"Камера и микрофон не подключены к серверу. Дождитесь подключения и повторите.", "Camera and microphone are not connected to the server. Wait for the connection and try again."},
	"no_tries_left":          {"Попытки закончились. Проктор видит это и может дать ещё одну.", "No tries are left. The proctor sees this and may grant another one."},
	"identification_running": {"Идентификация уже идёт, возможно в другой вкладке.", "An identification is already under way, perhaps in another tab."},
	"sdp_refused":            {"Браузер предложил соединение, которое сервер не принимает.", "The browser offered a connection that the server does not accept."},
	"candidate_refused":      {"Сетевой адрес от браузера не принят.", "A network candidate of the browser was refused."},
	"bad_message":            {"Сервер не понял сообщение страницы. Обновите страницу.", "The server did not understand the page's message. Reload the page."},
	"too_many_messages":      {"Слишком много сообщений от страницы.", "Too many messages from the page."},
	"taken_over":             {"Экзамен открыт в другом окне или на другом устройстве.", "The exam was opened in another window or on another device."},
	"roster_changed":         {"Файл или данные изменились после проверки. Проверьте файл ещё раз.", "The file or the data have changed since the check. Check the file again."},
	"roster_broken":          {"В файле есть ошибки; ничего не загружено. Проверьте файл ещё раз и исправьте их.", "The file has problems; nothing was imported. Check it again and mend them."},
	"destroyed":              {"Эти данные уничтожены по окончании срока хранения.", "These data were destroyed at the end of their term."},
	"log_empty":              {"Журнал ещё пуст.", "The log is still empty."},
}

// outcomeTexts are what people read of an identification, by its reason; of reasons not listed, by the outcome's own entry.
var outcomeTexts = map[string]Text{
	"match":                {"Личность подтверждена.", "Your identity is confirmed."},
	"no_match":             {"Проверка не подтвердила личность.", "The check did not confirm your identity."},
	"below_threshold":      {"Лицо и голос не совпали с образцами в единой биометрической системе. Проверьте свет и повторите; если не выйдет, проктор поможет.", "Face and voice do not match the enrolled samples. Check the light and try again; if it fails, the proctor will help."},
	"verifier_says_no":     {"Биометрическая система не подтвердила личность.", "The biometric system did not confirm your identity."},
	"quality":              {"Изображение или звук не подошли для проверки.", "Picture or sound were not good enough to check."},
	"no_picture":           {"Сервер не получает изображение с камеры. Проверьте, что камера не занята другой программой.", "The server gets no picture. Check that no other program uses the camera."},
	"empty_picture":        {"В кадре ничего не видно: камера закрыта или выключена. Откройте шторку камеры и повторите.", "The picture is empty: the camera is covered or off. Open its shutter and try again."},
	"no_face":              {"В кадре не видно лица. Сядьте прямо перед камерой, лицо в овале.", "No face is seen. Sit straight before the camera, your face in the oval."},
	"several_faces":        {"В кадре несколько человек. Останьтесь один.", "Several people are in the picture. Be alone."},
	"too_far":              {"Вы слишком далеко. Подойдите ближе.", "You are too far away. Come closer."},
	"too_close":            {"Вы слишком близко. Отодвиньтесь.", "You are too close. Move back."},
	"too_dark":             {"Слишком темно. Включите свет перед собой.", "It is too dark. Put a light in front of you."},
	"too_bright":           {"Слишком ярко. Уберите яркий свет.", "It is too bright. Remove the strong light."},
	"blurred":              {"Изображение размыто. Протрите камеру и не двигайтесь.", "The picture is blurred. Wipe the lens and keep still."},
	"uneven_light":         {"Свет падает неровно. Повернитесь к окну или лампе лицом.", "The light is uneven. Face the window or the lamp."},
	"off_centre":           {"Лицо у края кадра. Сядьте посередине.", "Your face is at the edge. Sit in the middle."},
	"face_turned":          {"Голова наклонена. Смотрите прямо в камеру.", "Your head is tilted. Look straight into the camera."},
	"hold_still":           {"Не двигайтесь.", "Keep still."},
	"voice_silent":         {"Голоса не слышно: микрофон выключен или выбран другой. Проверьте его и повторите.", "No voice is heard: the microphone is off or another one is chosen. Check it and try again."},
	"voice_too_quiet":      {"Голос слишком тихий. Говорите громче, ближе к микрофону.", "The voice is too quiet. Speak up, closer to the microphone."},
	"voice_clipped":        {"Звук слишком громкий и искажён. Отодвиньтесь от микрофона.", "The sound is too loud and distorted. Move away from the microphone."},
	"voice_noisy":          {"Слишком шумно. Закройте окно, выключите музыку и повторите.", "It is too noisy. Close the window, switch off music and try again."},
	"voice_too_short":      {"Услышали меньше цифр, чем нужно. Прочитайте все цифры вслух.", "Less was heard than was asked for. Read all digits aloud."},
	"verifier_low_quality": {"Биометрической системе не хватило качества образца. Проверьте свет и звук и повторите.", "The biometric system needs a better sample. Check light and sound and try again."},
	"liveness":             {"Биометрическая система не уверена, что перед камерой живой человек.", "The biometric system is not sure that a living person is before the camera."},
	"not_enrolled":         {"Вас нет в единой биометрической системе. Зарегистрируйтесь (банк, приложение «Госуслуги Биометрия») или выберите другую форму экзамена.", "You are not enrolled in the biometric system. Enrol (a bank, the Gosuslugi Biometrics app) or choose another form of the exam."},
	"verifier_unavailable": {"Биометрическая система не отвечает. Это не ваша вина, попытка не потрачена: подождите и повторите.", "The biometric system does not answer. It is not your fault and no try was used: wait and try again."},
	"verdict_rejected":     {"Ответ биометрической системы не прошёл проверку подлинности и не принят. Попытка не потрачена.", "The biometric system's answer failed our check and was not accepted. No try was used."},
	"interrupted":          {"Проверка прервалась. Попытка не потрачена: повторите.", "The check was interrupted. No try was used: try again."},
	"connection_lost":      {"Связь прервалась во время проверки. Попытка не потрачена: повторите.", "The connection broke during the check. No try was used: try again."},
}

// outcomeText is the sentence for a reason, or for its outcome.
func outcomeText(outcome, reason string) Text {
	if text, ok := outcomeTexts[reason]; ok {
		return text
	}
	return outcomeTexts[outcome]
}
