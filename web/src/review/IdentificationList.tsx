import { Accordion, Anchor, Badge, DataList, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Identification } from '../api/types';
import { clock } from '../i18n/clock';
import { useFormat } from '../i18n/useFormat';
import { useDoubtLine } from '../i18n/useDoubtText';
import { useQualityText } from '../i18n/useQualityText';
import type { Place } from './place';
import classes from './Review.module.css';

interface IdentificationListProps {
  identifications: Identification[];
  place: (identification: Identification) => Place | undefined;
  onSeek: (place: Place) => void;
}

/** Every identification with what proves it: scores, quality, where in the recording, hashes. */
export function IdentificationList({ identifications, place, onSeek }: IdentificationListProps) {
  const { t } = useTranslation(['review', 'common']);
  const format = useFormat();
  const quality = useQualityText();
  const doubt = useDoubtLine();
  if (identifications.length === 0) {
    return (
      <Text size="sm" c="dimmed" p="md">
        {t('identification.none')}
      </Text>
    );
  }
  return (
    <Accordion defaultValue={identifications.at(-1)?.id ?? null} className={classes.events} data-testid="identifications">
      {identifications.map((item) => {
        const at = place(item);
        const rows: [string, string | undefined][] = [
          [t('identification.message'), format.pick(item.message)],
          [t('identification.score'), item.score && format.score(item.score.overall)],
          [t('identification.photo'), item.score && format.score(item.score.photo)],
          [t('identification.sound'), item.score?.sound === undefined ? undefined : format.score(item.score.sound)],
          [t('identification.threshold'), format.score(item.threshold)],
          [t('identification.liveness'), item.liveness === undefined ? undefined : format.score(item.liveness)],
          [t('common:doubt.title'), item.flags?.map(doubt).join('; ')],
          [t('common:quality.title'), quality(item)],
          [t('identification.log'), item.logIndex === undefined ? undefined : `№ ${item.logIndex}`],
        ];
        const hashes: [string, string | undefined][] = [
          [t('identification.frame'), item.frameSha256],
          [t('identification.photoHash'), item.photoSha256],
          [t('identification.voiceHash'), item.voiceSha256],
          [t('identification.verdict'), item.verdictId],
        ];
        return (
          <Accordion.Item key={item.id} value={item.id} data-testid={`identification-${item.number}`}>
            <Accordion.Control>
              <Group gap="sm">
                <Text size="sm" fw={600}>
                  {t('identification.number', { number: item.number })}
                </Text>
                <Badge variant="light" color={item.outcome === 'match' ? 'teal' : 'red'}>
                  {t(`common:outcome.${item.outcome}`)}
                </Badge>
                <Text size="xs" c="dimmed">
                  {format.stamp(item.at)}
                </Text>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <Stack gap="sm">
                {at !== undefined && (
                  <Anchor component="button" type="button" size="sm" ta="left" onClick={() => onSeek(at)}>
                    {t('identification.show', { at: clock(at.offsetMs) })}
                  </Anchor>
                )}
                <DataList size="sm" labelWidth={150}>
                  {rows
                    .filter(([, value]) => value !== undefined && value !== '')
                    .map(([label, value]) => (
                      <DataList.Item key={label}>
                        <DataList.ItemLabel>{label}</DataList.ItemLabel>
                        <DataList.ItemValue>{value}</DataList.ItemValue>
                      </DataList.Item>
                    ))}
                </DataList>
                <DataList size="xs" orientation="vertical">
                  {hashes
                    .filter(([, value]) => value !== undefined && value !== '')
                    .map(([label, value]) => (
                      <DataList.Item key={label}>
                        <DataList.ItemLabel>{label}</DataList.ItemLabel>
                        <DataList.ItemValue className={classes.hash}>{value}</DataList.ItemValue>
                      </DataList.Item>
                    ))}
                </DataList>
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        );
      })}
    </Accordion>
  );
}
