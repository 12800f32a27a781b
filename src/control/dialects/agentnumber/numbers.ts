import { type Static, Type } from "@fastify/type-provider-typebox";
import { GatewayError } from "../../../kit/errors.ts";
import type { Persona } from "../../service/numbers/numbers.ts";
import { nullable, type TypedApp, words } from "../shapes.ts";
import { renderNumber } from "./render.ts";
import { IdParams, Metadata, PageQuery, readPage, sendPage, success } from "./shapes.ts";
import { answersIn, inboundModes } from "./words.ts";

const settings = {
  system_prompt: Type.String({ maxLength: 32_768 }),
  webhook_url: nullable(Type.String({ maxLength: 2048, description: "https://; null: the number is managed." })),
  voice_id: nullable(Type.String({ minLength: 1, maxLength: 100 })),
  first_message: nullable(Type.String({ maxLength: 2000 })),
  inbound_mode: words(Object.values(inboundModes)),
  metadata: Metadata,
  record: Type.Boolean(),
};
const ChangeNumberBody = Type.Partial(Type.Object(settings));
const CreateNumberBody = Type.Object({
  ...ChangeNumberBody.properties,
  area_code: Type.Optional(Type.String({ pattern: "^[0-9]{1,6}$" })),
  country: Type.Optional(Type.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166-1 alpha-2; US when not said." })),
});

/** What a webhook is told as `model`. */
const webhookModel = "custom";

/** `/numbers`: bought with an agent of their own, changed with it, released. */
export function numberRoutes(app: TypedApp): void {
  app.post("/api/v0/numbers", { schema: { body: CreateNumberBody } }, async ({ tenant, body }, reply) => {
    if (body.system_prompt === undefined && typeof body.webhook_url !== "string") {
      throw new GatewayError("invalid-request", "give system_prompt, or webhook_url", "system_prompt");
    }
    const { country, area_code: areaCode, metadata, inbound_mode = "autopilot" } = body;
    // The documents have recordings and no switch for them: calls are recorded unless somebody says otherwise.
    const persona = { ...readPersona(body), record: body.record ?? true };
    const order = { country, areaCode, metadata, persona, answers: answersIn[inbound_mode] };
    return reply.code(201).send(success(renderNumber(await tenant.numbers.buy(order))));
  });
  app.get("/api/v0/numbers", { schema: { querystring: PageQuery } }, async ({ tenant, query }, reply) =>
    sendPage(reply, await tenant.numbers.list({}, readPage(query)), query, renderNumber),
  );
  app.get("/api/v0/numbers/:id", { schema: { params: IdParams } }, async ({ tenant, params }) =>
    success(renderNumber(await tenant.numbers.get(params.id))),
  );
  app.patch(
    "/api/v0/numbers/:id",
    { schema: { params: IdParams, body: ChangeNumberBody } },
    async ({ tenant, params, body }) => {
      const { metadata, inbound_mode: mode } = body;
      const answers = mode && answersIn[mode];
      return success(
        renderNumber(await tenant.numbers.update(params.id, { metadata, answers, persona: readPersona(body) })),
      );
    },
  );
  app.delete("/api/v0/numbers/:id", { schema: { params: IdParams } }, async ({ tenant, params: { id } }) => {
    await tenant.numbers.release(id);
    return success({ id, deleted: true });
  });
}

/** The agent of a number's own; undefined: nothing of it is said. */
function readPersona(body: Static<typeof ChangeNumberBody>): Persona | undefined {
  const { system_prompt, first_message, voice_id, webhook_url, record } = body;
  const said = [system_prompt, first_message, voice_id, webhook_url, record].some((member) => member !== undefined);
  if (!said) return undefined;
  return {
    instructions: system_prompt,
    firstMessage: first_message,
    voice: voice_id,
    record,
    ...(webhook_url !== undefined && mindAt(webhook_url)),
  };
}

/** Who thinks: the customer's server, or the gateway's own model. */
function mindAt(webhookUrl: string | null): Persona {
  return webhookUrl === null
    ? { provider: null, model: null, webhookUrl }
    : { provider: "chat-webhook", model: webhookModel, webhookUrl };
}
