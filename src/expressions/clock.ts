import { CelScalar, celMethod, objectType, type CelFunc } from '@bufbuild/cel';
import { Info } from 'luxon';
import { offsetAt } from '../zone-offset';

/**
 * `now.getHours()` and its kin, in the zone of the rule that asks. The engine's own versions read UTC without a zone
 * and go through the clock of the process, whose summer time would move the answer.
 */
export function clockMethods(zone: () => string): readonly CelFunc[] {
  return Object.entries(parts).flatMap(([name, part]) => {
    const read = (message: unknown, where: string): bigint => {
      const { seconds, nanos } = (message as { message: { seconds: bigint; nanos: number } }).message;
      return BigInt(part(wallAt(Number(seconds) * 1000 + Math.floor(nanos / 1e6), where)));
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

/** What the clock of a zone shows at an instant, as if it were UTC. */
function wallAt(at: number, where: string): Date {
  const rules = Info.normalizeZone(zoneName(where));
  if (!rules.isValid) throw new Error(`"${where}" is not a time zone`);
  return new Date(at + (rules.isUniversal ? rules.offset(at) * 60_000 : offsetAt(rules.name, at)));
}

const parts: { readonly [method: string]: (wall: Date) => number } = {
  getFullYear: (wall) => wall.getUTCFullYear(),
  getMonth: (wall) => wall.getUTCMonth(),
  getDate: (wall) => wall.getUTCDate(),
  getDayOfMonth: (wall) => wall.getUTCDate() - 1,
  getDayOfWeek: (wall) => wall.getUTCDay(),
  getDayOfYear: (wall) => Math.floor((wall.getTime() - new Date(wall).setUTCMonth(0, 1)) / 86_400_000),
  getHours: (wall) => wall.getUTCHours(),
  getMinutes: (wall) => wall.getUTCMinutes(),
  getSeconds: (wall) => wall.getUTCSeconds(),
  getMilliseconds: (wall) => wall.getUTCMilliseconds(),
};

function zoneName(where: string): string {
  const fixed = /^([+-]?)(\d\d:\d\d)$/.exec(where);
  return fixed ? `UTC${fixed[1] || '+'}${fixed[2]}` : where;
}
