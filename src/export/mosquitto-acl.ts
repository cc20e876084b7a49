import { isUnsafeInLine } from './configuration-text';
import type { MosquittoUser } from './mosquitto-users';

/** In the workshop the second certificate is that of Node-RED. */
const WORKSHOP_CONTROLLER = 'dev02';

/**
 * The rules of the workshop: a device writes its own status and reads what is meant for it; Node-RED
 * (the second certificate) reads every status and writes to every display.
 *
 * @param controller common name of the second device, when there is one
 */
export function workshopAcl(controller: string | undefined): string {
  const name = controller === undefined || isUnsafeInLine(controller) ? WORKSHOP_CONTROLLER : controller;
  return [
    '# Every device: its own topics only.',
    'pattern readwrite %c/status',
    'pattern read %c/display',
    'pattern read %c/interval',
    '',
    '# Node-RED: all devices.',
    `user ${name}`,
    'topic read +/status',
    'topic write +/display',
    'topic write +/interval',
    '',
  ].join('\n');
}

/**
 * Rules for any site: everybody has the topics below the own name, programs have all topics.
 *
 * @param programs common names of client certificates, in contrast to device certificates
 * @param users who may have rules of their own
 */
export function siteAcl(programs: readonly string[], users: readonly MosquittoUser[]): string {
  const lines = [
    '# Everybody: the topics below the own name (dev01 has dev01/status, not dev02/status).',
    '# The broker drops what is not allowed without an error.',
    'pattern readwrite %u/#',
  ];
  // The broker drops blanks around a name: one of an imported CA would become that of another.
  const names = [...new Set(programs)].filter((name) => !isUnsafeInLine(name) && name === name.trim()).sort();
  if (names.length > 0) lines.push('', '# Programs such as Node-RED (profile "client"): all topics.');
  for (const name of names) lines.push(`user ${name}`, 'topic readwrite #');
  for (const { name, topics } of users) {
    if (topics.length > 0) lines.push('', `user ${name}`, ...topics.map((rule) => `topic ${rule}`));
  }
  return `${lines.join('\n')}\n`;
}
