import { Secret, TOTP } from 'otpauth';
import type { BotDeps } from './deps';
import { readAuthenticators } from './authenticators-file';
import { factorMarks, type FactorMarks } from './factor-marks';

const stepMs = 30_000;
/** Steps before and after the present one whose codes are taken: clocks differ, and people type slowly. */
const window = 1;
/** Wrong codes of one person until nobody may try for a while; how long both count. */
const triesMost = 5;
const lockMs = 5 * 60_000;

export type Checked =
  /** When the code was seen, ISO 8601 UTC. */
  { readonly ok: true; readonly at: string } | { readonly ok: false; readonly sentence: string };

/** Second factors of people. A code stays in here: it is neither logged nor handed on. */
export interface SecondFactors {
  /** Why a person cannot give a second factor at all and who can change that, in a sentence; nothing when they can. */
  whyNot(user: string): string | undefined;
  /** Whether this is a code of theirs that was not used before. `use` says for what: the same again is the same. */
  check(given: { readonly user: string; readonly code: string; readonly use: string }): Promise<Checked>;
}

/** Reads the file at each look, so that who is enrolled may act at once, and who was removed no more. */
export function secondFactors(
  deps: Pick<BotDeps, 'redis' | 'now' | 'log' | 'waits' | 'secondFactorsFile'>,
): SecondFactors {
  const marks = factorMarks(deps);
  return {
    whyNot: (user) => {
      const found = secretOf(deps, user);
      return typeof found === 'string' ? undefined : found.sentence;
    },
    async check({ user, code, use }) {
      const found = secretOf(deps, user);
      if (typeof found !== 'string') return { ok: false, sentence: found.sentence };
      const digits = code.replace(/\s/g, '');
      if (!/^[0-9]{6}$/.test(digits))
        return refused('Type the six digits that your authenticator shows for Signalbox at this moment.');
      try {
        return await judged({ marks, now: deps.now(), secret: found }, { user, digits, use });
      } catch (error) {
        deps.log.warn({ err: error }, 'a second factor could not be checked');
        return refused(
          'Your code was not checked because Redis, which remembers the used ones, does not answer, and unknown means no; try again in a minute, or tell whoever runs Signalbox.',
        );
      }
    },
  };
}

async function judged(
  { marks, now, secret }: { readonly marks: FactorMarks; readonly now: Date; readonly secret: string },
  { user, digits, use }: { readonly user: string; readonly digits: string; readonly use: string },
): Promise<Checked> {
  // Counted before it is compared, so that a hundred tries at once are a hundred tries.
  const tries = await marks.tried({ user, most: triesMost, forMs: lockMs });
  if (tries > triesMost) return refused(lockedOut);
  const totp = new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: stepMs / 1_000 });
  const delta = totp.validate({ token: digits, timestamp: now.getTime(), window });
  if (delta === null)
    return refused(
      tries === triesMost
        ? lockedOut
        : 'That is not the code of your authenticator; type the one that it shows now, and if it is never right, see that the clock of your phone is.',
    );
  await marks.forgive(user);
  const step = Math.floor(now.getTime() / stepMs) + delta;
  const isFirst = await marks.use({ user, step, use, keepMs: stepMs * (2 * window + 2) });
  if (!isFirst)
    return refused(
      'That code has been used already, and each counts once; wait for the next one, half a minute at most.',
    );
  return { ok: true, at: now.toISOString() };
}

const lockedOut =
  'Five codes in five minutes were wrong, so none of yours is looked at for five minutes; try again then, and if it was not you, tell whoever runs Signalbox.';

function secretOf(
  { secondFactorsFile: file, log }: Pick<BotDeps, 'log' | 'secondFactorsFile'>,
  user: string,
): string | { readonly sentence: string } {
  if (file === undefined)
    return {
      sentence:
        'You cannot approve this because policy asks for a second factor and Signalbox is not set up for any; whoever runs it sets SECOND_FACTORS_FILE and enrolls you.',
    };
  try {
    const secret = readAuthenticators(file).get(user);
    if (secret !== undefined) return secret;
  } catch (error) {
    log.error({ err: error }, 'the file with the second factors cannot be used');
    return {
      sentence:
        'You cannot approve this now because the file with the second factors cannot be used; whoever runs Signalbox finds the reason with "signalbox doctor".',
    };
  }
  return {
    sentence: `You cannot approve this yet because no authenticator of yours is enrolled; whoever runs Signalbox enrolls you with "signalbox second-factor enroll ${user}".`,
  };
}

function refused(sentence: string): Checked {
  return { ok: false, sentence };
}
