package paper

// reasonWords say a record's reason as a paper does; a code that is newer than they are stays as it is.
var reasonWords = map[string]string{
	// of identifications
	"match": "совпадение", "identified": "личность подтверждена", "no_match": "нет совпадения", "below_threshold": "оценка ниже порога",
	"photo_below_threshold": "оценка лица ниже порога", "sound_below_threshold": "оценка голоса ниже порога", "verifier_says_no": "отказ системы проверки",
	"quality": "качества образца недостаточно", "verifier_low_quality": "система проверки сочла качество недостаточным", "no_picture": "нет изображения",
	"empty_picture": "камера закрыта", "no_face": "лица не видно", "several_faces": "в кадре несколько человек", "too_far": "лицо далеко", "too_close": "лицо близко",
	"too_dark": "темно", "too_bright": "слишком ярко", "blurred": "изображение размыто", "uneven_light": "неровный свет", "off_centre": "лицо у края кадра",
	"face_turned": "голова повёрнута", "hold_still": "движение", "voice_silent": "голоса не слышно", "voice_too_quiet": "голос тихий", "voice_clipped": "звук искажён",
	"voice_noisy": "шумно", "voice_too_short": "прочитано меньше цифр", "liveness": "живость не подтверждена", "not_enrolled": "нет биометрии для сравнения",
	"frozen_picture": "изображение не меняется", "looped_picture": "изображение повторяется", "virtual_camera": "виртуальная камера", "odd_frame_rate": "необычная частота кадров",
	"no_camera_noise": "нет шума камеры", "voice_before_digits": "голос раньше цифр", "voice_not_following_digits": "голос не следует за цифрами",
	"mouth_not_moving": "рот не движется", "face_changed": "лицо сменилось", "verifier_unavailable": "система проверки не ответила", "verdict_rejected": "вердикт не принят",
	"interrupted": "прервана", "connection_lost": "связь прервалась", "session_cancelled": "отменена на странице системы проверки", "session_expired": "время вышло",
	"session_failed": "сбой страницы системы проверки",
	// of moves
	"rules": "нарушение правил", "stranger": "посторонний", "request": "по просьбе студента", "technical": "технические причины", "consent_granted": "согласие дано",
	"consent_stands": "согласие действует", "consent_withdrawn": "согласие отозвано", "other_form": "другая форма экзамена", "begun": "начат", "handed_in": "работа сдана",
	"ended_by_proctor": "завершён проктором", "exam_ended": "экзамен окончен", "try_granted": "дана ещё одна попытка", "came_back": "вернулся(ась)", "appeal_granted": "апелляция удовлетворена",
	"manual": "передано сотрудникам", "manual_refused": "сотрудники отказали", "identity_failed": "личность не подтверждена", "identity_settled": "личность установлена",
}
