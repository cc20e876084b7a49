import { arduinoLayout, type ArduinoCore } from './arduino-sketch';
import type { ExportInput } from './export-input';
import type { ExportPlan } from './export-plan';

/** Board package esp32: TLS by mbedTLS, which takes RSA and EC keys by the same call. */
const ESP32: ArduinoCore = {
  board: 'an ESP32',
  package: 'esp32',
  includes: ['WiFi.h', 'WiFiClientSecure.h'],
  credentials: `WiFiClientSecure tls;

#if FROM_LITTLEFS
typedef bool (WiFiClientSecure::*Load)(Stream &, size_t);
void fromFile(const char *name, Load load) {
  File file = LittleFS.open(name, "r");
  if (!file || !(tls.*load)(file, file.size())) Serial.printf("%s is not in LittleFS\\n", name);
}
#endif

void useCredentials() {
#if FROM_LITTLEFS
  LittleFS.begin();
  fromFile(CA_FILE, &WiFiClientSecure::loadCACert);
#ifdef DEVICE_HAS_CERTIFICATE
  fromFile(DEVICE_CERTIFICATE_FILE, &WiFiClientSecure::loadCertificate);
  fromFile(DEVICE_KEY_FILE, &WiFiClientSecure::loadPrivateKey);
#endif
#else
  tls.setCACert(ca_certificate);
#ifdef DEVICE_HAS_CERTIFICATE
  tls.setCertificate(device_certificate);
  tls.setPrivateKey(device_private_key);
#endif
#endif
}
`,
  lastError: 'tls.lastError(reason, sizeof reason);',
};

/** Headers, LittleFS files and a sketch for the ESP32. */
export function esp32Layout(input: ExportInput): Promise<ExportPlan> {
  return arduinoLayout(ESP32, input);
}
