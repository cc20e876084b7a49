import { parseIpAddress } from '../model/ip-address';
import { warning, type Warning } from '../model/errors';
import { lineValue, portValue } from './configuration-text';
import { cText, deviceCertificates, deviceFiles, deviceRemarks, firstHeader, trustFiles } from './device-files';
import type { ExportInput } from './export-input';
import { publicFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';

/** The folder of a sketch has its name, so that the Arduino IDE opens it. */
const SKETCH = 'mqtt_over_tls';

/** What differs between the cores of Arduino. */
export interface ArduinoCore {
  /** As people call the board. */
  board: string;
  /** Of the board manager. */
  package: string;
  includes: readonly string[];
  /** Reading a file of LittleFS, and giving trust anchor, certificate and key to `tls`, from flash or from files. */
  credentials: string;
  /** Statement that writes the reason of the last failure into `char reason[128]`. */
  lastError: string;
}

/**
 * Headers and LittleFS files for each device, and one sketch that connects with them: by host name, after the time is known,
 * with the broker verified.
 *
 * @throws INPUT_LAYOUT, INPUT_PORT
 */
export async function arduinoLayout(core: ArduinoCore, input: ExportInput): Promise<ExportPlan> {
  const devices = deviceCertificates(input);
  const files = await inSlices(devices, (device) => deviceFiles(device, input));
  const sketch = sketchText(core, firstHeader(devices), devices.length, input);
  return {
    files: [...trustFiles(input, devices.length === 0), ...files, publicFile(`${SKETCH}.ino`, 'source', sketch)],
    warnings: [...deviceRemarks(devices, input), ...addressWarnings(core, input)],
  };
}

function addressWarnings({ board }: ArduinoCore, { settings }: ExportInput): Warning[] {
  if (!parseIpAddress(settings.brokerHost.trim())) return [];
  return [
    warning(
      'CERT_DEVICE_LIMIT',
      `the broker is ${settings.brokerHost.trim()}, and ${board} verifies host names only`,
      { field: 'brokerHost', value: settings.brokerHost.trim() },
      'Enter the host name of the broker; or issue its certificate with "devices connect by IP address" ticked',
    ),
  ];
}

function sketchText(core: ArduinoCore, header: string, devices: number, { settings }: ExportInput): string {
  const host = lineValue('brokerHost', settings.brokerHost);
  const port = portValue(settings.brokerPort);
  return `// MQTT over TLS with ${core.board}.
//
// Arduino IDE: board package "${core.package}", library "PubSubClient". Keep this file in a folder called ${SKETCH}, together
// with the header below. The header holds the private key of the device: keep both as safe as a password.
//
// The broker is verified: MQTT_HOST must be a name that stands in its certificate, and the time must be known.
//
// It talks as the sketch of the ESP8266 workshop does: readings as JSON on <name>/status, and it listens to <name>/display
// (the colour of its LED) and <name>/interval (seconds between two readings).

${core.includes.map((name) => `#include <${name}>`).join('\n')}
#include <PubSubClient.h>
#include <time.h>

// Certificate and key of the device${devices > 1 ? ', one header for each' : ''}.
#include "${header}"

// 1: read ca.pem, the certificate and the key from LittleFS (upload the .pem files) instead of compiling them in.
#ifndef FROM_LITTLEFS
#define FROM_LITTLEFS 0
#endif
#if FROM_LITTLEFS
#include <LittleFS.h>
#endif

#define WIFI_SSID "your network"
#define WIFI_PASSWORD "its password"
#define MQTT_HOST ${cText(host)}
#define MQTT_PORT ${port}
#define NTP_SERVER "pool.ntp.org"

${core.credentials}
PubSubClient mqtt(tls);

// Put your sensor here.
void publishReading() {
  float temperature = 21.5, humidity = 48.0;
  char reading[64];
  snprintf(reading, sizeof reading, "{\\"d\\":{\\"tmp\\":%.1f,\\"hmdty\\":%.1f}}", temperature, humidity);
  if (!mqtt.publish(DEVICE_NAME "/status", reading)) Serial.println("not published");
}

unsigned long secondsBetween = 10;

// {"Interval":30} sets the interval; anything else is only shown, put your LED here.
void received(char *topic, byte *payload, unsigned int length) {
  char text[64];
  snprintf(text, sizeof text, "%.*s", (int)length, (const char *)payload);
  Serial.printf("%s: %s\\n", topic, text);
  unsigned long seconds = 0;
  if (sscanf(text, " { \\"Interval\\" : %lu", &seconds) == 1 && seconds > 0) secondsBetween = seconds;
}

// Before the time is known every certificate seems "not yet valid".
void waitForTime() {
  configTime(0, 0, NTP_SERVER);
  Serial.print("waiting for the time");
  while (time(nullptr) < 1700000000) {
    delay(500);
    Serial.print(".");
  }
  Serial.println(" ok");
}

void setup() {
  Serial.begin(115200);
  WiFi.mode(WIFI_STA);
  WiFi.begin(WIFI_SSID, WIFI_PASSWORD);
  while (WiFi.status() != WL_CONNECTED) delay(500);
  waitForTime();
  useCredentials();
  mqtt.setServer(MQTT_HOST, MQTT_PORT);
  mqtt.setCallback(received);
}

void loop() {
  if (!mqtt.connected()) {
    // With a client certificate the broker knows the device by its name; the client id is the same.
    if (mqtt.connect(DEVICE_NAME)) {
      Serial.println("connected to " MQTT_HOST);
      mqtt.subscribe(DEVICE_NAME "/display");
      mqtt.subscribe(DEVICE_NAME "/interval");
    } else {
      char reason[128] = "";
      ${core.lastError}
      Serial.printf("not connected: MQTT state %d, TLS: %s\\n", mqtt.state(), reason);
      delay(5000);
      return;
    }
  }
  mqtt.loop();
  static unsigned long lastReading = 0;
  if (lastReading == 0 || millis() - lastReading >= secondsBetween * 1000) {
    lastReading = millis();
    publishReading();
  }
}
`;
}
