/** What says where the data of an application is. */
interface Holders {
  readonly database?: { readonly host: string };
  readonly media?: { readonly host: string };
}

/** Whether the instance holds data: each change stops it and starts it again, where another would be replaced. */
export function inPlace({ database, media }: Holders): boolean {
  return database?.host === 'instance' || media?.host === 'instance';
}
