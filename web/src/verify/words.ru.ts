import type { Mismatched } from './finding';
import type { Report } from './report';
import type { Words } from './words';

/** Russian. */
export const ru: Words = {
  lang: 'ru',
  title: 'Проверка пакета журнала',
  lead: 'Выберите пакет журнала идентификации, который выдала учебная часть. Файл остаётся на этом устройстве: у страницы совсем нет сети, её можно сохранить и открыть с диска.',
  choose: 'Выбрать пакет (ZIP)',
  drop: 'или перетащите его сюда',
  key: 'Открытый ключ журнала',
  keyHint: 'Как его публикует университет. Без него всё проверяется по ключу из пакета, и страница его покажет.',
  earlier: 'Сохранённая контрольная точка',
  earlierHint: 'С ведомости или из письма, целиком, с подписью. Для пакета всего журнала страница докажет, что с тех пор в записях до неё ничего не изменили.',
  again: 'Проверить ещё раз',
  checking: 'Проверяем…',
  progress: (done, of) => `${done.toLocaleString('ru')} из ${of.toLocaleString('ru')} записей`,
  good: 'Всё сходится',
  bad: 'Этот пакет не доказывает того, что в нём сказано',
  badLead: 'Что не сходится:',
  more: (n) => `… и ещё ${n.toLocaleString('ru')}`,
  broken: 'Файл не удалось прочитать. Может быть, его переместили или удалили?',
  insecure: 'Страница открыта по http без шифрования: браузер не даёт ей криптографию. Сохраните её и откройте с диска или откройте по https.',
  noEd25519: 'Этот браузер не умеет проверять подписи Ed25519, поэтому пакет в нём проверить нельзя. Подойдут Chrome, Edge и Яндекс Браузер на основе Chromium 137, Firefox 129, Safari 17 и новее или программа: ochno log verify.',
  other: 'English',
  line: (n) => `строка ${n}`,
  record: (id) => `запись ${id}`,
  proved(r: Report): string[] {
    const m = r.manifest;
    if (m === undefined) return [];
    const n = (value: number) => value.toLocaleString('ru');
    const out = [
      m.whole
        ? `В пакете весь журнал «${m.origin}», все записи по порядку: ${n(r.records)}. Со времени подписи контрольной точки ни одну не изменили, не добавили, не убрали и не переставили.`
        : `Записей проверено: ${n(r.records)}. Каждая стоит без изменений в журнале «${m.origin}», где на момент подписи контрольной точки записей было ${n(m.size)}.`,
    ];
    if (r.values > 0) out.push(`Персональные данные — те самые, что были запечатаны с записями: ${n(r.values)}.`);
    if (r.segments > 0) out.push(`Хеши сегментов видеозаписей — те, что запечатал журнал: ${n(r.segments)}.${r.recorded === 0 ? ' Файл записи сравните с его SHA-256 в segments.jsonl.' : ''}`);
    if (r.recorded > 0) out.push(`Файлы видеозаписей лежат в пакете без изменений: ${n(r.recorded)} (${n(Math.round(r.recordedBytes / 1e6))} МБ). Их играет любой браузер, они в папке recordings.`);
    if (r.earlier) out.push('Журнал начинается с тех самых записей, которые подписала ваша контрольная точка.');
    if (r.succeeded) out.push('Подписано ключом, который сменил указанный вами; каждая смена подписана обоими ключами.');
    else if (r.pinned) out.push('Подписано ключом, который вы указали.');
    return out;
  },
  notes(r: Report): string[] {
    const m = r.manifest;
    if (m === undefined) return [];
    const out: string[] = [];
    if (m.erased > 0) out.push(`Записей, персональные данные которых удалены или не вошли в этот пакет (есть только хеши с солью): ${m.erased.toLocaleString('ru')}. Остальное в этих записях доказано.`);
    if (r.unsealed > 0) out.push(`Сегментов записано после последней печати: ${r.unsealed.toLocaleString('ru')}. О них ничего не доказано.`);
    if (!m.whole) out.push(`Это выборка, подписана ${m.madeAt}. Что подходящих записей в ней не пропустили — слово того, кто её составил; доказывает это пакет всего журнала.`);
    if (!r.pinned) out.push('Ключ взят из самого пакета. Сравните его с тем, который публикует университет.');
    return out;
  },
  factKey: 'Ключ',
  factMade: 'Составлен',
  factTypes: 'Записи по видам',
  factSelection: 'Выборка',
  what(m: Mismatched): string {
    switch (m.code) {
      case 'notZip': return 'это не целый файл ZIP: он обрезан или это что-то другое';
      case 'directoryTooLarge': return 'это не пакет: у него слишком большое оглавление';
      case 'overlap': return 'файлы в нём накладываются друг на друга или больше самого пакета';
      case 'unknownFile': return `«${m.name}» не может быть в пакете`;
      case 'doubled': return `${m.name} стоит дважды`;
      case 'compressed': return `${m.name} сжат: в пакете файлы лежат как есть`;
      case 'encrypted': return `${m.name} зашифрован`;
      case 'tooLarge': return `${m.name} слишком большой`;
      case 'missingFile': return `нет в пакете: ${m.name}`;
      case 'unreadable': return `${m.name} не читается`;
      case 'notAKey': return 'это не открытый ключ журнала';
      case 'notANote': return 'это не подписанный текст';
      case 'notSigned': return 'нет подписи ключом журнала';
      case 'notACheckpoint': return 'это не контрольная точка';
      case 'keyChangedToOther': return 'ключ журнала сменился не на тот, что в log-key.pub';
      case 'badKeyChange': return `смена ключа № ${m.line} не подписана обоими ключами или не продолжает предыдущую`;
      case 'otherKey': return `по словам пакета, он подписан ключом ${m.is}, вы доверяете ${m.want}`;
      case 'otherOrigin': return `это журнал «${m.is}», а ключ — журнала «${m.want}»`;
      case 'badManifest': return 'опись пакета не читается';
      case 'unknownFormat': return `формат «${m.is}» этой странице неизвестен`;
      case 'manifestChanged': return 'опись изменили после подписи';
      case 'otherSize': return `контрольная точка подписывает дерево из ${m.is} записей, а пакет составлен для ${m.want}: она другая`;
      case 'earlierUnsigned': return 'указанная вами контрольная точка не читается или не подписана ключом, который тогда действовал';
      case 'fileRemoved': return 'файл убрали из пакета';
      case 'fileAdded': return 'файл добавили в пакет';
      case 'fileChanged': return 'файл изменили после подписи пакета';
      case 'fileUnfit': return 'наличие файла расходится с описью';
      case 'leavesLength': return `байтов ${m.is}; дереву из ${m.size} записей нужно ${m.want}`;
      case 'otherRoot': return `у этих листьев не тот корень, который подписала контрольная точка из ${m.size} записей: лист изменили, добавили, убрали или переставили`;
      case 'builtAnew': return `первые записи журнала (${m.size}) — не те, что подписала ваша контрольная точка: журнал построен заново`;
      case 'cutOff': return `ваша контрольная точка подписала записей: ${m.earlier}, а эта — ${m.size}: записи отрезаны или пакет старше`;
      case 'earlierNeedsWhole': return `выборку нельзя сверить с контрольной точкой другого размера (${m.size}): попросите пакет всего журнала`;
      case 'badLine': return 'строка не по формату';
      case 'cutLine': return 'файл кончается посреди строки: он обрезан';
      case 'longLine': return 'слишком длинная строка';
      case 'added': return 'такой записи здесь в журнале нет: её добавили';
      case 'nobodysValues': return 'этим персональным данным не соответствует ни одна запись пакета, или порядок нарушен';
      case 'noValuesSealed': return 'с этой записью персональные данные не запечатывались';
      case 'swapped': return `эта запись и следующая поменялись местами: это листья ${m.first} и ${m.second} журнала`;
      case 'changed': return `запись изменили: это не лист ${m.leaf}, каким его запечатал журнал`;
      case 'removed': return `отсюда убрали лист ${m.leaf} журнала`;
      case 'valuesRemoved': return `её персональные данные (лист ${m.leaf}) убрали из personal.jsonl`;
      case 'unproved': return `лист ${m.leaf} не доказывается контрольной точкой`;
      case 'proofOrder': return `лист ${m.leaf} стоит после листа ${m.last}: порядок доказательств нарушен`;
      case 'valuesDiffer': return m.field === '' ? 'персональные данные не те, что были запечатаны: поля добавили или переставили' : `персональные данные не те, что были запечатаны: поле «${m.field}» изменили или убрали`;
      case 'recordCount': return `записей ${m.is}, а пакет подписан с ${m.want}`;
      case 'erasedCount': return `удалёнными названы персональные данные записей: ${m.is}, а пакет подписан с ${m.want}`;
      case 'segmentCount': return `сегментов ${m.is}, а пакет подписан с ${m.want}`;
      case 'badHead': return 'запись о видео не читается';
      case 'segmentOrder': return 'сегмент стоит не по порядку';
      case 'unsealedRecording': return 'записи пакета не запечатывали такого видео, или его сегменты стоят порознь';
      case 'recordedAdded': return 'файл добавили в пакет: segments.jsonl его не называет';
      case 'recordedElsewhere': return `файл сегмента ${m.segment} видеозаписи ${m.recording} назван не там, где может быть`;
      case 'recordedRemoved': return `файл сегмента ${m.segment} видеозаписи ${m.recording} убрали из пакета`;
      case 'recordedChanged': return `файл сегмента ${m.segment} видеозаписи ${m.recording} изменили: это не то, что было записано`;
      case 'chainBroken': return `сегмент ${m.segment} видеозаписи ${m.recording} не продолжает цепочку: его изменили или убрали один из предыдущих`;
      case 'otherSegment': return `сегмент ${m.segment} видеозаписи ${m.recording} — не тот, что запечатан записью`;
      case 'segmentMissing': return `журнал запечатал сегмент ${m.segment} видеозаписи ${m.recording}, а здесь его нет`;
      case 'recordingMissing': return `журнал запечатал видеозапись ${m.recording}, а здесь нет ни одного её сегмента`;
    }
  },
};
