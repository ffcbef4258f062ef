import { Container, Stack, Text, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { phoneDoor } from '../api/phone';
import type { DeviceProblem } from '../media/deviceProblem';
import { browserPeer, browserVideoCodecs } from '../rtc/peer';
import { PhoneSender } from '../rtc/phone';
import { useStore } from '../rtc/useStore';
import { PageTitle } from '../shell/PageTitle';
import { cameraProblem, openCamera, type Facing } from './camera';
import { PhoneEnd } from './PhoneEnd';
import { PhoneLive } from './PhoneLive';
import { PhoneStart } from './PhoneStart';
import { codeInAddress, forgetAddress, storedToken, storeToken } from './token';
import { useWakeLock } from './useWakeLock';

/** The page of a phone that is an attempt's second camera. Nobody signs in here: the link's code is all there is. */
export default function PhonePage() {
  const { t } = useTranslation('phone');
  const [code, setCode] = useState(codeInAddress);
  const [sender] = useState(() => new PhoneSender({ door: phoneDoor, createPeer: browserPeer, videoCodecs: browserVideoCodecs }));
  const { phase, exam } = useStore(sender.state);
  const [stream, setStream] = useState<MediaStream>();
  const [facing, setFacing] = useState<Facing>('environment');
  const [opening, setOpening] = useState(false);
  const [problem, setProblem] = useState<DeviceProblem>();
  const [failure, setFailure] = useState<unknown>();
  const ended = phase === 'replaced' || phase === 'over';
  useWakeLock(stream !== undefined && !ended);

  useEffect(forgetAddress, []);
  useEffect(() => {
    const look = () => {
      if (!document.hidden) sender.lookNow();
    };
    document.addEventListener('visibilitychange', look);
    window.addEventListener('online', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('online', look);
      sender.stop();
    };
  }, [sender]);
  useEffect(() => {
    // The phone's own light goes out with the end.
    if (ended) for (const track of stream?.getTracks() ?? []) track.stop();
  }, [ended, stream]);
  // A newer link opened in the same tab is a newer code.
  useEffect(() => {
    const scanned = () => window.location.reload();
    window.addEventListener('hashchange', scanned);
    return () => window.removeEventListener('hashchange', scanned);
  }, []);

  const open = async (which: Facing) => {
    setOpening(true);
    setProblem(undefined);
    setFailure(undefined);
    try {
      for (const track of stream?.getTracks() ?? []) track.stop(); // many phones open one camera at a time
      const opened = await openCamera(which);
      opened.getVideoTracks()[0]?.addEventListener('ended', () => {
        setStream((now) => (now === opened ? undefined : now));
        setProblem('unplugged');
      });
      try {
        let token = storedToken();
        if (code !== '') {
          token = await phoneDoor.claim(code);
          storeToken(token);
          setCode('');
        }
        if (stream === undefined) sender.start(token, opened);
        else sender.change(opened);
        setStream(opened);
        setFacing(which);
      } catch (error) {
        for (const track of opened.getTracks()) track.stop();
        setFailure(error);
      }
    } catch (error) {
      setStream(undefined);
      setProblem(cameraProblem(error));
    }
    setOpening(false);
  };

  const known = code !== '' || storedToken() !== '';
  return (
    <Container size="xs" py="lg" data-testid="phone-page" data-phase={phase}>
      <PageTitle title={t('title')} />
      <Stack gap="lg">
        <Stack gap={4}>
          <Title order={1}>{t('title')}</Title>
          {exam !== '' && <Text c="dimmed">{exam}</Text>}
        </Stack>
        {ended ? (
          <PhoneEnd phase={phase} />
        ) : stream === undefined ? (
          <PhoneStart known={known} opening={opening} problem={problem} failure={failure} onOpen={() => void open(facing)} />
        ) : (
          <PhoneLive stream={stream} phase={phase} opening={opening} onTurn={() => void open(facing === 'user' ? 'environment' : 'user')} />
        )}
      </Stack>
    </Container>
  );
}
