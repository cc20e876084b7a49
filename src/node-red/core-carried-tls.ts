import { createHash } from 'node:crypto';
import type { NodeAPI } from 'node-red';
import type { Clock } from '../model/clock';
import type { SecureMqttBrokerConfig } from '../model/config/secure-mqtt-broker-config';
import { formatPin, parsePins, type Pin } from '../tls/pin';
import { libraryConnectOptions } from '../tls/library-options';
import { parseTarget } from '../tls/target';
import type { TlsMaterialParts } from '../tls/tls-material';
import type { CarriedTls } from './core-tls-options';
import { coreTarget, type CoreBrokerSettings } from './core-broker-settings';
import { coreTlsOptions } from './core-tls-config';

/** A material made ready for one core broker. */
export interface CoreMaterial extends CarriedTls {
  /** The material with the name that is verified at the host of a URL. */
  materialFor(url: string): TlsMaterialParts;
}

/**
 * What a core broker gets from the settings of ours.
 *
 * The server name of our settings belongs to the host they name. Another host is another broker, which is verified by
 * the server name of its tls-config or its own host: one name for all would let each broker pass for any other.
 */
export function carriedTls(
  RED: NodeAPI,
  { tls }: CoreBrokerSettings,
  config: Pick<SecureMqttBrokerConfig, 'broker'>,
  material: TlsMaterialParts,
  clock: Clock,
): CoreMaterial {
  const ownName = coreTlsOptions(RED, tls).servername?.trim() || undefined;
  const ourHost = hostOf(config.broker);
  const materialFor = (url: string): TlsMaterialParts => {
    const { host } = coreTarget(url);
    const same = host.toLowerCase() === ourHost;
    return { ...material, servername: (same ? material.servername : undefined) ?? ownName };
  };
  return {
    digest: digestOf(material, ownName),
    pins: pinsText(material.pins),
    materialFor,
    optionsFor: (url) => libraryConnectOptions(materialFor(url), coreTarget(url).host, clock),
  };
}

/**
 * The pins that a core broker must be connected with; '' for none.
 *
 * What is no pin is one that nothing fulfils. Settings without TLS have no certificate to pin.
 */
export function demandedPins({ pin, security }: Pick<SecureMqttBrokerConfig, 'pin' | 'security'>): string {
  if (security === 'none') return '';
  try {
    return pinsText(parsePins(pin));
  } catch {
    return String(pin);
  }
}

function pinsText(pins: readonly Pin[] = []): string {
  return pins.map(formatPin).join(',');
}

function hostOf(broker: string): string | undefined {
  try {
    return parseTarget(broker).host.toLowerCase();
  } catch {
    return undefined;
  }
}

/** Of all that a handshake depends on; a key belongs to its certificate. */
function digestOf(material: TlsMaterialParts, ownName: string | undefined): string {
  const { trust, identity, crlPem, verifyServer, verifyHostname, servername, pins, minVersion, alpn } = material;
  const parts = [
    trust.kind === 'anchors' ? trust.pem : trust.kind,
    identity?.certificatePem,
    crlPem,
    verifyServer !== false,
    verifyHostname !== false,
    servername,
    ownName,
    pins?.map(formatPin),
    minVersion,
    alpn,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
