/** All layouts; each is one file in `src/export`. */
export const EXPORT_LAYOUTS = [
  'pem',
  'der',
  'c-header',
  'pkcs12',
  'mosquitto',
  'node-red',
  'esp8266',
  'esp32',
  'workshop',
  'thin-edge',
  'hono',
] as const;

export type ExportLayout = (typeof EXPORT_LAYOUTS)[number];
export type ExportWrite = 'files' | 'message';
export const SECURITY_LEVELS = ['plain', 'server', 'server-password', 'mutual'] as const;
export type SecurityLevel = (typeof SECURITY_LEVELS)[number];
export type MosquittoDialect = '2.0' | '2.1';
/** How a broker learns that its files have changed. */
export type ExportReload = 'none' | 'signal' | 'message';
export type CrlMode = 'none' | 'static' | 'live';

/** Properties of `tls-export` (DESIGN.md §1.3; contract). */
export interface TlsExportConfig {
  version: number;
  name: string;
  ca: string;
  layout: ExportLayout;
  /** Relative to the user directory; every file is written below it. */
  folder: string;
  write: ExportWrite;
  /** File name without ending; empty: what the layout chooses. */
  baseName: string;
  level: SecurityLevel;
  dialect: MosquittoDialect;
  brokerHost: string;
  brokerPort: number;
  /** The folder as the broker sees it; written inside configurations. */
  targetDir: string;
  crl: CrlMode;
  /** Name of the key in a PKCS#12 file; empty: the common name. */
  alias: string;
  progmem: boolean;
  /** PKCS#12 with 3DES and SHA-1, for old programs. */
  legacy: boolean;
  /** Other than `none`: replace a broker's files safely, with proof that it serves the new certificate. */
  reload: ExportReload;
  /** Of the broker, for `signal`; relative to the user directory. */
  pidFile: string;
  /** How long the broker may take to serve the new certificate. */
  reloadTimeoutMs: number;
}

export const TLS_EXPORT_DEFAULTS: TlsExportConfig = {
  version: 1,
  name: '',
  ca: '',
  layout: 'pem',
  folder: '',
  write: 'files',
  baseName: '',
  level: 'mutual',
  dialect: '2.0',
  brokerHost: 'mosquitto',
  brokerPort: 8883,
  targetDir: '/mosquitto/config/cert',
  crl: 'none',
  alias: '',
  progmem: false,
  legacy: false,
  reload: 'none',
  pidFile: '',
  reloadTimeoutMs: 30_000,
};
