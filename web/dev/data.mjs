// Invented people and one invented exam for looking at the pages without the server.
import { createHash, randomUUID } from 'node:crypto';

export const sha = (text) => createHash('sha256').update(text).digest('hex');
const minute = 60_000;
export const at = (offsetMs) => new Date(Date.now() + offsetMs).toISOString();

export const people = {
  guest: undefined,
  student: { id: 'p-1', displayName: 'Смирнова Анна Сергеевна', roles: ['student'] },
  proctor: { id: 'p-2', displayName: 'Орлов Пётр Ильич', roles: ['proctor'] },
  registrar: { id: 'p-3', displayName: 'Белова Мария Павловна', roles: ['registrar'] },
};

export const organisation = {
  id: 'o-1',
  name: 'Северный государственный университет',
  shortName: 'СГУ',
};

export const exam = {
  id: 'e-1',
  code: 'LINAL-7',
  title: 'Линейная алгебра и аналитическая геометрия, 2-й семестр',
  organisation,
  actNumber: '214-у',
  actDate: '2026-09-01',
  startsAt: at(-12 * minute),
  endsAt: at(108 * minute),
  contact: 'Дежурный учебной части, +7 (000) 000-00-00, exam@example.test',
  recorded: ['camera', 'microphone'],
};

const paragraphs = [
  'Я даю Северному государственному университету (далее: Университет) согласие на обработку моих персональных данных для проведения экзамена с применением дистанционных технологий.',
  'Состав данных: фамилия, имя, отчество, дата рождения, СНИЛС, сведения об учётной записи в ЕСИА; изображение лица и запись голоса, полученные при идентификации; видеозапись и звукозапись экзамена; результат сверки с Единой биометрической системой.',
  'Действия с данными: сбор, запись, систематизация, хранение, использование, передача оператору Единой биометрической системы для сверки, удаление. Образцы лица и голоса, взятые для сверки, не хранятся: они удаляются сразу после получения ответа.',
  'Видеозапись экзамена хранится 1 год после окончания семестра, сведения об идентификации хранятся 5 лет. Запись доступна проктору экзамена и сотрудникам учебной части; каждый просмотр записывается.',
  'Согласие можно отозвать, направив заявление в учебную часть. Отзыв не влияет на результаты экзамена, завершённого до отзыва.',
  'Мне разъяснено, что я вправе отказаться от идентификации по биометрии и выбрать другую форму экзамена. Отказ не влияет на оценку и не влечёт неблагоприятных последствий.',
];
const body = paragraphs.join('\n\n');
export const consentText = {
  id: 'c-1',
  version: '3 от 01.09.2026',
  title: 'Согласие на обработку персональных и биометрических данных',
  body,
  sha256: sha(body),
};

export function identification(outcome, number = 1, extra = {}) {
  const messages = {
    match: { ru: 'Личность подтверждена.', en: 'Identity confirmed.' },
    no_match: {
      ru: 'Лицо или голос не совпали с образцом в биометрической системе. Сядьте ближе к свету и повторите.',
      en: 'Face or voice did not match.',
    },
    quality: { ru: 'Картинка пустая: откройте шторку камеры.', en: 'The picture is empty.' },
  };
  return {
    id: randomUUID(),
    number,
    at: at(-6 * minute),
    outcome,
    reason: outcome === 'match' ? 'score_above_threshold' : 'score_below_threshold',
    message: messages[outcome] ?? messages.no_match,
    score: outcome === 'match' ? { overall: 0.94, photo: 0.97, sound: 0.9 } : { overall: 0.31, photo: 0.22, sound: 0.58 },
    threshold: 0.75,
    liveness: 0.98,
    quality: [
      { component: 'InterEyeDistance', value: 112 },
      { component: 'Sharpness', value: 87 },
      { component: 'IlluminationUniformity', value: 74 },
    ],
    recordingId: 'r-1',
    offsetMs: 14_200,
    frameSha256: sha('frame'),
    photoSha256: sha('photo'),
    voiceSha256: sha('voice'),
    verdictId: 'vrd-7f3a91',
    logIndex: 1042,
    ...extra,
  };
}

