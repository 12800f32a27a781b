import { GatewayError } from "../../../kit/errors.ts";
import type { OrgId } from "../../../kit/ids.ts";
import type { Page, PageRequest } from "../../store/page.ts";
import type { ApiKey, KeyRequest, Keys } from "./keys.ts";
import { allows, defaultScopes } from "./scopes.ts";

/** A key as asked for by somebody who has one; without an organisation it is for their own. */
export type KeyDeskRequest = Omit<KeyRequest, "orgId" | "preset"> & { readonly orgId?: OrgId };

/** Keys in the hands of somebody with a key: never beyond what it may itself. */
export interface KeyDesk {
  /** Makes a key with no scope that the maker lacks; `secret` is shown once. */
  create(request: KeyDeskRequest): Promise<{ key: ApiKey; secret: string }>;
  /** Newest first; those of another organisation for operators only. */
  list(page: PageRequest, orgId?: OrgId): Promise<Page<ApiKey>>;
  get(id: string): Promise<ApiKey>;
  /** Ends a key at once; twice is fine. */
  revoke(id: string): Promise<void>;
}

/** What somebody with this key may do with keys. */
export function openKeyDesk(keys: Keys, by: Pick<ApiKey, "orgId" | "scopes">): KeyDesk {
  const isOperator = by.scopes.includes("operator");
  /** Whose keys are meant; to all but operators there is one organisation. */
  const reach = (orgId: OrgId = by.orgId): OrgId => {
    if (orgId !== by.orgId && !isOperator)
      throw new GatewayError("not-found", "there is no such organisation", "orgId");
    return orgId;
  };
  const get = async (id: string): Promise<ApiKey> => {
    const key = await keys.find(id, isOperator ? undefined : by.orgId);
    if (!key) throw new GatewayError("not-found", "there is no such key");
    return key;
  };
  return {
    create: async ({ orgId, scopes, ...request }) => {
      const tooMuch = scopes?.find((scope) => !allows(by.scopes, scope));
      if (tooMuch !== undefined) {
        const why = `a key cannot give the scope ${tooMuch}, which it does not have itself`;
        throw new GatewayError("forbidden", why, "scopes", { reason: "missing-scope" });
      }
      const granted = scopes ?? defaultScopes.filter((scope) => allows(by.scopes, scope));
      return keys.create({ ...request, orgId: reach(orgId), scopes: granted });
    },
    list: (page, orgId) => keys.page(reach(orgId), page),
    get,
    revoke: async (id) => {
      const key = await get(id);
      // Whoever looks after an organisation's keys does not lock the gateway's operators out.
      if (key.scopes.includes("operator") && !isOperator) {
        throw new GatewayError("forbidden", "only operators end an operator's key", undefined, {
          reason: "missing-scope",
        });
      }
      await keys.revoke(key.orgId, id);
    },
  };
}
