import { TLS_EXPORT_DEFAULTS } from '../model/config/tls-export';
import { warning, type Warning } from '../model/errors';
import { nameMatches } from '../pki/verification';
import type { ExportInput, NamedCertificate } from './export-input';
import { listed } from './key-file';

/** What must be said about the chosen level and dialect. */
export function levelWarnings({ settings }: ExportInput): Warning[] {
  const warnings: Warning[] = [];
  if (settings.level === 'plain') {
    warnings.push(
      warning(
        'MQTT_PLAIN',
        'the level plain encrypts nothing: everybody on the network reads messages and passwords',
        { level: settings.level },
        'Use it to compare only; "server certificate, anybody may connect" needs no more than one certificate',
      ),
    );
  }
  if (settings.dialect === '2.1') {
    warnings.push(
      warning(
        'INPUT_LAYOUT',
        'the configuration for Mosquitto 2.1 was written from its manual and has not been run',
        { field: 'dialect', value: settings.dialect },
        'Check it with "mosquitto -c mosquitto.conf --test-config"',
      ),
    );
  }
  return warnings;
}

/** A revocation list is of use only where clients show certificates. */
export function ignoredCrl({ settings }: ExportInput): Warning[] {
  if (settings.crl === 'none') return [];
  return [
    warning(
      'INPUT_LAYOUT',
      `no revocation list was written: at the level ${settings.level} no client shows a certificate`,
      { field: 'crl', value: settings.crl, level: settings.level },
      'Choose the security "certificates on both sides", or no revocation list',
    ),
  ];
}

/** Said only when a person named the broker: the default name stands in every new node. */
export function nameWarnings({ certificate }: NamedCertificate, { settings }: ExportInput): Warning[] {
  const host = settings.brokerHost.trim();
  if (host === '' || host === TLS_EXPORT_DEFAULTS.brokerHost || nameMatches(certificate, host)) return [];
  const names = certificate.subjectAltNames.map(({ value }) => value);
  return [
    warning(
      'CERT_NAME_MISMATCH',
      `the broker is called ${host}, its certificate is for ${listed(names)}`,
      { host, subjectAltNames: names },
      `Issue the certificate with the subjectAltName dns:${host}, or correct the broker host`,
    ),
  ];
}
