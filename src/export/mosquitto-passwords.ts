import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import type { MosquittoUser } from './mosquitto-users';

const derive = promisify(pbkdf2);

/** What `mosquitto_passwd` 2.0 writes: 12 octets of salt, 64 of hash (measured on 2.0.11). */
const SALT_BYTES = 12;
const HASH_BYTES = 64;
/**
 * `mosquitto_passwd` 2.0 takes 101. The broker does this work in its only thread at every login, so
 * the number of a password store for people (210,000) would stop it for a fifth of a second each time (measured).
 */
const ITERATIONS = 1000;

/**
 * The password file of Mosquitto: one `name:$7$<iterations>$<salt>$<hash>` a line, PBKDF2 with HMAC-SHA-512.
 *
 * Without users it is empty; Mosquitto starts with an empty file, but not with a missing one.
 *
 * @param random a source of random octets
 */
export async function mosquittoPasswords(
  users: readonly MosquittoUser[],
  random: (size: number) => Buffer,
): Promise<string> {
  const lines: string[] = [];
  for (const { name, secretPassword } of users) {
    const salt = random(SALT_BYTES);
    const hash = await derive(secretPassword, salt, ITERATIONS, HASH_BYTES, 'sha512');
    lines.push(`${name}:$7$${ITERATIONS}$${salt.toString('base64')}$${hash.toString('base64')}\n`);
  }
  return lines.join('');
}
