import type { Report } from '../report.js';
export async function benchMemory(): Promise<Report> {
  return { suite: 'memory', tables: [], claims: [], notes: [] };
}