export function attempt(id, displayName, state, extra = {}) {
  return {
    id,
    examId: exam.id,
    exam: { ...exam, attemptId: id },
    student: { displayName, group: 'МТ-21' },
    state,
    stateReason: '',
    consent: { text: consentText, ...(state === 'registered' ? {} : { grantedAt: at(-9 * minute) }) },
    triesLeft: 3,
    triesTotal: 3,
    endsAt: exam.endsAt,
    extraMinutes: 0,
    threshold: 0.75,
    serverTime: at(0),
    ...extra,
  };
}

const names = [
  'Смирнова Анна Сергеевна', 'Кузнецов Илья Андреевич', 'Попова Дарья Олеговна', 'Васильев Егор Романович',
  'Соколова Полина Ивановна', 'Михайлов Артём Денисович', 'Новикова Вероника Львовна', 'Фёдоров Глеб Константинович',
  'Морозова Алиса Тимуровна', 'Волков Марк Евгеньевич', 'Алексеева София Никитична', 'Лебедев Роман Викторович',
  'Семёнова Ксения Павловна', 'Константинопольский Вячеслав Владиславович',
];
const states = [
  'in_progress', 'ready', 'identifying', 'in_progress', 'in_progress', 'identified', 'in_progress', 'registered',
  'in_progress', 'declined', 'in_progress', 'finished', 'terminated', 'in_progress',
];

export function room() {
  const attempts = names.map((name, index) => {
    const state = states[index];
    const extra = {};
    if (['in_progress', 'admitted', 'finished'].includes(state)) extra.lastIdentification = identification('match');
    if (index === 1) Object.assign(extra, { triesLeft: 0, lastIdentification: identification('no_match', 3) });
    if (state === 'terminated') extra.stateReason = 'stranger';
    if (index === 3) extra.call = { reason: 'technical', text: 'Пропал звук, не слышу задание', at: at(-2 * minute) };
    if (index === 4) extra.talk = { last: 3, unreadByStudent: 0, unreadByStaff: 2 };
    if (index === 0) {
      extra.warnings = [
        { id: 'w-1', reason: 'looks_away', at: at(-5 * minute), by: 'Орлов Пётр Ильич' },
        { id: 'w-2', reason: 'noise', text: 'Закройте окно, пожалуйста', at: at(-4 * minute), by: 'Орлов Пётр Ильич', withdrawnAt: at(-3 * minute) },
      ];
      extra.extraMinutes = 15;
      extra.extra = [{ minutes: 15, at: at(-3 * minute), reason: 'technical', by: 'Орлов Пётр Ильич' }];
      extra.talk = { last: 3, unreadByStudent: 1, unreadByStaff: 0 };
      extra.charge = { id: 'p-2', name: 'Орлов Пётр Ильич' };
    }
    if (index === 5) Object.assign(extra, { lastIdentification: identification('match') });
    const connected = !['registered', 'declined', 'finished', 'terminated'].includes(state) && index !== 6;
    return { attempt: attempt(`a-${index + 1}`, name, state, extra), connected };
  });
  return { exam: summary(), attempts };
}

export function summary(extra = {}) {
  return {
    id: exam.id,
    code: exam.code,
    title: exam.title,
    startsAt: exam.startsAt,
    endsAt: exam.endsAt,
    counts: { roster: 14, connected: 9, waiting: 2, admitted: 1, inProgress: 7, finished: 1 },
    ...extra,
  };
}

export const exams = () => [
  summary({ mine: true }),
  summary({ id: 'e-4', code: 'CHEM-2', title: 'Органическая химия', mine: true, startsAt: at(200 * minute), endsAt: at(320 * minute), counts: { roster: 18, connected: 0, waiting: 0, admitted: 0, inProgress: 0, finished: 0 } }),
  summary({
    id: 'e-2', code: 'HIST-3', title: 'История России', startsAt: at(26 * 60 * minute), endsAt: at(28 * 60 * minute),
    counts: { roster: 32, connected: 0, waiting: 0, admitted: 0, inProgress: 0, finished: 0 },
  }),
  summary({
    id: 'e-3', code: 'PHYS-1', title: 'Общая физика: механика и молекулярная физика', startsAt: at(-50 * 60 * minute), endsAt: at(-48 * 60 * minute),
    counts: { roster: 27, connected: 0, waiting: 0, admitted: 0, inProgress: 0, finished: 25 },
  }),
];

