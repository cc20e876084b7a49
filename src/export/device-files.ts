import { createHash } from 'node:crypto';
import { cPemLiteral } from '../encoding/c-header';
import { warning, type Warning } from '../model/errors';
import { secretPrivateKeyPem } from '../pki/private-key';
import { baseNames } from './base-name';
import { isServer, type ExportInput, type NamedCertificate } from './export-input';
import { publicFile, secretFile, type ExportFile } from './export-plan';
import { keyAbsentWarnings, keyNotEncryptedWarnings, listed } from './key-file';
import { fullChainPem } from './pem-layout';

/** The header of a sketch that only verifies the broker. */
const CA_HEADER = 'ca';

/** SPIFFS and LittleFS as the Arduino cores build them: 31 characters with the slash before the name. */
const LONGEST_FILE_NAME = 31;
const LONGEST_ENDING = '/.crt.pem'.length;

/** The certificates of an export that go into devices, with file names that fit their file systems. */
export function deviceCertificates({ certificates, settings }: ExportInput): NamedCertificate[] {
  const devices = certificates.filter((certificate) => !isServer(certificate));
  const wanted = devices.length === 1 && settings.baseName !== '' ? [settings.baseName] : undefined;
  const names = baseNames(
    devices.map(({ serialNumber, commonName }, index) => ({ serialNumber, commonName: wanted?.[index] ?? commonName })),
    [CA_HEADER],
  );
  return devices.map((device, index) => ({ ...device, baseName: shortName(names[index] as string) }));
}

function shortName(name: string): string {
  const longest = LONGEST_FILE_NAME - LONGEST_ENDING;
  if (name.length <= longest) return name;
  const digits = createHash('sha256').update(name).digest('hex').slice(0, 6);
  return `${name.slice(0, longest - digits.length - 1)}-${digits}`;
}

/**
 * For each device its header, with certificate, key and trust anchors as NUL-terminated PEM in flash memory, and the same
 * as files for LittleFS. Keys are never encrypted: BearSSL and mbedTLS 2.28 open no encrypted key (FACTS §3).
 */
export function deviceFiles(device: NamedCertificate, input: ExportInput): ExportFile[] {
  const { baseName, secretPrivateKey: key } = device;
  const certificate = fullChainPem(device);
  const keyPem = key && secretPrivateKeyPem(key);
  const header = [
    ...headerHead(`${device.commonName}, valid until ${device.certificate.notAfter.toISOString()}`),
    `#define DEVICE_NAME ${cText(device.commonName)}`,
    '#define CA_FILE "/ca.pem"',
    ...(keyPem ? identityLines(device, certificate, keyPem) : ['// The CA holds no key for this device.']),
    literal('ca_certificate', input.authority.trustAnchorsPem),
    '',
  ].join('\n');
  return [
    keyPem ? secretFile(`${baseName}.h`, 'source', header) : publicFile(`${baseName}.h`, 'source', header),
    publicFile(`${baseName}.crt.pem`, 'certificate', certificate),
    ...(keyPem ? [secretFile(`${baseName}.key.pem`, 'private-key', keyPem)] : []),
  ];
}

/** What a sketch without client certificate needs. */
export function trustFiles({ authority }: ExportInput, alone: boolean): ExportFile[] {
  const pem = authority.trustAnchorsPem;
  const header = [
    ...headerHead('The CA; the device shows no certificate.'),
    '#define DEVICE_NAME "device"',
    '#define CA_FILE "/ca.pem"',
    literal('ca_certificate', pem),
    '',
  ].join('\n');
  return [publicFile('ca.pem', 'trust', pem), ...(alone ? [publicFile(`${CA_HEADER}.h`, 'source', header)] : [])];
}

/** The header that the sketch includes as it is written. */
export function firstHeader(devices: readonly NamedCertificate[]): string {
  return `${devices[0]?.baseName ?? CA_HEADER}.h`;
}

/** What must be said of devices and their broker. */
export function deviceRemarks(devices: readonly NamedCertificate[], input: ExportInput): Warning[] {
  const servers = input.certificates.filter(isServer).map(({ commonName }) => commonName);
  const keys = devices.filter(({ secretPrivateKey }) => secretPrivateKey).map(({ baseName }) => `${baseName}.key.pem`);
  return [
    ...keyAbsentWarnings(devices),
    ...(input.secretPassphrase ? keyNotEncryptedWarnings(keys) : []),
    ...(servers.length === 0
      ? []
      : [
          warning(
            'INPUT_LAYOUT',
            `nothing was written for ${listed(servers)}: a device does not need the certificate of a server`,
            { field: 'payload', commonNames: servers.slice(0, 20) },
            'Export the certificate of the broker with the layout Mosquitto or PEM',
          ),
        ]),
  ];
}

function headerHead(what: string): string[] {
  return ['#pragma once', `// ${what.replace(/[^ -~]/g, '?')}`];
}

function identityLines({ baseName, certificate }: NamedCertificate, pem: string, keyPem: string): string[] {
  return [
    '#define DEVICE_HAS_CERTIFICATE 1',
    `#define DEVICE_KEY_IS_EC ${certificate.keyDescription.startsWith('ec') ? 1 : 0}`,
    `#define ISSUER_KEY_IS_EC ${/ecdsa/i.test(certificate.signatureAlgorithm.name) ? 1 : 0}`,
    `#define DEVICE_CERTIFICATE_FILE "/${baseName}.crt.pem"`,
    `#define DEVICE_KEY_FILE "/${baseName}.key.pem"`,
    literal('device_certificate', pem),
    literal('device_private_key', keyPem),
  ];
}

/** `static`, so that a sketch that reads its files instead does not pay for the text. */
function literal(name: string, pem: string): string {
  return `static ${cPemLiteral(name, pem, { progmem: true })}`.trimEnd();
}

/** UTF-8 as octal escapes: they end after three digits, `\x` does not. */
export function cText(text: string): string {
  const octets = [...Buffer.from(text, 'utf8')];
  const escaped = octets.map((octet) =>
    octet < 0x20 || octet > 0x7e || octet === 0x22 || octet === 0x5c || octet === 0x3f
      ? `\\${octet.toString(8).padStart(3, '0')}`
      : String.fromCharCode(octet),
  );
  return `"${escaped.join('')}"`;
}
