// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { show } from '../testing';
import { DeviceProblemView } from './DeviceProblemView';

const agents = {
  chrome: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
  yandex: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 YaBrowser/24.12.0 Safari/537.36',
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  safari: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15',
  ios: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1',
};

it.each(Object.entries(agents))('draws where %s keeps the permission', async (browser, agent) => {
  vi.spyOn(navigator, 'userAgent', 'get').mockReturnValue(agent);
  await show(<DeviceProblemView problem="denied" onAgain={() => undefined} />);
  expect(screen.getByTestId('permission-picture').dataset.where).toBe(browser);
});

it('draws the settings of the system where that forbids it', async () => {
  vi.spyOn(navigator, 'userAgent', 'get').mockReturnValue(agents.safari);
  await show(<DeviceProblemView problem="denied_system" onAgain={() => undefined} />);
  expect(screen.getByTestId('permission-picture').dataset.where).toBe('system-mac');
});

it('draws nothing where no permission is missing', async () => {
  await show(<DeviceProblemView problem="busy" onAgain={() => undefined} />);
  expect(screen.queryByTestId('permission-picture')).toBeNull();
});
