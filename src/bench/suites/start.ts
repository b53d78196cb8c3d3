import type { Report } from '../report.js';
export async function benchStart(): Promise<Report> {
  return { suite: 'start', tables: [], claims: [], notes: [] };
}
