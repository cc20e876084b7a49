/** A TLS stack: the head of its column, and its name in a sentence. */
export interface DeviceStackFacts {
  label: string;
  name: string;
}

/** The columns of the table of verdicts, by what people call them. What they refuse: device-rules.ts. */
export const DEVICE_STACKS = {
  esp8266: { label: 'ESP8266', name: 'an ESP8266 (BearSSL)' },
  esp32: { label: 'ESP32', name: 'an ESP32 (mbedTLS)' },
  java: { label: 'Java', name: 'Java' },
  strict: { label: 'Python', name: 'a strict verifier (Python 3.13, openssl -x509_strict)' },
  node: { label: 'Node-RED', name: 'Node-RED and other OpenSSL programs' },
  browser: { label: 'Browser', name: 'a browser (Chrome, Chromium)' },
  apple: { label: 'Apple', name: 'an iPhone, iPad or Mac' },
  nss: { label: 'NSS', name: 'NSS (Thunderbird, LibreOffice)' },
  gnutls: { label: 'GnuTLS', name: 'GnuTLS' },
} as const satisfies Record<string, DeviceStackFacts>;

export type DeviceStack = keyof typeof DEVICE_STACKS;

/** In the order of the columns. */
export function deviceStacks(): DeviceStack[] {
  return Object.keys(DEVICE_STACKS) as DeviceStack[];
}
