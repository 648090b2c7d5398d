const began = Date.now();

/** One line about what a script is doing, with the seconds since it began. */
export function say(text) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(6);
  process.stdout.write(`[${seconds} s] ${text}\n`);
}

/** An end that a person should read as one sentence, without a stack trace. */
export class Stop extends Error {}

/** Runs a script's main function; a `Stop` is printed as its sentence, everything else with its stack. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? process.exitCode ?? 0;
  } catch (error) {
    process.stderr.write(`\n${error instanceof Stop ? error.message : (error?.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}
