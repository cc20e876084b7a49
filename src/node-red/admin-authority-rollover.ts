import type { NodeAPI } from 'node-red';
import { ROLLOVER_STEPS, type RolloverStep } from '../ca/rollover';
import { codedError } from '../model/errors';
import { isKeyType } from '../model/key-type';
import { shownValue } from '../model/shown-value';
import { jsonAnswer } from './admin-answer';
import { guard, type Request } from './admin-guard';
import { authorityNode } from './authority-node';
import { certificatesInUse, shownSerialNumbers } from './certificates-in-use';
import { rolloverView, type RolloverView } from './rollover-view';

/** Renewing a CA and replacing its key, step by step. */
export function registerAuthorityRollover(RED: NodeAPI): void {
  const app = RED.httpAdmin;
  const path = '/secure-mqtt/authorities/:id/rollover';
  app.get(
    path,
    guard(RED, 'read'),
    jsonAnswer(async (req) => {
      const node = authorityNode(RED, String(req.params.id));
      return rolloverView(RED, node.id, await node.authority());
    }),
  );
  app.post(
    path,
    guard(RED, 'write'),
    jsonAnswer((req) => takeStep(RED, req)),
  );
}

/**
 * @throws INPUT_PAYLOAD (no such step, or another name was typed), CA_ROLLOVER, CA_IN_USE, INPUT_CONFIG, STORE_…
 */
async function takeStep(RED: NodeAPI, req: Request): Promise<RolloverView> {
  const node = authorityNode(RED, String(req.params.id));
  const { step, keyType, name } = (req.body ?? {}) as Record<string, unknown>;
  if (!isStep(step)) throw unknownStep(step);
  const authority = await node.authority();
  const force = name !== undefined && name !== '';
  const expected = (node.name ?? '').trim() || node.id;
  if (force && (typeof name !== 'string' || name.trim() !== expected)) {
    throw codedError(
      'INPUT_PAYLOAD',
      `the name is ${shownValue(name)}, expected ${shownValue(expected)}`,
      { field: 'name', value: shownValue(name) },
      'Type the name of the CA node exactly as it is written',
    );
  }
  const inUse = shownSerialNumbers(await certificatesInUse(RED, node.id, authority));
  // Who did it stands in Node-RED's audit log, which adds user and address.
  RED.log.audit({ event: `secure-mqtt.authority.${step}`, ca: node.id } as never, req);
  await authority.takeStep(step, { force, inUse, ...(isKeyType(keyType) && { keyType }) });
  return rolloverView(RED, node.id, authority);
}

function isStep(step: unknown): step is RolloverStep {
  return (ROLLOVER_STEPS as readonly unknown[]).includes(step);
}

function unknownStep(step: unknown) {
  return codedError(
    'INPUT_PAYLOAD',
    `the step is ${shownValue(step)}, expected one of ${ROLLOVER_STEPS.join(', ')}`,
    { field: 'step', value: shownValue(step) },
    `Use one of ${ROLLOVER_STEPS.join(', ')}`,
  );
}
