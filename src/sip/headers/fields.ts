/** Every typed header in one place: `headers.first(viaField)`, `headers.put(cseqField, …)`. */
export * from "./address.ts";
export * from "./auth.ts";
export * from "./scalars.ts";
export * from "./valued.ts";
export * from "./via.ts";
