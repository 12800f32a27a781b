import type { Clock } from "../../../kit/clock.ts";
import type { Logger } from "../../../kit/log.ts";
import { createChatCompletionsMind } from "../../ai/io/chat-completions.ts";
import { createChatWebhookMind } from "../../ai/io/chat-webhook.ts";
import { createLocalParts, sharedPocketSphinx } from "../../ai/io/local-parts.ts";
import { warmUpReceptionist } from "../../ai/io/local-warm-up.ts";
import { createOpenAiRealtimeSession } from "../../ai/io/openai-realtime-session.ts";
import { createOpenaiSpeech } from "../../ai/io/openai-speech.ts";
import { createOpenaiTranscription } from "../../ai/io/openai-transcription.ts";
import { createPipelineSession } from "../../ai/io/pipeline-session.ts";
import type { PocketSphinx } from "../../ai/io/pocketsphinx.ts";
import type { RealtimeDialect } from "../../ai/openai-realtime-dialect.ts";
import type { Mind, PipelineParts } from "../../ai/pipeline/parts.ts";
import type { AiSession, AiSessionOptions, AiSink } from "../../ai/session.ts";
import type { CallLeg } from "../../leg.ts";
import type { AgentSpec, CallPlan } from "../../protocol.ts";
import { toolCatalogue } from "../tools.ts";

/** What the process knows of the AI services; "" is unset. */
export interface ProviderSettings {
  readonly openaiApiKey: string;
  readonly openaiBaseUrl: string;
  readonly realtimeModel: string;
  readonly realtimeTranscriptionModel: string;
  readonly realtimeDialect: RealtimeDialect;
  readonly chatModel: string;
  /** `local`: PocketSphinx. */
  readonly sttModel: string;
  /** `local`: flite. */
  readonly ttsModel: string;
  /** Tools and webhooks may be at private addresses and plain http. */
  readonly allowPrivateTargets: boolean;
}

/** Makes the AI session of a call whose agent is known; the one place where a provider's name is looked at. */
export class AiProviders {
  readonly #settings: ProviderSettings;
  readonly #clock: Clock;
  readonly #recogniser: PocketSphinx | undefined;

  private constructor(settings: ProviderSettings, clock: Clock, recogniser: PocketSphinx | undefined) {
    this.#settings = settings;
    this.#clock = clock;
    this.#recogniser = recogniser;
  }

  /** Gets the local provider ready, so that no call waits for it, and says in the log what it can do here. */
  static async open(settings: ProviderSettings, clock: Clock, log: Logger): Promise<AiProviders> {
    const recogniser = await sharedPocketSphinx(log);
    void warmUpReceptionist(recogniser !== undefined);
    return new AiProviders(settings, clock, recogniser);
  }

  /** The session of one call; it connects when it is started. */
  create(plan: CallPlan, agent: AgentSpec, leg: CallLeg, sink: AiSink, log: Logger): AiSession {
    const { openaiBaseUrl, realtimeModel, realtimeTranscriptionModel, realtimeDialect } = this.#settings;
    const callLog = log.child({ callId: plan.callId });
    const options: AiSessionOptions = {
      callId: plan.callId,
      model: agent.model,
      voice: agent.voice,
      language: agent.language,
      instructions: agent.instructions,
      tools: toolCatalogue(agent.tools, agent.transfers),
      transferNames: agent.transfers.map(({ name }) => name),
      from: plan.from,
      to: plan.to,
      metadata: plan.metadata,
      legFormat: leg.inbound,
      turnDetection: agent.turn.detection ?? "local",
      apiKey: this.#keyOf(agent) || undefined,
      baseUrl: openaiBaseUrl,
      webhook: agent.webhook,
    };
    switch (agent.provider) {
      case "openai-realtime":
        return createOpenAiRealtimeSession(
          {
            ...options,
            model: agent.model ?? realtimeModel,
            transcriptionModel: realtimeTranscriptionModel,
            dialect: realtimeDialect,
          },
          sink,
          this.#clock,
          log,
        );
      case "local":
        return createPipelineSession(
          options,
          createLocalParts({ options, log, recogniser: this.#recogniser }),
          sink,
          this.#clock,
          callLog,
        );
      case "pipeline":
      case "chat-webhook":
        return createPipelineSession(options, this.#parts(options, agent, log), sink, this.#clock, callLog);
    }
  }

  /** Ears and voice by the settings, local ones where no service is set; the mind is the chat model or the customer. */
  #parts(options: AiSessionOptions, agent: AgentSpec, log: Logger): PipelineParts {
    const { openaiBaseUrl, sttModel, ttsModel } = this.#settings;
    const apiKey = this.#keyOf(agent);
    const service = { apiKey, baseUrl: openaiBaseUrl };
    const noService = apiKey === "" && new URL(openaiBaseUrl).hostname === "api.openai.com";
    const localEars = sttModel === "local" || noService;
    const localVoice = ttsModel === "local" || noService;
    const recogniser = this.#recogniser;
    const local = localEars || localVoice ? createLocalParts({ options, log, recogniser }) : undefined;
    const ears =
      local && localEars
        ? local.ears
        : createOpenaiTranscription({
            ...service,
            model: sttModel,
            language: options.language,
            legFormat: options.legFormat,
          });
    const voice =
      local && localVoice ? local.voice : createOpenaiSpeech({ ...service, model: ttsModel, voice: agent.voice });
    return { ears, voice, mind: this.#mind(agent) };
  }

  /** The customer's own key, else the gateway's; "": there is none. */
  #keyOf(agent: AgentSpec): string {
    return agent.providerKey ?? this.#settings.openaiApiKey;
  }

  #mind(agent: AgentSpec): Mind {
    const { openaiBaseUrl, chatModel, allowPrivateTargets } = this.#settings;
    const model = agent.model ?? chatModel;
    if (agent.provider !== "chat-webhook") {
      return createChatCompletionsMind({ apiKey: this.#keyOf(agent), baseUrl: openaiBaseUrl, model });
    }
    if (!agent.webhook) throw new Error("a chat-webhook agent has no webhook_url");
    const { url, secret } = agent.webhook;
    const nowS = (): number => Math.floor(this.#clock.wall() / 1000);
    return createChatWebhookMind({ url, secret, model, allowPrivate: allowPrivateTargets, nowS });
  }
}
