/** Ends what globalSetup started, by process id. */
export default async function globalTeardown(): Promise<void> {
  for (const child of globalThis.signalboxChildren) child.kill('SIGKILL');
}
