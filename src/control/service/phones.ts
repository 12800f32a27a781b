import { GatewayError } from "../../kit/errors.ts";
import { type E164, makeId, type OrgId } from "../../kit/ids.ts";
import { writeUri } from "../../sip/uri.ts";
import type { Extension, Phone } from "../exchange/phone.ts";
import { PhoneBook } from "../exchange/phone-book.ts";
import type { Db } from "../store/database.ts";
import type { Page, PageRequest } from "../store/page.ts";
import {
  allPhones,
  deletePhone,
  findPhone,
  findPhoneNamed,
  insertPhone,
  ownerOfNumber,
  type PhoneRow,
  pageOfPhones,
  updatePhone,
} from "../store/phones.ts";
import { lockRow } from "../store/row-lock.ts";
import type { ServiceDeps } from "./deps.ts";
import { type ApiKey, randomBase62 } from "./orgs/keys.ts";

/** What is set on a phone besides its password. */
export type PhoneSettings = Omit<Phone, "id" | "orgId">;

/** What a new phone has when nothing is said. */
export const defaultPhone = {
  number: null,
  label: null,
  mayCall: "any",
  enabled: true,
} as const satisfies Omit<PhoneSettings, "username">;

/** A change to a phone: what is missing stays. */
export type PhoneChange = Partial<PhoneSettings> & { readonly password?: string };

/** One device a phone has registered. */
export interface PhoneRegistration {
  /** URI it is called at. */
  readonly contact: string;
  readonly userAgent: string | null;
  /** Wall ms. */
  readonly expiresAt: number;
  /** Of the REGISTER, as we saw it: the device, its NAT or a proxy. */
  readonly transport: string;
  readonly address: string;
  readonly port: number;
}

