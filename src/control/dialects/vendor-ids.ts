import { type IdKind, idPrefixes } from "../../kit/ids.ts";

/** How ids of one kind look to a vendor's clients. */
export interface VendorIds {
  /** The id they see. */
  show(id: string): string;
  /** The inner id of one of theirs; what is not theirs stays as it is, so that inner ids work too. */
  read(text: string): string;
}

/** Ids under a vendor's own prefix: the letters after it are the same, so nothing need be kept. */
export function vendorIds(kind: IdKind, prefix: string): VendorIds {
  return {
    show: (id) => exchange(id, idPrefixes[kind], prefix),
    read: (text) => exchange(text, prefix, idPrefixes[kind]),
  };
}

function exchange(id: string, from: string, to: string): string {
  return id.startsWith(`${from}_`) ? `${to}_${id.slice(from.length + 1)}` : id;
}
