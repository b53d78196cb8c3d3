import { spawn } from 'node:child_process';
import type { Command } from '../../programs/runc-bundles.js';
import type { Marks } from '../stages.js';

/** Runs a program until it ends; the first line that it prints is the function's answer. Throws with the program's own words. */
export function runContainer({ file, env }: Command, args: readonly string[], marks: Marks): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let output = '';
    let words = '';
    let failure: unknown;
    let answered = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (answered || !output.includes('\n')) return;
      answered = true;
      try {
        marks.answer(output.slice(0, output.indexOf('\n')));
      } catch (error) {
        failure = error;
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-2000)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (failure !== undefined) return reject(failure);
      if (code === 0 && answered) return resolve();
      const last = words.trim().split('\n').at(-1) || 'it printed nothing';
      reject(new Error(`${file} ended with ${signal ?? `status ${code}`}: ${last}`));
    });
  });
}
