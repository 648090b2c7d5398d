import { Reader } from 'protobufjs';
import type { JsonObject } from '../../src/json';

/** A Secret as clients that know its type send it: Kubernetes' own envelope around protocol buffers. */
export function secretOf(body: Buffer): JsonObject & { readonly metadata: JsonObject } {
  // generated.proto of k8s.io/apimachinery and k8s.io/api/core/v1: Unknown.raw, then Secret.
  const raw = fieldsOf(body.subarray('k8s\0'.length)).get(2)![0]!;
  const secret = fieldsOf(raw);
  const meta = fieldsOf(secret.get(1)![0]!);
  const text = (field: number): string => meta.get(field)?.[0]?.toString() ?? '';
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: text(1), namespace: text(3), labels: mapOf(meta.get(11), 'utf8') },
    data: mapOf(secret.get(2), 'base64'),
    type: secret.get(3)?.[0]?.toString() ?? 'Opaque',
  };
}

function mapOf(entries: readonly Buffer[] = [], encoding: 'utf8' | 'base64'): JsonObject {
  return Object.fromEntries(
    entries.map((entry) => {
      const pair = fieldsOf(entry);
      return [pair.get(1)![0]!.toString(), (pair.get(2)?.[0] ?? Buffer.alloc(0)).toString(encoding)];
    }),
  );
}

/** The fields of a message that have a length: texts, bytes and messages. */
function fieldsOf(bytes: Uint8Array): Map<number, Buffer[]> {
  const reader = Reader.create(bytes);
  const fields = new Map<number, Buffer[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) === 2) fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), Buffer.from(reader.bytes())]);
    else reader.skipType(tag & 7);
  }
  return fields;
}
