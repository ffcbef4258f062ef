// The browser story of what is kept how long: the calendar of what expires, an exam's own term, a hold placed and lifted, receipts, the banner.
//
// STORY besides what every story gets: nothing.
import { config, expect, id, person, phone, play, signIn, step } from './stage.mjs';

await play(async (facts) => {
  const registrar = await person('registrar');
  const page = registrar.page;
  await step('The registrar sees what expires within 30 days', async () => {
    await page.goto(`${config.url}/retention`);
    await signIn(page, 'Лебедева Жанна');
    await page.locator('[data-testid="calendar-table"] [data-class="recordings"][data-held="0"]').waitFor();
    await page.locator('[data-testid="last-run"][data-failed="false"]').waitFor();
    await phone(page, 'retention-calendar');
    return page;
  });
  await step('The terms stand with their reasons; an exam gets its own', async () => {
    await id(page, 'tab-terms').click();
    await page.locator('[data-testid="term-recordings"][data-days="180"]').waitFor();
    await id(page, 'term-new').click();
    await id(page, 'term-exam').click();
    await page.getByRole('option', { name: /Алгебра/ }).click();
    await id(page, 'term-days').fill('365');
    await id(page, 'term-save-confirm').click();
    await page.getByText('Заполните это поле').waitFor();
    await id(page, 'term-reason').fill('Приказ № 117 от 01.09.2026');
    await phone(page, 'retention-term');
    await id(page, 'term-save-confirm').click();
    await page.locator('[data-testid="term-algebra"][data-days="365"]').waitFor();
    await phone(page, 'retention-terms');
    return page;
  });
  await step('It is taken back', async () => {
    await id(page, 'term-change-algebra').click();
    await id(page, 'term-days').fill('0');
    await id(page, 'term-reason').fill('Приказ отменён');
    await id(page, 'term-save-confirm').click();
    await id(page, 'term-algebra').waitFor({ state: 'detached' });
    return page;
  });
  await step('A hold is placed on one student of the exam', async () => {
    await id(page, 'tab-holds').click();
    await id(page, 'hold-new').click();
    await id(page, 'hold-exam').click();
    await page.getByRole('option', { name: /Алгебра/ }).click();
    await id(page, 'hold-student').click();
    await page.getByRole('option', { name: /Смирнова/ }).click();
    await id(page, 'hold-reason').fill('Апелляция № 5');
    await phone(page, 'retention-hold');
    await id(page, 'hold-place-confirm').click();
    const hold = page.locator('[data-stands="true"]');
    await hold.waitFor();
    expect((await hold.textContent()).includes('Апелляция № 5'), 'the hold shows its reason');
    await phone(page, 'retention-holds');
    return page;
  });
  await step('The calendar shows that it is held', async () => {
    await id(page, 'tab-calendar').click();
    await page.locator('[data-testid="calendar-table"] [data-class="recordings"][data-held="1"]').waitFor();
    return page;
  });
  await step('It is lifted, with a reason', async () => {
    await id(page, 'tab-holds').click();
    await page.locator('[data-testid^="hold-lift-"]').click();
    await id(page, 'lift-reason').fill('Апелляция рассмотрена');
    await id(page, 'hold-lift-confirm').click();
    await page.locator('[data-stands="false"]').waitFor();
    return page;
  });
  await step('What was deleted is shown by its receipts', async () => {
    await id(page, 'tab-receipts').click();
    await page.locator('[data-testid^="receipt-"][data-class="recordings"]').waitFor();
    facts.receipts = await page.locator('[data-testid^="receipt-"][data-class]').count();
    await phone(page, 'retention-receipts');
    return page;
  });
  await step('When the erasure fails every page says so', async () => {
    await page.route('**/api/notices', (route) => route.fulfill({ json: { notices: [{ code: 'retention' }, { code: 'log' }] } }));
    await page.goto(`${config.url}/rosters`);
    await id(page, 'notice-retention').waitFor();
    await id(page, 'notice-log').waitFor();
    await phone(page, 'retention-notice');
    return page;
  });
});
