/** What went wrong with a bucket, as one sentence that says what to mend. Nothing that the server said is in it. */
export function bucketTrouble(error: unknown, { bucket }: { readonly bucket: string }): string {
  const { name, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (name === 'NoSuchBucket' || (status === 404 && name !== 'NoSuchKey'))
    return `There is no bucket ${bucket} where LOG_STORE_ENDPOINT is; whoever runs Signalbox has to make it or correct LOG_STORE.`;
  if (refused.has(name) || status === 401 || status === 403)
    return `The bucket ${bucket} refuses LOG_STORE_ACCESS_KEY and LOG_STORE_SECRET_KEY; whoever runs Signalbox has to correct them or to allow them reading, writing and listing there.`;
  if (status !== undefined && status >= 300 && status < 400)
    return `The bucket ${bucket} is in another region than LOG_STORE_REGION says; whoever runs Signalbox has to correct it.`;
  if (status !== undefined)
    return `The store of the logs answered with ${status}; whoever runs it has to see what is wrong with the bucket ${bucket}.`;
  return `The store of the logs does not answer; whoever runs it has to see why, and it is tried again meanwhile.`;
}

const refused: ReadonlySet<string> = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
]);
