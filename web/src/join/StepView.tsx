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
import { ReceiptStep } from './ReceiptStep';
import { needsLive, stepOf } from './step';
import { StoppedStep } from './StoppedStep';

/** The screen that the attempt's state asks for. */
export function StepView({ attempt }: { attempt: Attempt }) {
  const { devices, publisher } = useLive();
  const deviceState = useStore(devices.state);
  const { media } = useStore(publisher.state);
  const [devicesChecked, setDevicesChecked] = useChecked('devices', attempt.id);
  const [networkChecked, setNetworkChecked] = useChecked('network', attempt.id);
  const [everLive, setEverLive] = useState(false);
  if (media === 'live' && !everLive) setEverLive(true);
  const step = stepOf(attempt, { devicesChecked, connected: everLive && networkChecked });

  const wantsDevices = needsLive(step) || step === 'devices';
  const { phase, stream } = deviceState;
  useEffect(() => {
    if (wantsDevices && phase === 'closed') void devices.open();
    if (!wantsDevices && phase !== 'closed') devices.close();
  }, [devices, phase, wantsDevices]);

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
