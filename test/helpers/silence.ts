import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

let done = false;

/** The SDK's own log would bury the tests' output; its errors stay. Before the first worker or native connection. */
export function silenceTemporal(): void {
  if (done) return;
  done = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }), forward: {} } },
  });
}
