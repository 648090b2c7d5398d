import type { Command } from 'commander';
import { BadInput } from './command';
import type { PolicyPlace } from './policy-files';

/** The options that say which policy is meant. */
export function withPlace(command: Command): Command {
  return command
    .option('--repo <path or URL>', 'Git repository of the policy; POLICY_REPO when absent')
    .option('--ref <ref>', 'branch, tag or whole commit id; the checked-out branch, or POLICY_REF, when absent')
    .option('--dir <folder>', 'a folder as it lies there, committed or not');
}

/** The same with the folder as an argument as well, since that is how people type it first. */
export function withFolderArgument(command: Command): Command {
  return withPlace(command).argument('[folder]', 'the same as --dir <folder>');
}

/** Where policy is, whichever way the folder was given. Throws `BadInput` when it was given in two. */
export function placeOf(folder: string | undefined, place: PolicyPlace): PolicyPlace {
  if (folder === undefined) return place;
  if (place.dir !== undefined)
    throw new BadInput('The folder is given twice, as an argument and with --dir; give it once.');
  return { ...place, dir: folder };
}
