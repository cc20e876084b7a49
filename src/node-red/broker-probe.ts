import type { NodeAPI } from 'node-red';
import type { BrokerSettings } from './broker-connection';
import type { BrokerProbeOptions } from './broker-node';
import { targetOf } from './broker-settings';
import type { MaterialContext } from './material-settings';
import { readTlsMaterial } from './tls-material-source';

/**
 * The connection of a broker for the probe: the same target, trust, identity and login.
 *
 * @throws as `targetOf` and `readTlsMaterial`
 */
export async function brokerProbeOptions(
  RED: NodeAPI,
  { config, credentials }: BrokerSettings,
  warn?: MaterialContext['warn'],
): Promise<BrokerProbeOptions> {
  const { username, password } = credentials;
  const target = targetOf(config);
  return {
    target,
    material:
      config.security === 'none'
        ? { trust: { kind: 'system' } }
        : await readTlsMaterial({ RED, ...(warn ? { warn } : {}) }, config, credentials),
    mqtt: { username, password, protocolVersion: String(config.protocolVersion) === '5' ? 5 : 4 },
  };
}
