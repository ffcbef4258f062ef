import { useTranslation } from 'react-i18next';
import type { Identification } from '../api/types';

// The names of ISO/IEC 29794-5, as proctor/vision measures them.
const components = [
  'UnifiedQualityScore',
  'SingleFacePresent',
  'InterEyeDistance',
  'HeadSize',
  'HeadPoseYaw',
  'HeadPosePitch',
  'HeadPoseRoll',
  'Sharpness',
  'IlluminationUniformity',
  'UnderExposurePrevention',
  'OverExposurePrevention',
  'DynamicRange',
  'LeftwardCrop',
  'RightwardCrop',
  'MarginAbove',
  'MarginBelow',
] as const;

/** The measures of a sample's quality in words, the weakest first, at most so many; −1 means not measured. */
export function useQualityText(): (identification: Identification, most?: number) => string {
  const { t } = useTranslation('common');
  return (identification, most = components.length) =>
    [...(identification.quality ?? [])]
      .filter(({ value }) => value >= 0)
      .sort((a, b) => a.value - b.value)
      .slice(0, most)
      .map(({ component, value }) => {
        const known = components.find((name) => name === component);
        return `${known === undefined ? component : t(`quality.${known}`)} ${value}`;
      })
      .join(', ');
}
