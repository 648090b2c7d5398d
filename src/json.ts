/** Plain JSON: what may cross a process, a workflow history, a file or a wire. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };
