import { Type } from "@fastify/type-provider-typebox";
import { templatesFor } from "../../service/agents/prompt-templates.ts";
import { defaultVoice, voices } from "../../service/agents/voices.ts";
import { type TypedApp, words } from "../shapes.ts";
import { seconds, VoiceWord } from "./shapes.ts";

const tags = ["Voices and Prompt Templates"];
const Text = Type.String();
const VoicesBody = Type.Object({
  voices: Type.Array(Type.Object({ id: VoiceWord, name: Text, trait: Text, description: Text, bestFor: Text })),
  defaultVoice: VoiceWord,
});
const TemplatesQuery = Type.Object({
  direction: Type.Optional(words(["inbound", "outbound"], { description: "inbound unless said otherwise." })),
});
const TemplatesBody = Type.Object({
  templates: Type.Array(
    Type.Object({
      id: Text,
      title: Text,
      description: Text,
      recommendedVoice: VoiceWord,
      maxDurationSecs: Type.Integer(),
      firstMessage: Text,
      systemPrompt: Text,
    }),
  ),
});

/** What helps to set an agent up; nobody needs a key to read it. */
export function catalogueRoutes(app: TypedApp): void {
  app.get(
    "/v1/calls/voices",
    { schema: { tags, summary: "List the voices", security: [], response: { 200: VoicesBody } } },
    async () => ({ voices: [...voices], defaultVoice }),
  );
  app.get(
    "/v1/calls/prompt-templates",
    {
      schema: {
        tags,
        summary: "List prompt templates with [BRACKETED] places to fill in",
        security: [],
        querystring: TemplatesQuery,
        response: { 200: TemplatesBody },
      },
    },
    async ({ query: { direction = "inbound" } }) => ({
      templates: templatesFor(direction).map((one) => ({
        id: one.id,
        title: one.title,
        description: one.description,
        recommendedVoice: one.recommendedVoice,
        maxDurationSecs: seconds(one.maxDurationMs),
        firstMessage: one.firstMessage,
        systemPrompt: one.systemPrompt,
      })),
    }),
  );
}
