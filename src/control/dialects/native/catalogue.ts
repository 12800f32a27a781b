import { Type } from "@fastify/type-provider-typebox";
import { promptTemplates, templatesFor } from "../../service/agents/prompt-templates.ts";
import { defaultVoice, voices } from "../../service/agents/voices.ts";
import type { TypedApp } from "../shapes.ts";
import { strict, words } from "./shapes.ts";

const Text = Type.String();
const VoicesBody = Type.Object({
  data: Type.Array(Type.Object({ id: Text, name: Text, trait: Text, description: Text, best_for: Text })),
  default_voice: Text,
});
const TemplatesBody = Type.Object({
  data: Type.Array(
    Type.Object({
      id: Text,
      direction: words(["inbound", "outbound"]),
      title: Text,
      description: Text,
      recommended_voice: Text,
      max_duration_ms: Type.Integer(),
      first_message: Text,
      instructions: Text,
    }),
  ),
});
const TemplatesQuery = Type.Object({ direction: Type.Optional(words(["inbound", "outbound"])) }, strict);

/** `/voices` and `/prompt-templates`: what helps to set an agent up; nobody needs a key to read it. */
export function catalogueRoutes(app: TypedApp): void {
  const security: [] = [];
  app.get(
    "/voices",
    { schema: { operationId: "listVoices", tags: ["catalogue"], security, response: { 200: VoicesBody } } },
    async () => ({
      data: voices.map(({ bestFor, ...voice }) => ({ ...voice, best_for: bestFor })),
      default_voice: defaultVoice,
    }),
  );
  app.get(
    "/prompt-templates",
    {
      schema: {
        operationId: "listPromptTemplates",
        tags: ["catalogue"],
        security,
        querystring: TemplatesQuery,
        response: { 200: TemplatesBody },
      },
    },
    async ({ query: { direction } }) => ({
      data: (direction === undefined ? promptTemplates : templatesFor(direction)).map((one) => ({
        id: one.id,
        direction: one.direction,
        title: one.title,
        description: one.description,
        recommended_voice: one.recommendedVoice,
        max_duration_ms: one.maxDurationMs,
        first_message: one.firstMessage,
        instructions: one.systemPrompt,
      })),
    }),
  );
}