export const messages = () => [
  { id: 'm-1', number: 1, toAll: true, fromStudent: false, sender: 'Орлов Пётр Ильич', at: at(-9 * minute), text: 'Экзамен начался. Вопросы можно задать здесь.' },
  { id: 'm-2', number: 2, toAll: false, fromStudent: true, sender: names[0], at: at(-4 * minute), text: 'Здравствуйте! На минуту пропадал интернет, это не страшно?' },
  { id: 'm-3', number: 3, toAll: false, fromStudent: false, sender: 'Орлов Пётр Ильич', at: at(-3 * minute), text: 'Ничего страшного, вернул вам 15 минут.' },
];

export const proctors = () => [
  { id: 'p-2', name: 'Орлов Пётр Ильич', onDuty: true, here: true, students: 1 },
  { id: 'p-5', name: 'Соколова Елена Викторовна', onDuty: false, here: true, students: 0 },
  { id: 'p-6', name: 'Миронов Глеб Алексеевич', onDuty: false, here: false, students: 0 },
];

export const notes = () => [{ id: 'n-1', author: 'Орлов Пётр Ильич', at: at(-6 * minute), text: 'Попросил показать рабочее место, всё чисто.' }];

export function timeline() {
  const start = -7 * minute;
  const event = (offsetMs, lane, kind, detail = {}, actor) => ({
    at: at(start + offsetMs), lane, kind, detail, offsetMs, recordingId: 'r-1', ...(actor ? { actor } : {}),
  });
  const state = (offsetMs, from, to, actor, lane = 'identity') => event(offsetMs, lane, 'state', { from, to, reason: '' }, actor);
  return [
    { at: at(start - 40_000), lane: 'identity', kind: 'state', detail: { from: 'registered', to: 'ready', reason: '' }, actor: names[0] },
    event(600, 'technical', 'connected'),
    state(9_000, 'ready', 'identifying', names[0]),
    event(14_200, 'identity', 'identification', { outcome: 'match', reason: '' }),
    state(14_900, 'identified', 'admitted'),
    state(19_000, 'admitted', 'in_progress', names[0]),
    event(31_000, 'technical', 'connection_lost', { reason: 'timeout' }),
    event(37_000, 'technical', 'connected'),
    { ...event(44_000, 'behaviour', 'looking_away'), until: at(start + 51_000), confidence: 0.8, flag: { id: 'f-1', verdict: '' } },
    { ...event(80_000, 'behaviour', 'several_faces'), flag: { id: 'f-2', verdict: 'confirmed', by: people.proctor.displayName } },
    { ...event(100_000, 'behaviour', 'speech'), flag: { id: 'f-3', verdict: 'dismissed', by: people.proctor.displayName } },
    event(46_000, 'proctor', 'warning', { reason: 'looks_away' }, people.proctor.displayName),
    event(50_000, 'proctor', 'note', { text: 'Попросил показать рабочее место.' }, people.proctor.displayName),
    state(57_000, 'in_progress', 'finished', people.proctor.displayName, 'proctor'),
  ];
}

export function logRecords() {
  const rows = [];
  const types = ['identification', 'consent', 'admission', 'recording_head', 'decline'];
  for (let i = 0; i < 120; i++) {
    const type = types[i % 7 < 5 ? i % 5 : 0];
    const outcome = type === 'identification' ? (i % 4 === 0 ? 'no_match' : 'match') : undefined;
    rows.push({
      index: i === 0 ? null : 1100 - i,
      id: randomUUID(),
      type,
      at: at(-i * 7 * minute),
      examId: 'e-1',
      examTitle: i % 3 === 0 ? 'История России' : exam.title,
      student: names[i % names.length],
      group: 'МТ-21',
      ...(outcome ? { outcome, score: outcome === 'match' ? 0.91 : 0.34, threshold: 0.75, reason: outcome === 'match' ? '' : 'score_below_threshold' } : {}),
      sha256: sha(String(i)),
      body: { version: 1, type, attempt: `a-${i}`, outcome: outcome ?? null, recording: { id: 'r-1', offsetMs: 14200, frameSha256: sha('frame') } },
    });
  }
  return rows;
}

export const checkpoint = () => ({
  size: 1100,
  rootHash: 'q1Zl0b9mJ0Vd3Qn0yEw3kHZ2m5sQJ9cM8m1r7T0xYbA=',
  note: 'ochno/log\n1100\nq1Zl0b9mJ0Vd3Qn0yEw3kHZ2m5sQJ9cM8m1r7T0xYbA=\n\n— ochno/log 8fK2…',
  at: at(-40_000),
});
