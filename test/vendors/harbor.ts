import { basic, Vendor, type Answer } from './vendor';

export const harborPassword = 'harbor-password-of-a-test';
const mime = 'application/vnd.security.vulnerability.report; version=1.1';
const artifact = /^\/api\/v2\.0\/projects\/([^/]+)\/repositories\/([^/]+)\/artifacts\/(sha256%3A[0-9a-f]{64}|v[0-9.]+)/;

/** One image of Harbor, as its API v2.0 describes it (scanArtifact, getArtifact, NativeReportSummary). */
export class Harbor {
  severity = 'None';
  ends: 'Success' | 'Error' = 'Success';
  /** Looks for which a scan goes on. */
  takes = 2;
  scans = 0;
  scanned: readonly string[] = [];
  /** Digests by tag. */
  readonly tags = new Map<string, string>();
  private left: number | undefined;

  readonly server = new Vendor({
    isAuthorized: basic('robot$signalbox', harborPassword),
    routes: [
      { method: 'POST', path: new RegExp(`${artifact.source}/scan$`), answer: ({ parts }) => this.scan(parts) },
      {
        method: 'GET',
        path: new RegExp(`${artifact.source}$`),
        answer: ({ query, headers, parts }) =>
          query.get('with_scan_overview') === 'true' && headers['x-accept-vulnerabilities'] === mime
            ? this.look()
            : this.found(parts[2]!),
      },
    ],
  });

  private scan(parts: readonly string[]): Answer {
    if (this.left !== undefined && this.left >= 0)
      return { status: 409, body: { errors: [{ code: 'CONFLICT', message: 'a previous scan process is running' }] } };
    this.scans += 1;
    this.scanned = parts;
    this.left = this.takes;
    return { status: 202 };
  }

  private found(reference: string): Answer {
    const digest = reference.startsWith('sha256:') ? reference : this.tags.get(reference);
    if (digest === undefined)
      return { status: 404, body: { errors: [{ code: 'NOT_FOUND', message: 'artifact not found' }] } };
    return { status: 200, body: { type: 'IMAGE', digest } };
  }

  private look(): Answer {
    if (this.left === undefined) return { status: 200, body: {} };
    this.left -= 1;
    const status = this.left >= 1 ? 'Pending' : this.left >= 0 ? 'Running' : this.ends;
    const severity = status === 'Success' ? this.severity : 'Unknown';
    return {
      status: 200,
      body: { scan_overview: { [mime]: { report_id: 'r1', scan_status: status, severity, summary: { total: 0 } } } },
    };
  }
}
