import { CelScalar, celMethod, objectType, type CelFunc } from '@bufbuild/cel';
import { DateTime } from 'luxon';

/**
 * `now.getHours()` and its kin, in the zone of the rule that asks. The engine's own versions read UTC without a zone
 * and go through the clock of the process, whose summer time would move the answer.
 */
export function clockMethods(zone: () => string): readonly CelFunc[] {
  return Object.entries(parts).flatMap(([name, part]) => {
    const read = (message: unknown, where: string): bigint => {
      const { seconds, nanos } = (message as { message: { seconds: bigint; nanos: number } }).message;
      const at = DateTime.fromMillis(Number(seconds) * 1000 + Math.floor(nanos / 1e6), { zone: zoneName(where) });
      if (!at.isValid) throw new Error(`"${where}" is not a time zone`);
      return BigInt(part(at));
    };
    const timestamp = objectType('google.protobuf.Timestamp');
    return [
      celMethod(name, timestamp, [], CelScalar.INT, function (this: unknown) {
        return read(this, zone());
      }),
      celMethod(name, timestamp, [CelScalar.STRING], CelScalar.INT, function (this: unknown, where: string) {
        return read(this, where);
      }),
    ];
  });
}

const parts: { readonly [method: string]: (at: DateTime) => number } = {
  getFullYear: (at) => at.year,
  getMonth: (at) => at.month - 1,
  getDate: (at) => at.day,
  getDayOfMonth: (at) => at.day - 1,
  getDayOfWeek: (at) => at.weekday % 7,
  getDayOfYear: (at) => at.ordinal - 1,
  getHours: (at) => at.hour,
  getMinutes: (at) => at.minute,
  getSeconds: (at) => at.second,
  getMilliseconds: (at) => at.millisecond,
};

function zoneName(where: string): string {
  const fixed = /^([+-]?)(\d\d:\d\d)$/.exec(where);
  return fixed ? `UTC${fixed[1] || '+'}${fixed[2]}` : where;
}
