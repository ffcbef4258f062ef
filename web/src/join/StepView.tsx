import { useEffect, useState } from 'react';
import type { Attempt } from '../api/types';
import { useStore } from '../rtc/useStore';
import { AdmittedStep } from './AdmittedStep';
import { AgainStep } from './AgainStep';
import { useChecked } from './checked';
import { ConnectionStep } from './ConnectionStep';
import { ConsentStep } from './ConsentStep';
import { DeclinedStep } from './DeclinedStep';
import { DevicesStep } from './DevicesStep';
import { ExamStep } from './ExamStep';
import { IdentificationStep } from './IdentificationStep';
import { useLive } from './live';
import { ManualStep } from './ManualStep';
import { PhoneStep } from './PhoneStep';
import { ReceiptStep } from './ReceiptStep';
import { ScreenStep } from './ScreenStep';
import { needsLive, stepOf } from './step';
import { StoppedStep } from './StoppedStep';

/** The screen that the attempt's state asks for. */
export function StepView({ attempt }: { attempt: Attempt }) {
  const { devices, screen, publisher } = useLive();
  const deviceState = useStore(devices.state);
  const { media } = useStore(publisher.state);
  const [devicesChecked, setDevicesChecked] = useChecked('devices', attempt.id);
  const [networkChecked, setNetworkChecked] = useChecked('network', attempt.id);
  const [everLive, setEverLive] = useState(false);
  if (media === 'live' && !everLive) setEverLive(true);
  const wantsScreen = attempt.exam.recorded.includes('screen');
  // What is passed is a step of this page: after a reload the browser shares nothing any more, and asks again.
  const [screenShown, setScreenShown] = useState(false);
  const [screenWaived, setScreenWaived] = useChecked('screen', attempt.id);
  const wantsPhone = attempt.exam.recorded.includes('phone');
  const [phoneShown, setPhoneShown] = useState(false);
  const [phoneWaived, setPhoneWaived] = useChecked('phone', attempt.id);
  const step = stepOf(attempt, {
    devicesChecked,
    screenPassed: !wantsScreen || screenShown || screenWaived,
    phonePassed: !wantsPhone || phoneShown || phoneWaived,
    connected: everLive && networkChecked,
  });

  const wantsDevices = needsLive(step) || step === 'devices' || step === 'screen' || step === 'phone';
  const { phase, stream } = deviceState;
  useEffect(() => {
    if (wantsDevices && phase === 'closed') void devices.open();
    if (!wantsDevices && phase !== 'closed') devices.close();
  }, [devices, phase, wantsDevices]);

  useEffect(() => {
    screen.want(wantsScreen && needsLive(step));
    if (!wantsDevices) screen.close();
  }, [screen, step, wantsDevices, wantsScreen]);

  const connected = needsLive(step);
  useEffect(() => {
    if (connected && stream !== undefined) publisher.start(stream);
    if (!connected) publisher.stop();
  }, [connected, publisher, stream]);

  switch (step) {
    case 'consent':
      return <ConsentStep attempt={attempt} />;
    case 'declined':
      return <DeclinedStep attempt={attempt} />;
    case 'devices':
      return <DevicesStep attempt={attempt} onChecked={() => setDevicesChecked(true)} />;
    case 'screen':
      return (
        <ScreenStep
          attempt={attempt}
          onPassed={() => (screen.state.get().stream === undefined ? setScreenWaived(true) : setScreenShown(true))}
        />
      );
    case 'phone':
      return <PhoneStep attempt={attempt} onPassed={() => (attempt.phone === 'live' ? setPhoneShown(true) : setPhoneWaived(true))} />;
    case 'connection':
      return <ConnectionStep attempt={attempt} measured={networkChecked} onMeasured={() => setNetworkChecked(true)} />;
    case 'identification':
      return <IdentificationStep attempt={attempt} />;
    case 'manual':
      return <ManualStep attempt={attempt} />;
    case 'admitted':
      return <AdmittedStep attempt={attempt} />;
    case 'again':
      return <AgainStep attempt={attempt} />;
    case 'exam':
      return <ExamStep attempt={attempt} />;
    case 'receipt':
      return <ReceiptStep attempt={attempt} />;
    case 'stopped':
      return <StoppedStep attempt={attempt} />;
  }
}
