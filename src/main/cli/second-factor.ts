import { Secret, TOTP } from 'otpauth';
import { changeAuthenticators, readAuthenticators, type Authenticators } from '../../../bot/authenticators-file';
import { BadInput, Failed, printJson, settingsOf, type AddCommand, type ExitCode } from './command';
import type { Io } from './io';

/** As RFC 4226 recommends: as long as the hash. */
const secretBytes = 20;

interface Enroll {
  readonly replace?: boolean;
  readonly json?: boolean;
}

export const addSecondFactor: AddCommand = (program, { io, ends }) => {
  const group = program
    .command('second-factor')
    .description('Who has an authenticator for approvals that ask for a second factor');
  group
    .command('enroll')
    .description('Make a secret for a person and print it once, as the address that an authenticator reads')
    .argument('<user id>', 'their Slack user id, as U0ANA')
    .option('--replace', 'in place of the one they have, which then counts no more')
    .option('--json', 'print JSON')
    .action(ends((user: string, options: Enroll): ExitCode => enroll(io, user, options)));
  group
    .command('list')
    .description('Who is enrolled, by Slack user id')
    .option('--json', 'print JSON')
    .action(
      ends(({ json }: { readonly json?: boolean }): ExitCode => {
        const enrolled = [...readAuthenticators(fileOf(io)).keys()].sort();
        if (json) printJson(io, { enrolled });
        else io.out(enrolled.length === 0 ? 'Nobody is enrolled.' : enrolled.join('\n'));
        return 0;
      }),
    );
  group
    .command('remove')
    .description("Remove a person's authenticator: their codes count no more")
    .argument('<user id>', 'their Slack user id')
    .action(ends((user: string): ExitCode => remove(io, user)));
};

function enroll(io: Io, user: string, { replace, json }: Enroll): ExitCode {
  const file = fileOf(io);
  if (!/^[UW][A-Z0-9]{1,20}$/.test(user))
    throw new BadInput(`${user} is not a Slack user id; it looks like U0ANA and is in the person's Slack profile.`);
  const secret = new Secret({ size: secretBytes });
  changeAuthenticators(file, (known) => {
    if (known.has(user) && !replace)
      throw new Failed(
        `${user} has an authenticator already, and nothing was changed; add --replace to make that one useless.`,
      );
    return new Map([...known, [user, secret.base32]]);
  });
  const totp = new TOTP({ issuer: 'Signalbox', label: user, secret, algorithm: 'SHA1', digits: 6, period: 30 });
  if (json) printJson(io, { user, uri: totp.toString() });
  else {
    io.out(totp.toString());
    io.out(
      `${user} is enrolled. Give them this address in person, best as a QR code on your screen; it is not shown again.`,
    );
  }
  return 0;
}

function remove(io: Io, user: string): ExitCode {
  let left: Authenticators = new Map();
  changeAuthenticators(fileOf(io), (known) => {
    if (!known.has(user)) throw new Failed(`${user} is not enrolled, so there was nothing to remove.`);
    left = new Map([...known].filter(([id]) => id !== user));
    return left;
  });
  io.out(`${user} is enrolled no more; ${left.size === 1 ? 'one person still is' : `${left.size} people still are`}.`);
  return 0;
}

function fileOf(io: Io): string {
  return settingsOf(io, ['SECOND_FACTORS_FILE']).SECOND_FACTORS_FILE!;
}
