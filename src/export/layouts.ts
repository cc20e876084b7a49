import type { ExportLayout } from '../model/config/tls-export';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { cHeaderLayout } from './c-header-layout';
import { derLayout } from './der-layout';
import { deviceWarningsOf } from './device-warnings';
import { esp32Layout } from './esp32-layout';
import { esp8266Layout } from './esp8266-layout';
import type { ExportInput } from './export-input';
import { checkedPlan, type ExportPlan } from './export-plan';
import { honoLayout } from './hono-layout';
import { mosquittoLayout } from './mosquitto-layout';
import { nodeRedLayout } from './node-red-layout';
import { pemLayout } from './pem-layout';
import { pkcs12Layout } from './pkcs12-layout';
import { thinEdgeLayout } from './thin-edge-layout';
import { workshopLayout } from './workshop-layout';

/** A layout turns certificates into named files. It reads and writes nothing else. */
export type Layout = (input: ExportInput) => Promise<ExportPlan>;

/** Every layout there is; a new one is a new file and a new row. */
const LAYOUTS: Record<ExportLayout, Layout> = {
  pem: pemLayout,
  der: derLayout,
  'c-header': cHeaderLayout,
  pkcs12: pkcs12Layout,
  mosquitto: mosquittoLayout,
  'node-red': nodeRedLayout,
  esp8266: esp8266Layout,
  esp32: esp32Layout,
  workshop: workshopLayout,
  'thin-edge': thinEdgeLayout,
  hono: honoLayout,
};

/**
 * All files of an export, in memory.
 *
 * @throws INPUT_LAYOUT for an unknown layout or one that lacks a setting or certificate, INPUT_PORT,
 *   INPUT_FOLDER for a bad base name, INPUT_PASSPHRASE where one is needed, KEY_… of the key store
 */
export async function planExport(layout: string, input: ExportInput): Promise<ExportPlan> {
  if (!Object.hasOwn(LAYOUTS, layout)) {
    throw codedError(
      'INPUT_LAYOUT',
      `the layout is ${shownValue(layout)}, expected one of ${Object.keys(LAYOUTS).join(', ')}`,
      { field: 'layout', value: shownValue(layout) },
      'Open the node and choose a layout',
    );
  }
  const known = layout as ExportLayout;
  const { files, warnings } = await LAYOUTS[known](input);
  return checkedPlan({ files, warnings: [...warnings, ...(await deviceWarningsOf(known, input))] });
}
