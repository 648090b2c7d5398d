import { startFleet } from './start-fleet';

/** `node main.js <port> <folder>`: runs the fleet until it is told to end, or until whoever started it is gone. */
async function main(): Promise<void> {
  const [port = '0', dataDir = '.signalbox/fleet'] = process.argv.slice(2);
  const fleet = await startFleet({ port: Number(port), dataDir });
  console.log(`fleet ${fleet.url}`);
  const end = (): void => void fleet.stop().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.once('disconnect', end);
}

main().catch((error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'EADDRINUSE'
      ? 'The fleet cannot start because its port is taken: give it another one, or 0 for any.'
      : `The fleet cannot start: ${error.message}`,
  );
  process.exit(1);
});
