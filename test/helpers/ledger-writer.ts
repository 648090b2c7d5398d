import { openLedger } from '../../activities/adapters/ledger';

/** A process that appends records one after the other, says which are acknowledged, and waits to be killed. */
async function main([url = '', dataDir = '', name = '']: readonly string[]): Promise<void> {
  const ledger = await openLedger({ url, ref: 'ledger', dataDir, now: () => new Date() });
  for (let index = 0; ; index++) {
    const at = '2026-11-21T10:00:00.000Z';
    const operationId = `deploy-${name}-${index}`;
    await ledger.append([{ operationId, event: 'intent', index: 0, at, day: '2026-11-21', body: { index } }]);
    process.stdout.write(`${operationId}\n`);
  }
}

void main(process.argv.slice(2));
