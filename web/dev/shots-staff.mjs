// Pictures of the review and of the log against dev/mock.mjs.
import { open, sizes } from './shoot.mjs';

for (const size of sizes) {
  const { page, set, shot, close } = await open(size);
  await set({ who: 'proctor' });
  await page.goto('/proctor/attempts/a-1');
  const video = page.getByTestId('review-video');
  await video.waitFor();
  await page.locator('[data-testid=events] button').nth(3).click();
  await page.waitForTimeout(1500);
  console.log('  position', await video.evaluate((v) => [v.currentTime, v.duration, v.readyState, v.videoWidth]));
  await video.evaluate((v) => { v.muted = true; v.currentTime = 2; return v.play(); });
  await page.waitForTimeout(2500);
  console.log('  plays', await video.evaluate((v) => [v.currentTime, [...Array(v.buffered.length)].map((_, i) => [v.buffered.start(i), v.buffered.end(i)])]));
  await video.evaluate((v) => { v.currentTime = 57; });
  await page.waitForTimeout(4500);
  console.log('  ended', await video.evaluate((v) => [v.ended, v.currentTime, v.duration]));
  await page.locator('[data-testid=events] button').nth(3).click();
  await page.waitForTimeout(900);
  await shot('review');
  await page.getByTestId('tab-identifications').click();
  await page.waitForTimeout(500);
  if (size.name === 'phone') await page.getByTestId('tab-identifications').scrollIntoViewIfNeeded();
  await shot('review-identifications');
  await set({ who: 'registrar' });
  await page.goto('/log?type=identification');
  await page.getByTestId('log-table').waitFor();
  await shot('log-filtered');
  await page.getByTestId('filter-clear').click();
  await page.waitForTimeout(600);
  await shot('log');
  await page.locator('[data-testid^=log-row-]').nth(5).click();
  await page.getByTestId('log-record').waitFor();
  await page.waitForTimeout(400);
  await shot('log-record');
  await page.keyboard.press('Escape');
  await page.goto('/log?type=link');
  await page.getByTestId('log-empty').waitFor();
  await shot('log-empty');
  await close();
}
