import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CHECKOUT } from './runtimes';

const STUBS = path.join(CHECKOUT, 'test', 'fixtures', 'arduino');

export type ArduinoCoreName = 'esp8266' | 'esp32';

/**
 * The C++ compiler on the sketch of a folder, against declarations of the Arduino core.
 *
 * @returns what it complains about; empty when it compiles
 */
export function compileSketch(core: ArduinoCoreName, folder: string, ...options: string[]): string {
  const includes = ['shared-core', core].map((one) => `-I${path.join(STUBS, one)}`);
  const strict = ['-std=gnu++17', '-fsyntax-only', '-Wall', '-Wextra', '-Werror', '-Wno-unused-variable'];
  const sketch = ['-include', 'Arduino.h', '-x', 'c++', 'mqtt_over_tls.ino'];
  return spawnSync('g++', [...strict, ...includes, ...options, ...sketch], { cwd: folder, encoding: 'utf8' }).stderr;
}

/** What a program sees in the texts of a header. */
export function headerTexts(folder: string, header: string): Record<string, string> {
  const names = ['ca_certificate', 'device_certificate', 'device_private_key', 'DEVICE_NAME'];
  const source = [
    '#include <cstdio>',
    '#define PROGMEM',
    `#include "${header}"`,
    'int main() {',
    ...names.map((name) => `  fputs(${name}, stdout); fputc(0, stdout);`),
    '}',
  ];
  writeFileSync(path.join(folder, 'literals.cpp'), source.join('\n'));
  execFileSync('g++', ['-o', 'literals', 'literals.cpp'], { cwd: folder });
  const texts = execFileSync('./literals', { cwd: folder, encoding: 'utf8' }).split('\0');
  // It holds a key, and everybody may read what a compiler writes.
  rmSync(path.join(folder, 'literals'));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}

/**
 * The sketch of an ESP8266 on a board of ours (`test/fixtures/arduino/esp8266/board.cpp`): refused once, connected, a display
 * message, another interval.
 *
 * @returns what it asked for, line by line
 */
export function runSketch(folder: string): string[] {
  const includes = ['shared-core', 'esp8266'].map((one) => `-I${path.join(STUBS, one)}`);
  const sketch = [
    '-include',
    'Arduino.h',
    '-DSKETCH="mqtt_over_tls.ino"',
    '-I.',
    path.join(STUBS, 'esp8266', 'board.cpp'),
  ];
  execFileSync('g++', ['-std=gnu++17', ...includes, ...sketch, '-o', 'board'], { cwd: folder });
  return execFileSync('./board', { cwd: folder, encoding: 'utf8' }).trimEnd().split('\n');
}
