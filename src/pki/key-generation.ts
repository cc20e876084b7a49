import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { codedError } from '../model/errors';
import { isKeyType, KEY_TYPES, type KeyType } from '../model/key-type';
import { shownValue } from '../model/shown-value';
import { FairLimiter } from './fair-limiter';

const generate = promisify(generateKeyPair);

/**
 * RSA keys are made two at a time: with as many in flight as the thread pool has threads, every file read of
 * Node-RED waits for primes (370 ms in the median, measured; 0.2 ms with one thread free).
 */
const AT_ONCE = Math.max(1, Math.min(2, Number(process.env.UV_THREADPOOL_SIZE || 4) - 1));
const rsaLimiter = new FairLimiter(AT_ONCE);

const MAKERS: Record<KeyType, () => Promise<{ privateKey: KeyObject }>> = {
  'ec-p256': () => generate('ec', { namedCurve: 'P-256' }),
  'ec-p384': () => generate('ec', { namedCurve: 'P-384' }),
  'rsa-2048': () => generate('rsa', { modulusLength: 2048 }),
  'rsa-3072': () => generate('rsa', { modulusLength: 3072 }),
  'rsa-4096': () => generate('rsa', { modulusLength: 4096 }),
};

/**
 * Make a private key in the thread pool.
 *
 * @param owner whoever asks, by identity: RSA keys of different owners are made in turns, so that one key does not
 *              wait behind another flow's batch of a thousand
 * @throws INPUT_KEY_TYPE
 */
export async function generatePrivateKey(keyType: KeyType, owner?: object): Promise<KeyObject> {
  if (!isKeyType(keyType)) {
    throw codedError(
      'INPUT_KEY_TYPE',
      `${shownValue(keyType)} is not a key type`,
      { value: shownValue(keyType), known: [...KEY_TYPES] },
      `Use one of ${KEY_TYPES.join(', ')}`,
    );
  }
  const make = MAKERS[keyType];
  const { privateKey } = keyType.startsWith('rsa-') ? await rsaLimiter.run(make, owner) : await make();
  return privateKey;
}
