// @vitest-environment jsdom
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, it, vi } from 'vitest';
import { show } from '../testing';
import { Dialog } from './Dialog';

const made = vi.fn();

function Inside() {
  made();
  return <p>inside</p>;
}

function Page() {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <button onClick={() => setOpened(true)}>ask</button>
      <Dialog opened={opened} onClose={() => setOpened(false)} title="Question">
        <Inside />
      </Dialog>
    </>
  );
}

it('is made when it is asked for, closes by Escape and gives the focus back, the first time as the second', async () => {
  const user = userEvent.setup();
  await show(<Page />);
  expect(document.querySelector('.mantine-Modal-root')).toBeNull();
  expect(made).not.toHaveBeenCalled();
  for (let time = 0; time < 2; time += 1) {
    await user.click(screen.getByRole('button', { name: 'ask' }));
    expect(await screen.findByRole('dialog')).toBeTruthy();
    expect(screen.getByText('inside')).toBeTruthy();
    await user.keyboard('{Escape}');
    expect(screen.queryByText('inside')).toBeNull();
    await vi.waitFor(() => expect(document.activeElement?.textContent).toBe('ask'));
  }
});
