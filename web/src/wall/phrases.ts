export type PhraseLanguage = 'ru' | 'en';

/** What proctors say most; in the student's language, which need not be the page's. */
export const phrases: Record<PhraseLanguage, readonly string[]> = {
  ru: [
    'Пожалуйста, смотрите на экран.',
    'Сядьте так, чтобы лицо было хорошо видно.',
    'Включите свет: вас плохо видно.',
    'Проверьте микрофон: вас не слышно.',
    'Покажите, пожалуйста, стол и комнату вокруг.',
    'Уберите со стола лишние предметы.',
    'Вижу, связь прерывалась. Ничего страшного: время вернём.',
    'Сейчас разберусь и отвечу.',
    'Всё в порядке, продолжайте.',
  ],
  en: [
    'Please look at the screen.',
    'Please sit so that your face is clearly seen.',
    'Please turn on a light: you are hard to see.',
    'Please check your microphone: you cannot be heard.',
    'Please show your desk and the room around you.',
    'Please clear the desk of other things.',
    'Your connection was interrupted. Do not worry: you get the time back.',
    'I am looking into it and will answer.',
    'All is well, please go on.',
  ],
};
