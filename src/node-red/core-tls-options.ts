import type { LibraryOptions } from '../tls/library-options';
import type { CoreOptions } from './core-internals';

/** Everything a tls-config sets on the options, and what we set instead. */
const TLS_OPTIONS = [
  ...['key', 'cert', 'ca', 'pfx', 'passphrase', 'servername', 'ALPNProtocols', 'rejectUnauthorized'],
  ...['secureContext', 'checkServerIdentity'],
];

/** How the options for a URL are made; `digest` tells whether a running connection already uses them. */
export interface CarriedTls {
  digest: string;
  /** As `CoreBroker.hold` is told of them; '' for none. */
  pins: string;
  /** @throws for a URL that is not to be driven, for example one without TLS */
  optionsFor(url: string): LibraryOptions;
}

/** The TLS part of MQTT.js options; over WebSockets it is read from `wsOptions`. */
export function replaceTls(options: CoreOptions, tls: LibraryOptions): void {
  for (const name of TLS_OPTIONS) delete options[name];
  Object.assign(options, tls);
  const wsOptions: CoreOptions = { ...(options.wsOptions as CoreOptions | undefined) };
  for (const name of TLS_OPTIONS) delete wsOptions[name];
  Object.assign(wsOptions, tls);
  if (Object.keys(wsOptions).length > 0) options.wsOptions = wsOptions;
  else delete options.wsOptions;
}

/** Core's own options, but not without verification. */
export function demandVerification(options: CoreOptions): void {
  options.rejectUnauthorized = true;
  if (options.wsOptions) Object.assign(options.wsOptions, { rejectUnauthorized: true });
}
