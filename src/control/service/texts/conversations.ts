import { GatewayError } from "../../../kit/errors.ts";
import type { OrgId } from "../../../kit/ids.ts";
import { type ConversationRow, findConversation, findOptOut, pageOfConversations } from "../../store/conversations.ts";
import type { Db } from "../../store/database.ts";
import { numberedPageOfConversations, numberedPageOfTexts } from "../../store/numbered-lists.ts";
import type { NumberedPage, NumberedPageRequest, Page, PageRequest } from "../../store/page.ts";
import { type Text, toText } from "./text.ts";

/** All texts between one of our numbers and one contact. */
export interface Conversation {
  readonly id: string;
  /** Ours, E.164. */
  readonly number: string;
  /** Theirs, as texts from there are kept. */
  readonly contact: string;
  /** Body of the newest text. */
  readonly lastMessage: string;
  readonly messageCount: number;
  readonly createdAt: number;
  /** When the newest text came or went. */
  readonly updatedAt: number;
}

/** A conversation with its newest texts. */
export interface ConversationDetail extends Conversation {
  /** The contact has said STOP: nothing can be sent. */
  readonly isOptedOut: boolean;
  /** The last 50, oldest first. */
  readonly texts: readonly Text[];
}

/** An answer in a conversation. */
export interface ConversationReply {
  readonly body: string;
  /** Given again within 24 hours it is the same text. */
  readonly idempotencyKey?: string;
}

/** The conversations of an organisation. */
export interface Conversations {
  /** The one with the newest text first. */
  list(filter: { readonly number?: string; readonly contact?: string }, page: PageRequest): Promise<Page<Conversation>>;
  /** The whole list by the number of its page, with how many conversations there are in all. */
  listPage(page: NumberedPageRequest): Promise<NumberedPage<Conversation>>;
  get(id: string): Promise<ConversationDetail>;
  /** All texts, newest first. */
  texts(id: string, page: PageRequest): Promise<Page<Text>>;
  /** The same list by the number of its page, with how many texts there are in all. */
  textsPage(id: string, page: NumberedPageRequest): Promise<NumberedPage<Text>>;
  /** Refuses with forbidden when the contact has said STOP. */
  reply(id: string, reply: ConversationReply): Promise<Text & { readonly isReplay: boolean }>;
}

/** Texts shown with a conversation. */
const shownTexts = 50;

/** What conversations need of the organisation's texts. */
interface ConversationTexts {
  texts(conversationId: string, page: PageRequest): Promise<Page<Text>>;
  send(conversation: Conversation, reply: ConversationReply): Promise<Text & { readonly isReplay: boolean }>;
}

export function createConversations(db: Db, orgId: OrgId, { texts, send }: ConversationTexts): Conversations {
  const find = async (id: string): Promise<Conversation> => {
    const row = await findConversation(db, orgId, id);
    if (!row) throw new GatewayError("not-found", "there is no such conversation");
    return toConversation(row);
  };
  return {
    list: async (filter, page) => {
      const { data, next } = await pageOfConversations(db, orgId, filter, page);
      return { data: data.map(toConversation), next };
    },
    listPage: async (page) => {
      const { data, total } = await numberedPageOfConversations(db, orgId, page);
      return { data: data.map(toConversation), total };
    },
    get: async (id) => {
      const conversation = await find(id);
      const { number, contact } = conversation;
      const optOut = await findOptOut(db, { orgId, number, contact });
      const { data } = await texts(id, { limit: shownTexts, after: undefined });
      return { ...conversation, isOptedOut: optOut?.opted_out === 1, texts: data.toReversed() };
    },
    texts: async (id, page) => {
      await find(id);
      return texts(id, page);
    },
    textsPage: async (id, page) => {
      await find(id);
      const { data, total } = await numberedPageOfTexts(db, orgId, id, page);
      return { data: data.map(toText), total };
    },
    reply: async (id, reply) => send(await find(id), reply),
  };
}

function toConversation(row: ConversationRow): Conversation {
  return {
    id: row.id,
    number: row.number,
    contact: row.contact,
    lastMessage: row.last_message,
    messageCount: row.message_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
