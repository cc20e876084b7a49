import { compatibilityUnder } from '../ca/certificate-compatibility';
import type { ExportLayout } from '../model/config/tls-export';
import type { DeviceVerdict } from '../model/device-rules';
import { DEVICE_STACKS, type DeviceStack } from '../model/device-stacks';
import { warning, type Warning } from '../model/errors';
import { isServer, type ExportInput } from './export-input';
import { inSlices } from './in-slices';
import { listed } from './key-file';

/** Layouts whose files go to one kind of device or program. */
export const LAYOUT_STACKS: Partial<Record<ExportLayout, DeviceStack>> = {
  esp8266: 'esp8266',
  esp32: 'esp32',
  workshop: 'esp8266',
  'node-red': 'node',
  hono: 'java',
};

/** What the device or program that a layout is meant for cannot use: each reason once, with the names it concerns. */
export async function deviceWarningsOf(layout: ExportLayout, input: ExportInput): Promise<Warning[]> {
  const stack = LAYOUT_STACKS[layout];
  if (stack === undefined) return [];
  const found = new Map<string, { verdict: DeviceVerdict; names: string[] }>();
  for (const { name, verdict } of await verdictsFor(stack, input)) {
    const key = verdict.rule ?? '';
    const known = found.get(key) ?? { verdict, names: [] };
    known.names.push(name);
    found.set(key, known);
  }
  return [...found.values()].map(({ verdict: { rule, reason, hint }, names }) =>
    warning(
      'CERT_DEVICE_LIMIT',
      `${listed(names)}: ${DEVICE_STACKS[stack].name} ${reason}`,
      { rule, stacks: [stack], commonNames: names.slice(0, 20) },
      hint,
    ),
  );
}

async function verdictsFor(stack: DeviceStack, { authority, certificates }: ExportInput) {
  const { certificate: ca, trustAnchors } = authority;
  const all = await inSlices(certificates, (one) => [
    {
      name: one.commonName,
      verdict: compatibilityUnder(one.certificate, one.chain, trustAnchors)[stack],
      // A server that is found by some of its names is fine: which one the device uses is its own setting.
      bearsLimits: isServer(one),
    },
  ]);
  const alone = {
    name: ca.subject.commonName ?? 'CA',
    verdict: compatibilityUnder(ca, [], trustAnchors)[stack],
    bearsLimits: false,
  };
  return (all.length > 0 ? all : [alone]).filter(
    ({ verdict: { verdict }, bearsLimits }) => verdict === 'refused' || (verdict === 'limited' && !bearsLimits),
  );
}
