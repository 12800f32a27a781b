/** What a key may be allowed: `operator` is everything, also what is the whole gateway's. */
export const scopes = ["read", "write", "calls", "texts", "billing", "keys", "operator"] as const;

export type Scope = (typeof scopes)[number];

/** What a key of an organisation has when nothing is said: everything of its own organisation. */
export const defaultScopes: readonly Scope[] = scopes.filter((scope) => scope !== "operator");

/** Whether a key with these scopes may do it. */
export function allows(held: readonly Scope[], wanted: Scope): boolean {
  return held.includes("operator") || held.includes(wanted);
}

export function isScope(text: string): text is Scope {
  return scopes.some((scope) => scope === text);
}
