import type { Report } from '../report.js';
export async function benchAcquire(): Promise<Report> {
  return { suite: 'acquire', tables: [], claims: [], notes: [] };
}