/** A phone as kept, and where it can be reached now. Never its password. */
export interface RegisteredPhone extends Phone {
  readonly registrations: readonly PhoneRegistration[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * Who says that a telephone number is his. Nobody can prove it here, and what all organisations send to the number is his
 * from then on: so operators say it. Undefined: the gateway itself.
 */
export type NumberClaimant = Pick<ApiKey, "scopes"> | null | undefined;

/** Softphones and desk phones: made, changed, found. */
export interface Phones {
  /** Makes a phone; `password` is given when it was made up here, and shown this once. */
  create(
    settings: Pick<Phone, "username"> & PhoneChange,
    by?: NumberClaimant,
  ): Promise<{ phone: RegisteredPhone; password: string | undefined }>;
  get(id: string): Promise<RegisteredPhone>;
  list(page: PageRequest): Promise<Page<RegisteredPhone>>;
  update(id: string, change: PhoneChange, by?: NumberClaimant): Promise<RegisteredPhone>;
  delete(id: string): Promise<void>;
  /** Makes up a new password and gives it; the phone is away until it registers with it. */
  rotatePassword(id: string): Promise<string>;
}

/** 119 bits. */
const passwordLength = 20;
const leastPasswordLength = 8;

/** Reads the phones of all organisations into a book, for who answers SIP. */
export async function openPhoneBook(deps: Pick<ServiceDeps, "database" | "secrets">): Promise<PhoneBook> {
  const book = new PhoneBook();
  for (const row of await allPhones(deps.database.db)) enter(book, row, deps);
  return book;
}

/** The phones of one organisation; what changes is entered in the book. */
export function createPhones(deps: ServiceDeps, book: PhoneBook, orgId: OrgId): Phones {
  const { clock, random, secrets } = deps;
  const { db } = deps.database;

  const find = async (on: Db, id: string): Promise<PhoneRow> => {
    const row = await findPhone(on, orgId, id);
    if (!row) throw new GatewayError("not-found", "there is no such phone");
    return row;
  };
  const shown = (row: PhoneRow): RegisteredPhone => {
    const now = clock.now();
    const registrations = book.bindings(row.id, now).map((binding) => ({
      contact: writeUri(binding.contact),
      userAgent: binding.userAgent ?? null,
      expiresAt: Math.round(clock.wall() + binding.expiresAt - now),
      transport: binding.source.transport,
      address: binding.source.address,
      port: binding.source.port,
    }));
    return { ...toPhone(row), registrations, createdAt: row.created_at, updatedAt: row.updated_at };
  };
  const change = async (id: string, { password, ...settings }: PhoneChange, by?: NumberClaimant): Promise<PhoneRow> => {
    checkPassword(password);
    const row = await db.transaction().execute(async (trx) => {
      await lockRow(trx, "phones", orgId, id);
      const before = await find(trx, id);
      if (settings.number !== before.number) checkClaim(settings.number, by);
      const columns = { ...toColumns({ ...toPhone(before), ...defined(settings) }), updated_at: clock.wall() };
      await checkNames(trx, orgId, columns, id);
      const changed = password === undefined ? columns : { ...columns, password: secrets.seal(password, id) };
      await updatePhone(trx, orgId, id, changed);
      return { ...before, ...changed };
    });
    enter(book, row, deps);
    return row;
  };
  return {
    create: async ({ password: given, ...settings }, by) => {
      checkPassword(given);
      checkClaim(settings.number, by);
      const id = makeId("phone", random);
      const password = given ?? randomBase62(passwordLength, random);
      const now = clock.wall();
      const row: PhoneRow = {
        ...toColumns({ ...defaultPhone, username: settings.username, ...defined(settings) }),
        id,
        org_id: orgId,
        password: secrets.seal(password, id),
        created_at: now,
        updated_at: now,
      };
      await db.transaction().execute(async (trx) => {
        await checkNames(trx, orgId, row, id);
        await insertPhone(trx, row);
      });
      enter(book, row, deps);
      return { phone: shown(row), password: given === undefined ? password : undefined };
    },
    get: async (id) => shown(await find(db, id)),
    list: async (page) => {
      const { data, next } = await pageOfPhones(db, orgId, page);
      return { data: data.map(shown), next };
    },
    update: async (id, wanted, by) => shown(await change(id, wanted, by)),
    delete: async (id) => {
      if (!(await deletePhone(db, orgId, id))) throw new GatewayError("not-found", "there is no such phone");
      book.remove(id);
    },
    rotatePassword: async (id) => {
      const password = randomBase62(passwordLength, random);
      await change(id, { password });
      return password;
    },
  };
}

/** A phone whose password was sealed under another key can be seen and given a new one, but not authenticate. */
function enter(book: PhoneBook, row: PhoneRow, { secrets }: Pick<ServiceDeps, "secrets">): void {
  let password: string;
  try {
    password = secrets.open(row.password, row.id);
  } catch {
    book.remove(row.id);
    return;
  }
  book.set(toPhone(row), password);
}

/** A number leads to one place: an agent's number or one phone; and a user name may not be another phone's number. */
async function checkNames(db: Db, orgId: OrgId, row: Pick<PhoneRow, "username" | "number">, id: string): Promise<void> {
  const { username, number } = row;
  if (number !== null && (await ownerOfNumber(db, number))) {
    throw new GatewayError("conflict", "this number is an agent's", "number");
  }
  if (await findPhoneNamed(db, orgId, username, id)) {
    throw new GatewayError("conflict", "another phone has this user name or number", "username");
  }
  if (number !== null && (await findPhoneNamed(db, orgId, number, id))) {
    throw new GatewayError("conflict", "another phone has this number or user name", "number");
  }
}

function checkClaim(number: PhoneChange["number"], by: NumberClaimant): void {
  if (!number?.startsWith("+") || by === undefined || by?.scopes.includes("operator")) return;
  const advice = "a telephone number is given by the gateway's operators; an extension is yours to choose";
  throw new GatewayError("forbidden", advice, "number", { reason: "missing-scope" });
}

function checkPassword(password: string | undefined): void {
  if (password !== undefined && password.length < leastPasswordLength) {
    throw new GatewayError("invalid-request", `has at least ${leastPasswordLength} characters`, "password");
  }
}

/** The members that are there. */
function defined(settings: Partial<PhoneSettings>): Partial<PhoneSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function toColumns(phone: PhoneSettings): Omit<PhoneRow, "id" | "org_id" | "password" | "created_at" | "updated_at"> {
  return {
    username: phone.username,
    number: phone.number,
    label: phone.label,
    may_call: phone.mayCall,
    enabled: phone.enabled ? 1 : 0,
  };
}

function toPhone(row: PhoneRow): Phone {
  return {
    id: row.id,
    orgId: row.org_id as OrgId,
    username: row.username,
    number: row.number as E164 | Extension | null,
    label: row.label,
    mayCall: row.may_call as Phone["mayCall"],
    enabled: row.enabled === 1,
  };
}
