import { arduinoLayout, type ArduinoCore } from './arduino-sketch';
import type { ExportInput } from './export-input';
import type { ExportPlan } from './export-plan';

/** Board package esp8266 3.x: TLS by BearSSL, at most TLS 1.2. */
const ESP8266: ArduinoCore = {
  board: 'an ESP8266',
  package: 'esp8266',
  includes: ['ESP8266WiFi.h', 'WiFiClientSecure.h'],
  credentials: `BearSSL::WiFiClientSecure tls;

#if FROM_LITTLEFS
template <typename Kind> Kind *fromFile(const char *name) {
  File file = LittleFS.open(name, "r");
  if (!file) Serial.printf("%s is not in LittleFS\\n", name);
  return new Kind(file);
}
#define TRUST_ANCHORS fromFile<BearSSL::X509List>(CA_FILE)
#define DEVICE_CERTIFICATE fromFile<BearSSL::X509List>(DEVICE_CERTIFICATE_FILE)
#define DEVICE_KEY fromFile<BearSSL::PrivateKey>(DEVICE_KEY_FILE)
#else
#define TRUST_ANCHORS new BearSSL::X509List(ca_certificate)
#define DEVICE_CERTIFICATE new BearSSL::X509List(device_certificate)
#define DEVICE_KEY new BearSSL::PrivateKey(device_private_key)
#endif

// BearSSL keeps pointers to these, so they live as long as the sketch.
void useCredentials() {
#if FROM_LITTLEFS
  LittleFS.begin();
#endif
  tls.setX509Time(time(nullptr));
  tls.setTrustAnchors(TRUST_ANCHORS);
#ifdef DEVICE_HAS_CERTIFICATE
#if DEVICE_KEY_IS_EC
  tls.setClientECCert(DEVICE_CERTIFICATE, DEVICE_KEY, BR_KEYTYPE_SIGN, ISSUER_KEY_IS_EC ? BR_KEYTYPE_EC : BR_KEYTYPE_RSA);
#else
  tls.setClientRSACert(DEVICE_CERTIFICATE, DEVICE_KEY);
#endif
#endif
}
`,
  lastError: 'tls.getLastSSLError(reason, sizeof reason);',
};

/** Headers, LittleFS files and a sketch for the ESP8266. */
export function esp8266Layout(input: ExportInput): Promise<ExportPlan> {
  return arduinoLayout(ESP8266, input);
}
